"""The tray on an old X11 desktop: pystray's icon under trayer, plyer's notifications with dunst."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from desktop import BusPeer, Desktop, FakeWatcher, old_desktop, trayer, wait_until
from running_daemon import Home, home
from simulator_process import simulator_process

from .fake_daemon import FakeDaemon, meter, notice

pytestmark = pytest.mark.desktop

WATER = (64, 170, 255)
EMAIL = "amara.farah@acme.test"
OLD = '[tray]\nbackend = "pystray"\n[notify]\nbackend = "plyer"\n'


@dataclass(slots=True)
class Tray:
    """A tray on a desktop, and what it says."""

    desktop: Desktop
    log: Path
    process: subprocess.Popen[bytes]

    def look(self) -> Image.Image:
        """What is on the screen now."""
        with Image.open(self.desktop.screenshot(self.log.parent / "look.png")) as picture:
            return picture.convert("RGB")

    def click(self, button: int) -> None:
        """Click the icon, once it stays where it is."""

        def at_rest() -> tuple[int, int] | None:
            first, second = water(self.look()), water(self.look())
            return first if first == second else None

        self.desktop.click(*wait_until(at_rest, "the icon is there"), button=button)


def colours(picture: Image.Image) -> set[Any]:
    return {colour for _, colour in picture.getcolors(1_000_000) or []}


def water(picture: Image.Image) -> tuple[int, int] | None:
    """The middle of the water in the icon, if there is any."""
    blue = picture.point(lambda value: value).convert("RGB")
    box = ImageChops.difference(blue, Image.new("RGB", blue.size, WATER)).convert("L").point(_is_zero).getbbox()
    return None if box is None else ((box[0] + box[2]) // 2, (box[1] + box[3]) // 2)


def _is_zero(value: int) -> int:
    return 255 if value == 0 else 0


@contextmanager
def tray(desktop: Desktop, folder: Path, config: Path, **environment: str) -> Iterator[Tray]:
    """A tray of this configuration; it must end well, and leave nothing behind."""
    log = folder / "tray.log"
    command = [sys.executable, "-m", "hexmeter_tray", "--config", str(config)]
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    with log.open("wb") as stderr:
        variables = {**desktop.environment, "TMPDIR": str(temporary), **environment}
        process = subprocess.Popen(command, env=variables, stderr=stderr)
    try:
        yield Tray(desktop, log, process)
    finally:
        process.terminate()
        code = process.wait(timeout=40)
    assert (code, log.read_text(), list(temporary.iterdir())) == (0, "", [])


def config_in(folder: Path, backends: str = OLD) -> Path:
    """A configuration with a socket, for a fake daemon."""
    config = folder / "config.toml"
    config.write_text(f'[api]\nsocket = "{folder}/api.sock"\n{backends}')
    return config


def displayed(desktop: Desktop, *more: str) -> int:
    """How many notifications dunst shows; `history`: or has shown."""
    counted = [
        subprocess.run(["dunstctl", "count", which], env=desktop.environment, capture_output=True, check=True).stdout
        for which in ("displayed", *more)
    ]
    return sum(map(int, counted))


def test_a_real_crossing_changes_the_icon_and_shows_one_notification(tmp_path: Path) -> None:
    plan = f'[plan]\ntimezone = "UTC"\ntier = "team"\n[watch]\nusers = ["{EMAIL}"]\n[poll]\nevery = "5s"\n'
    with ExitStack() as stack:
        hexs = stack.enter_context(simulator_process("--rate-limit", "none"))
        place: Home = stack.enter_context(home(tmp_path, hexs.base_url, "hxtp_sim_admin", plan + OLD))
        place.start()
        desktop = stack.enter_context(old_desktop())
        stack.enter_context(trayer(desktop))
        own = {name: place.variables()[name] for name in ("XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "HEX_TOKEN")}
        seen = stack.enter_context(tray(desktop, tmp_path, place.config, **own))
        wait_until(lambda: water(seen.look()), "the icon shows what is left", 30)
        assert displayed(desktop) == 0
        (now,) = place.ask("status", "--json").json["meters"]
        hexs.change("grow", email=EMAIL, credits=str(round(now["limit"] * 0.85 - now["used"], 2)))
        wait_until(lambda: displayed(desktop), "a notification is shown", 40)
        wait_until(lambda: water(seen.look()) is None, "the icon warns", 20)
        wait_until(lambda: deliveries(place) == [("used", "handed_over")], "it is confirmed", 20)
        for _ in range(3):
            place.ask("poll")
        assert displayed(desktop, "history") == 1
        assert deliveries(place) == [("used", "handed_over")]


def deliveries(place: Home) -> list[tuple[str, str]]:
    """The kind of each alert, and what became of it."""
    alerts = place.ask("alerts", "--json").json["alerts"]
    return [(alert["kind"], delivery["state"]) for alert in alerts for delivery in alert["deliveries"]]


def test_a_left_click_opens_hex(tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    program = tmp_path / "bin" / "xdg-open"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {opened}\n')
    program.chmod(0o755)
    with old_desktop() as desktop, trayer(desktop), FakeDaemon(tmp_path / "api.sock") as daemon:
        path = f"{program.parent}:{desktop.environment['PATH']}"
        with tray(desktop, tmp_path, config_in(tmp_path), PATH=path) as seen:
            seen.click(1)
            wait_until(opened.exists, "a left click opens Hex")
            seen.click(2)
            wait_until(lambda: daemon.polls == 1, "a middle click refreshes")
            seen.click(3)
    assert opened.read_text() == "https://app.hex.tech\n"


ORDERS = """
import threading
from PIL import Image
from hexmeter_tray.xicon import MendedIcon

for _ in range(12):
    offered, moment = threading.Event(), threading.Event()
    icon = MendedIcon(lambda side: Image.new("RGBA", (side, side)), lambda: "x", print, offered.set)
    living = threading.Thread(target=icon.live, daemon=True)
    living.start()
    offered.wait(20)
    icon.dock()
    for _ in range(60):  # spread over the time in which the panel takes it in
        moment.wait(0.001)
        icon.refresh()
    icon.end()
    living.join(5)
    print("hangs" if living.is_alive() else "ended")
"""


def test_orders_of_other_threads_never_make_the_icon_hang(tmp_path: Path) -> None:
    with old_desktop() as desktop, trayer(desktop):
        variables = {**desktop.environment, "PYSTRAY_BACKEND": "xorg"}
        ran = subprocess.run([sys.executable, "-c", ORDERS], env=variables, capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("ended\n" * 12, "")


def test_the_icon_comes_with_the_panel_and_returns_with_the_next(tmp_path: Path) -> None:
    with old_desktop() as desktop, FakeDaemon(tmp_path / "api.sock") as daemon:
        daemon.show(meters=[meter(label="Größe — 漢字")])
        with tray(desktop, tmp_path, config_in(tmp_path)) as seen:
            for _ in range(3):
                with trayer(desktop):
                    wait_until(lambda: water(seen.look()), "the icon is on the panel")
                    panel = seen.look()
                wait_until(lambda: water(seen.look()) is None, "the icon is gone with the panel")
    # Nothing around the icon is black: what is transparent shows the panel.
    x, y = water(panel) or (0, 0)
    assert (0, 0, 0) not in colours(panel.crop((x - 11, y - 14, x + 11, y + 8)))


def test_a_notice_of_any_words_is_shown_once(tmp_path: Path) -> None:
    with (
        old_desktop() as desktop,
        trayer(desktop),
        FakeDaemon(tmp_path / "api.sock") as daemon,
        tray(desktop, tmp_path, config_in(tmp_path)),
    ):
        daemon.deliver(notice(1, title="--help", body="-t 1 <b>&'$(true)"))
        wait_until(lambda: daemon.states(1) == ["handed_over"], "it is delivered")
        assert displayed(desktop) == 1
        subprocess.run(["dunstctl", "close-all"], env=desktop.environment, check=True)
        wait_until(lambda: not displayed(desktop), "it is closed")
        listed = subprocess.run(
            ["dunstctl", "history"], env=desktop.environment, capture_output=True, text=True, check=True
        )
    (shown,) = json.loads(listed.stdout)["data"][0]
    assert (shown["summary"]["data"], shown["body"]["data"]) == (" --help", " -t 1 &lt;b&gt;&amp;'$(true)")


def test_the_end_of_the_x_server_ends_it_with_one_line(tmp_path: Path) -> None:
    with ExitStack() as stack:
        daemon = stack.enter_context(FakeDaemon(tmp_path / "api.sock"))
        with old_desktop() as desktop, trayer(desktop):
            log = tmp_path / "tray.log"
            # Its session bus outlives the X server.
            command = [sys.executable, "-m", "hexmeter_tray", "--config", str(config_in(tmp_path))]
            with log.open("wb") as stderr:
                environment = {k: v for k, v in desktop.environment.items() if k != "DBUS_SESSION_BUS_ADDRESS"}
                process = subprocess.Popen(command, env=environment, stderr=stderr)
            stack.callback(process.wait)
            stack.callback(process.kill)
            daemon.deliver(notice(1))
            wait_until(lambda: daemon.states(1) == ["pending"], "without a bus nothing is shown, and all waits")
        assert process.wait(timeout=40) == 1
    lines = log.read_text().splitlines()
    assert lines[-1].startswith("hexmeter-tray: the X display went away")
    assert not any("Traceback" in line for line in lines)


def test_left_to_choose_it_shows_one_icon_on_whichever_panel_comes_and_changes_over(tmp_path: Path) -> None:
    with (
        old_desktop() as desktop,
        FakeDaemon(tmp_path / "api.sock") as daemon,
        BusPeer(desktop.bus_address) as peer,
        tray(desktop, tmp_path, config_in(tmp_path, "")) as seen,
    ):
        wait_until(lambda: has_sni_item(peer, seen.process.pid), "the tray is there, and no panel")
        with trayer(desktop):
            wait_until(lambda: water(seen.look()), "the icon is on the panel that came later")
            with FakeWatcher(desktop.bus_address) as watcher:
                assert watcher.item().menu_labels()[0] == "Grant 27.5 of 40 left"
                wait_until(lambda: water(seen.look()) is None, "the old panel shows it no more")
            wait_until(lambda: water(seen.look()), "the old panel shows it again")
            assert len(watcher.registered) == 1
        with FakeWatcher(desktop.bus_address) as watcher:
            watcher.item()
            with trayer(desktop):
                daemon.deliver(notice(1))
                wait_until(lambda: daemon.states(1) == ["handed_over"], "it is delivered")
                assert displayed(desktop) == 1
                assert water(seen.look()) is None


def has_sni_item(peer: BusPeer, pid: int) -> bool:
    """Whether this process offers an item to panels."""
    return peer.has_owner(f"org.kde.StatusNotifierItem-{pid}-1")


def which(desktop: Desktop, config: Path, **environment: str) -> dict[str, Any]:
    """What `hexmeter-tray --which --json` says."""
    command = [sys.executable, "-m", "hexmeter_tray", "--config", str(config), "--which", "--json"]
    variables = {name: value for name, value in {**desktop.environment, **environment}.items() if value}
    said = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=30, check=False)
    assert said.stderr == ""
    document = json.loads(said.stdout)
    assert isinstance(document, dict)
    return document


def test_which_says_what_is_used_and_why(tmp_path: Path) -> None:
    config = config_in(tmp_path, "")
    with old_desktop() as desktop:
        without = which(desktop, config)
        assert (without["tray"]["backend"], without["notify"]["backend"]) == ("sni", "dbus")
        assert "no tray host" in without["tray"]["problem"]
        with trayer(desktop):
            said = which(desktop, config)
            doctor = [sys.executable, "-m", "hexmeter", "--config", str(config), "doctor", "--json"]
            looked = subprocess.run(doctor, env=desktop.environment, capture_output=True, text=True, check=False)
            alone = which(desktop, config, DBUS_SESSION_BUS_ADDRESS="")
    assert said["tray"] == {
        "backend": "pystray",
        "reason": "the panel shows XEmbed icons and no StatusNotifierItem icons",
        "problem": None,
    }
    assert (said["notify"]["backend"], said["notify"]["problem"]) == ("dbus", None)
    assert said["notify"]["service"].startswith("dunst")
    found = {check["name"]: check for check in json.loads(looked.stdout)["checks"]}
    assert (found["tray"]["state"], found["notifications"]["state"]) == ("ok", "ok")
    assert found["tray"]["message"].startswith("pystray: the panel shows XEmbed icons")
    assert (alone["tray"]["backend"], alone["notify"]["backend"]) == ("pystray", "plyer")
    assert "warnings wait" in alone["notify"]["problem"]
