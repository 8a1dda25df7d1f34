"""What the doctor says of a home that is in order, and of what is more than one broken state."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from running_daemon import Ran

from .conftest import DOCTOR, EVERYONE, Broken, plan


def test_the_doctor_needs_nothing_at_all(tmp_path: Path) -> None:
    """No configuration, token, network, daemon, display or home of its own."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "hexmeter", DOCTOR]
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "")
    assert "FAILURE token" in done.stdout
    assert "try: run hexmeter setup" in done.stdout


def test_the_doctor_gives_each_fault_of_the_configuration_a_line(broken: Broken) -> None:
    broken.write("[plan]\nreset_day = 40\n[poll]\nevry = '5m'\nrequests_per_hour = 0\n")
    found = [one for one in broken.home.ask(DOCTOR, "--json").json["checks"] if one["name"] == "config"]
    assert [one["message"].split(":")[1] for one in found] == ["4", "6", "7"]
    assert [one["mend"] for one in found] == [None, None, "mend the file: hexmeter config check"]


PORTS = "[metrics]\nlisten = '127.0.0.1:{metrics}'\n[dashboard]\nport = {dashboard}\nenabled = {enabled}\n"


@pytest.mark.parametrize("running", [False, True], ids=["no daemon", "a daemon"])
@pytest.mark.parametrize("enabled", ["true", "false"], ids=["kept open", "opened on request"])
def test_the_doctor_sees_ports_that_another_program_has(broken: Broken, running: bool, enabled: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        metrics, dashboard = one.getsockname()[1], other.getsockname()[1]
        broken.write(plan() + EVERYONE + PORTS.format(metrics=metrics, dashboard=dashboard, enabled=enabled))
        if running:
            broken.home.start()
        taken = ports_in(broken.home.ask(DOCTOR, "--json"))
        assert taken == {
            "metrics": ("warning", f"127.0.0.1:{metrics} cannot be used: Address already in use"),
            "dashboard": ("warning", f"127.0.0.1:{dashboard} cannot be used: Address already in use"),
        }
    free = {name: said for name, (_, said) in ports_in(broken.home.ask(DOCTOR, "--json")).items()}
    late = " now, and the daemon does not listen there" if running else ""
    assert free == {
        "metrics": f"127.0.0.1:{metrics} is free{late}",
        "dashboard": f"127.0.0.1:{dashboard} is free{late if enabled == 'true' else ''}",
    }
    if running:
        assert broken.home.ask("reload").code == 0
        assert ports_in(broken.home.ask(DOCTOR, "--json"))["metrics"] == (
            "ok", f"the daemon listens on 127.0.0.1:{metrics}",
        )  # fmt: skip
        assert broken.home.ask("dashboard", "--print").code == 0
        assert ports_in(broken.home.ask(DOCTOR, "--json"))["dashboard"] == (
            "ok", f"the daemon listens on 127.0.0.1:{dashboard}",
        )  # fmt: skip
        assert broken.home.ask("dashboard", "--close").code == 0
        assert "dashboard" not in broken.home.client.get("/v1/status")["ports"]


def test_the_doctor_blames_nobody_for_ports_that_a_daemon_may_have_which_does_not_answer(broken: Broken) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.socket(socket.AF_UNIX) as stopped:
        port = one.getsockname()[1]
        broken.write(plan() + EVERYONE + PORTS.format(metrics=port, dashboard=port, enabled="true"))
        broken.home.socket.parent.mkdir(mode=0o700)
        stopped.bind(str(broken.home.socket))
        stopped.listen(0)
        with socket.socket(socket.AF_UNIX) as waiting:
            waiting.connect(str(broken.home.socket))
            found = {check["name"]: check["state"] for check in broken.home.ask(DOCTOR, "--json").json["checks"]}
    assert found["daemon"] == "failure"
    assert not {"metrics", "dashboard"} & set(found)


def ports_in(doctor: Ran) -> dict[str, tuple[str, str]]:
    """The state and message of each port that it looked at."""
    found = {one["name"]: (one["state"], one["message"]) for one in doctor.json["checks"]}
    return {name: found[name] for name in ("metrics", "dashboard")}


def test_all_is_well_with_a_daemon(broken: Broken) -> None:
    broken.home.start()
    assert broken.home.ask("poll").code == 0
    ran = broken.home.ask(DOCTOR, "--json")
    checks = {one["name"]: one for one in ran.json["checks"]}
    states = {name: one["state"] for name, one in checks.items()}
    shown = broken.home.ask("status").out.splitlines()[0]
    assert shown.endswith(f" · as of {checks['polling']['message'].removeprefix('the last poll was good, ')}")
    assert (ran.code, {name for name, state in states.items() if state != "ok"}) == (0, {"tray", "notifications"})
    assert {"config", "token", "hex", "role", "expiry", "database", "space", "rate", "daemon", "polling"} <= set(states)


def test_the_doctor_suggests_the_reset_day_that_fits_what_hex_showed(broken: Broken) -> None:
    """24 credits of an hour ago are not in a period that the user's own page says is empty so far."""
    broken.write("[plan]\ntier = 'team'\ntimezone = 'UTC'\nreset_day = 1\n" + EVERYONE)
    broken.home.start()
    assert broken.home.ask("calibrate", "grant:ed@acme.test", "--used", "24").code == 0
    assert "would" not in broken.home.ask(DOCTOR).out


def test_following_the_doctor_mends_a_damaged_database(broken: Broken) -> None:
    """After a clean stop the daemon reads through no database, so that the way back is a person's."""
    broken.once()
    with broken.home.database.open("r+b") as file:
        file.seek(4096 + 8)
        file.write(b"\xa5" * 2)  # Where the second page's first cell is.
    check = database_in(broken.home.ask(DOCTOR, "--json"))
    said, way = check["mend"].split(": ", 1)
    assert (check["state"], said) == ("failure", "stop the daemon, then")
    subprocess.run(["sh", "-c", way], check=True)
    broken.once()
    assert database_in(broken.home.ask(DOCTOR, "--json"))["state"] == "ok"
    broken.home.assert_sums()


def database_in(doctor: Ran) -> dict[str, str]:
    """What it says of the database."""
    (found,) = [one for one in doctor.json["checks"] if one["name"] == "database"]
    return dict(found)
