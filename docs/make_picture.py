"""Take the README's pictures: the real product on a virtual desktop, watching a simulated Hex.

Run from the checkout, with the test environment and Debian's xterm and xfce4-notifyd, which draws the buttons that
dunst keeps in a menu: .venv/bin/python docs/make_picture.py
"""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from desktop import BusPeer, Desktop, real_desktop, wait_until  # noqa: E402 (the path is set above)
from simulator_process import simulator_process  # noqa: E402

PANEL_HEIGHT = 30
ALERT_BELOW_PANEL = 167
WARNED, PROMPTED = "amara.farah@acme.test", "ida.krueger@acme.test"
CONFIG = """\
[hex]
base_url = "{base_url}"
[plan]
tier = "team"
timezone = "Europe/Berlin"
reset_day = {reset_day}
# Larger seats, so that on no day one of them is near a limit of their own.
[plan.grants]
"ida.krueger@acme.test" = 60
"femke.nagy@acme.test" = 60
"ada.sato@acme.test" = 60
[watch]
users = ["amara.farah@acme.test", "ida.krueger@acme.test", "femke.nagy@acme.test", "ada.sato@acme.test"]
[poll]
every = "5s"
requests_per_minute = 600
[storage]
path = "hexmeter.db"
[api]
socket = "api.sock"
"""
NOTIFYD = """\
<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-notifyd" version="1.0">
  <property name="notify-location" type="uint" value="3"/>
  <property name="initial-opacity" type="double" value="1.0"/>
</channel>
"""


def main(folder: Path) -> None:
    """Save the pictures to `folder`: all of it on a dark panel, and an alert's menu on a light one."""
    take(folder / "hexmeter.png", dark=True)
    take(folder / "tray-light.png", dark=False)


def take(target: Path, *, dark: bool) -> None:
    """Save one picture."""
    now = datetime.now(UTC)
    # A month that began three weeks ago, whatever the day.
    since = datetime.fromtimestamp(now.timestamp() - 21 * 86_400, UTC).replace(hour=0, minute=0, second=0)
    near = ["--near-limit", WARNED, "--grant", "40", "--since", since.strftime("%Y-%m-%dT00:00:00Z")]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="picture-")))
        simulator = stack.enter_context(simulator_process(*near, "--rate-limit", "none"))
        desktop = stack.enter_context(real_desktop(1000, 700 if dark else 580, dark=dark, services=dark))
        if not dark:
            start_notifyd(stack, desktop)
        config = folder / "config.toml"
        config.write_text(CONFIG.format(base_url=simulator.base_url, reset_day=since.day), encoding="utf-8")
        command = [sys.executable, "-m", "hexmeter", "--config", str(config)]
        environ = {**desktop.environment, "HEX_TOKEN": "hxtp_sim_admin"}
        start(stack, [*command, "daemon"], environ)
        wait_until(lambda: status(command, environ)["meters"], "the first poll", 20)
        bare = look(desktop, folder)
        start(stack, [sys.executable, "-m", "hexmeter_tray", "--config", str(config)], environ)
        panel = (0, 0, bare.width, PANEL_HEIGHT)
        icon = wait_until(lambda: changed(bare.crop(panel), look(desktop, folder).crop(panel)), "the icon", 20)
        for email, credits in ((PROMPTED, "1.1"), (WARNED, "2.4")):
            simulator.change("grow", email=email, credits=credits)
        wait_until(lambda: changed(bare, look(desktop, folder), below=200), "the notification", 40)
        if dark:
            plain = look(desktop, folder)
            start(stack, terminal(" ".join(command)), environ)
            wait_until(lambda: changed(plain, look(desktop, folder)), "the terminal", 20)
            wait_until(lambda: at_rest(desktop, folder), "the terminal has drawn")
        desktop.click(icon[0] + 11, PANEL_HEIGHT // 2, button=3)
        wait_until(lambda: at_rest(desktop, folder), "the menu has drawn")
        if not dark:
            # The line of the alert, below six of figures: what can be done about it.
            desktop.click(icon[0] - 200, PANEL_HEIGHT + ALERT_BELOW_PANEL)
            wait_until(lambda: at_rest(desktop, folder), "the menu of the alert has drawn")
        save(desktop.screenshot(folder / "picture.png"), target)


def save(picture: Path, target: Path) -> None:
    """Save a picture with a palette: smaller, and no different to the eye."""
    with Image.open(picture) as seen:
        seen.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(target, optimize=True)


def status(command: list[str], environ: dict[str, str]) -> dict[str, Any]:
    """The status, or one without meters while there is none."""
    answer = subprocess.run([*command, "status", "--json"], env=environ, capture_output=True, text=True, check=False)
    document: dict[str, Any] = json.loads(answer.stdout) if answer.returncode == 0 else {"meters": []}
    return document


def terminal(command: str) -> list[str]:
    """An xterm that shows `hexmeter status`, and a prompt."""
    script = f'clear; printf "$ hexmeter status\\n"; {command} status; printf "\\n$ "; read -r _'
    look = ["-fa", "DejaVu Sans Mono", "-fs", "9", "-bg", "#14202b", "-fg", "#dfe7ee", "-geometry", "121x12+12+402"]
    return ["xterm", *look, "-e", "sh", "-c", script]


def start(stack: ExitStack, command: list[str], environ: dict[str, str]) -> None:
    """Start a program that ends with the picture."""
    process = subprocess.Popen(command, env={**os.environ, **environ})
    stack.callback(process.wait)
    stack.callback(process.terminate)


def start_notifyd(stack: ExitStack, desktop: Desktop) -> None:
    """Have Xfce's own notifications, in the lower right corner."""
    channels = Path(desktop.environment["XDG_CONFIG_HOME"], "xfce4/xfconf/xfce-perchannel-xml")
    (channels / "xfce4-notifyd.xml").write_text(NOTIFYD, encoding="utf-8")
    (program,) = Path("/usr/lib").glob("*/xfce4/notifyd/xfce4-notifyd")
    start(stack, [str(program)], desktop.environment)
    peer = stack.enter_context(BusPeer(desktop.bus_address))
    wait_until(lambda: peer.has_owner("org.freedesktop.Notifications"), "xfce4-notifyd", 20)


def look(desktop: Desktop, folder: Path) -> Image.Image:
    """What is on the screen now."""
    with Image.open(desktop.screenshot(folder / "look.png")) as picture:
        return picture.convert("RGB")


def changed(before: Image.Image, now: Image.Image, below: int = 0) -> tuple[int, int, int, int] | None:
    """The box in which two looks differ, below a height."""
    return ImageChops.difference(before, now).crop((0, below, *now.size)).getbbox()


def at_rest(desktop: Desktop, folder: Path) -> bool:
    """Whether nothing moves on the screen."""
    looks = [look(desktop, folder).tobytes() for _ in range(4)]
    return len(set(looks)) == 1


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs")
