"""Service files: what systemd itself says of them, and that installing twice, or over somebody's file, does no harm."""

import json
import os
import plistlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hexmeter.cli import service, units
from hexmeter.cli.main import main
from hexmeter.cli.units import MARK, Service, launchd_agents, system_unit, user_unit
from running_daemon import Home

from .test_commands import assert_one_message

PROGRAM = ["/usr/bin/env", "--", "hexmeter"]
WORST = 1.3
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")

UNITS = [
    pytest.param(user_unit(Service(PROGRAM)), True, id="user"),
    pytest.param(user_unit(Service(PROGRAM, starts_programs=True)), True, id="user with a token command"),
    pytest.param(system_unit(Service(PROGRAM)), False, id="system"),
    pytest.param(system_unit(Service(PROGRAM, group="root")), False, id="system with a group"),
]

NEEDS_NAMESPACES = (
    *("ProtectSystem", "ProtectHome", "ProtectProc", "ProcSubset", "ProtectKernel", "ProtectControlGroups"),
    *("ProtectClock", "ProtectHostname", "PrivateTmp", "PrivateDevices", "PrivateMounts", "PrivateUsers"),
    *("ReadWritePaths", "CapabilityBoundingSet", "RemoveIPC", "DynamicUser"),
)
"""What user managers ignore, or cannot do without namespaces."""


def analyze(folder: Path, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    unit = folder / "hexmeter.service"
    unit.write_text(text)
    environ = {**os.environ, "XDG_RUNTIME_DIR": str(folder)}
    return subprocess.run(["systemd-analyze", *words, str(unit)], capture_output=True, text=True, env=environ)


@needs_systemd
@pytest.mark.parametrize(("text", "is_users"), UNITS)
def test_systemd_finds_no_fault(tmp_path: Path, text: str, is_users: bool) -> None:
    checked = analyze(tmp_path, text, *(["--user"] if is_users else []), "verify")
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


@needs_systemd
@pytest.mark.parametrize("group", [None, "root"])
def test_the_system_unit_is_exposed_little(tmp_path: Path, group: str | None) -> None:
    told = analyze(tmp_path, system_unit(Service(PROGRAM, group=group)), "security", "--offline=true")
    exposure = told.stdout.rpartition("service: ")[2].split()[0]
    assert float(exposure) <= WORST, told.stdout


def test_the_user_unit_claims_nothing_that_its_manager_ignores() -> None:
    for text in (user_unit(Service(PROGRAM)), user_unit(Service(PROGRAM, starts_programs=True))):
        claimed = {line.partition("=")[0] for line in text.splitlines() if "=" in line}
        assert [name for name in claimed if name.startswith(NEEDS_NAMESPACES)] == []


@pytest.mark.parametrize(("text", "is_users"), UNITS)
def test_it_says_when_it_is_ready_and_is_not_restarted_over_what_a_person_must_mend(text: str, is_users: bool) -> None:
    for line in ("Type=notify", "WatchdogSec=180", "Restart=on-failure", "RestartPreventExitStatus=2 4"):
        assert line in text.splitlines()


def test_a_newer_systemd_waits_longer_after_each_failure() -> None:
    assert "RestartSteps" not in user_unit(Service(PROGRAM, systemd=252))
    assert "RestartMaxDelaySec=10min" in user_unit(Service(PROGRAM, systemd=254))


@needs_systemd
def test_odd_paths_are_written_as_systemd_reads_them(tmp_path: Path) -> None:
    program = tmp_path / "a b 50% $HOME"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    text = user_unit(Service([str(program), "--config", '/a "b" 50% $HOME']))
    assert analyze(tmp_path, text, "--user", "verify").stderr == ""
    assert '"/a \\"b\\" 50%% $$HOME" daemon' in text


def test_launchd_reads_the_agents_back() -> None:
    home = Path("/Users/ed")
    agents = {path: plistlib.loads(content) for path, content in launchd_agents(["/opt/hexmeter"], ["/opt/tray"], home)}
    assert [path.name for path in agents] == ["tech.hexmeter.daemon.plist", "tech.hexmeter.tray.plist"]
    known = {
        "Label": str, "ProgramArguments": list, "RunAtLoad": bool, "KeepAlive": dict, "ThrottleInterval": int,
        "ProcessType": str, "StandardErrorPath": str, "Umask": int, "LimitLoadToSessionType": str,
    }  # fmt: skip
    for path, agent in agents.items():
        assert path.parent == home / "Library" / "LaunchAgents"
        assert {name: type(value) for name, value in agent.items()} == {name: known[name] for name in agent}
    assert next(iter(agents.values()))["ProgramArguments"] == ["/opt/hexmeter", "daemon"]


def unit_of(home: Home) -> Path:
    return home.folder / "config" / "systemd" / "user" / "hexmeter.service"


def autostart_of(home: Home) -> Path:
    return home.folder / "config" / "autostart" / "hexmeter-tray.desktop"


def test_installing_twice_changes_nothing_and_removing_leaves_nothing(admins: Home) -> None:
    first = admins.ask("service", "install", "--tray")
    assert (first.code, first.err) == (0, "")
    assert f"{unit_of(admins)}: written" in first.out
    assert "To start it: systemctl --user enable --now hexmeter.service" in first.out
    before = unit_of(admins).read_text(), autostart_of(admins).read_text()
    second = admins.ask("service", "install", "--tray")
    assert f"{unit_of(admins)}: is up to date" in second.out
    assert (unit_of(admins).read_text(), autostart_of(admins).read_text()) == before
    assert "service: installed" in admins.ask("service", "status").out
    assert admins.ask("service", "uninstall").code == 0
    assert not unit_of(admins).exists()
    assert not autostart_of(admins).exists()
    assert admins.ask("service", "uninstall").code == 0
    assert "service: not installed" in admins.ask("service", "status").out


def test_what_is_printed_is_what_is_installed(admins: Home) -> None:
    admins.ask("service", "install")
    assert admins.ask("service", "print").out == unit_of(admins).read_text()
    assert admins.ask("service", "print", "--system").out.startswith(MARK)


@pytest.mark.parametrize("verb", ["install", "uninstall"])
def test_somebody_elses_unit_is_left_alone(admins: Home, verb: str) -> None:
    unit_of(admins).parent.mkdir(parents=True)
    unit_of(admins).write_text("[Service]\nExecStart=/bin/true\n")
    ran = admins.ask("service", verb)
    assert_one_message(ran)
    assert (ran.code, "was not written by Hexmeter, and is left alone" in ran.err) == (1, True)
    assert unit_of(admins).read_text() == "[Service]\nExecStart=/bin/true\n"


def test_another_configuration_is_a_service_of_its_own(admins: Home) -> None:
    other = admins.folder / "other.toml"
    other.write_text(admins.config.read_text())
    assert admins.ask("service", "install", "--config", str(other)).code == 0
    [unit] = unit_of(admins).parent.iterdir()
    assert unit.name.startswith("hexmeter-")
    assert f"--config {other} daemon" in unit.read_text()


def test_a_service_that_could_not_start_is_not_installed(admins: Home) -> None:
    admins.config.write_text("[plan]\ntier = 'gold'\n")
    assert admins.ask("service", "install").code == 2
    assert not unit_of(admins).exists()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a system service's files go, instead of /etc, for a user who is root."""
    etc = tmp_path / "etc"
    etc.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(sys, "executable", "/usr/bin/env")
    monkeypatch.setattr(units, "SYSTEM_CONFIG", etc / "config.toml")
    monkeypatch.setattr(units, "SYSTEM_TOKEN", etc / "token")
    monkeypatch.setattr(service, "_SYSTEM_FOLDER", tmp_path)
    return etc


def test_a_system_service_is_installed_once_its_token_is_there_for_root_alone(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def install() -> str:
        return "done" if main(["service", "install", "--system", "--no-start"]) == 0 else capsys.readouterr().err

    assert f"there is no token at {machine / 'token'}" in install()
    (machine / "token").write_text("hxtw_x")
    (machine / "token").chmod(0o640)
    assert f"try: make it root's alone: chmod 600 {machine / 'token'}" in install()
    (machine / "token").chmod(0o600)
    assert install() == "done"
    assert f"LoadCredential=hex-token:{machine / 'token'}" in (machine.parent / "hexmeter.service").read_text()


def test_a_system_service_is_not_run_by_a_python_in_somebodys_home(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As an environment in /opt that was made from a Python that a user installed."""
    (machine / "python").symlink_to("/home/ed/.local/bin/python3")
    monkeypatch.setattr(sys, "executable", str(machine / "python"))
    assert main(["service", "install", "--system", "--no-start"]) == 1
    assert "cannot run /home/ed/.local/bin/python3, which is in somebody's home" in capsys.readouterr().err
    assert list(machine.iterdir()) == [machine / "python"]


def test_a_running_manager_is_asked_to_start_it(admins: Home) -> None:
    """systemctl is a stand-in that writes down what it is asked: no test may touch this machine's services."""
    programs = admins.folder / "programs"
    programs.mkdir()
    asked = admins.folder / "asked"
    (programs / "systemctl").write_text(f'#!/bin/sh\necho "$@" >> {asked}\necho "systemd 255"\n')
    (programs / "systemctl").chmod(0o755)
    (admins.folder / "run" / "systemd").mkdir()
    (admins.folder / "run" / "systemd" / "private").touch()
    admins.environ["PATH"] = f"{programs}:{os.environ['PATH']}"
    ran = admins.ask("service", "install")
    assert (ran.code, "hexmeter.service: enabled and started" in ran.out) == (0, True)
    assert "RestartSteps=6" in unit_of(admins).read_text()
    calls = [line for line in asked.read_text().splitlines() if line != "--version"]
    assert calls == ["--user daemon-reload", "--user enable --now hexmeter.service"]
    (programs / "systemctl").write_text("#!/bin/sh\necho 'Unit is masked.' >&2\nexit 1\n")
    failed = admins.ask("service", "install")
    assert_one_message(failed)
    assert (failed.code, "daemon-reload failed: Unit is masked." in failed.err) == (1, True)


def test_every_setting_of_a_system_service_is_a_good_configuration(admins: Home) -> None:
    from hexmeter.cli.units import SYSTEM_SOCKET, system_config

    for group in (None, "hexmeter"):
        admins.config.write_text(system_config(group))
        shown = admins.ask("config", "show", "--json")
        values = {one["key"]: one["value"] for one in json.loads(shown.out)["settings"]}
        assert (values["api.socket"], values["api.group"]) == (SYSTEM_SOCKET, group)
