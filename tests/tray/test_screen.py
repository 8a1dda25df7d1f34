"""The tray on a real panel, seen by its pixels. HEXMETER_SCREENSHOTS names a folder to keep the pictures in."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from desktop import Desktop, real_desktop, wait_until

from .fake_daemon import FakeDaemon, current, meter, notice

pytestmark = pytest.mark.desktop

PANEL_HEIGHT = 30
WATER = (64, 170, 255)
POOL = meter(id="pool", kind="pool", label="Add-on pool", limit=500.0, used=96.0, remaining=404.0, bound="estimated")
TROUBLED_POOL = {
    **POOL,
    "used": 404.0,
    "remaining": 96.0,
    "state": "warning",
    "forecast": {"exhaust_at": "2199-11-28T10:00:00Z", "probability": 0.9},
}

Box = tuple[int, int, int, int]


class Screen:
    """A desktop with a tray on it."""

    def __init__(self, desktop: Desktop, daemon: FakeDaemon, pictures: Path) -> None:
        self.desktop = desktop
        self.daemon = daemon
        self._pictures = pictures
        self._counted = 0

    def look(self) -> Image.Image:
        """What is on the screen now."""
        self._counted += 1
        with Image.open(self.desktop.screenshot(self._pictures / f"look-{self._counted}.png")) as picture:
            return picture.convert("RGB")

    def wait_for_change(self, before: Image.Image, what: str, *, below_panel: bool = False) -> Box:
        """Where the screen differs from `before`, as soon as it does and has come to rest."""

        def changed() -> Box | None:
            now = self.look()
            if ImageChops.difference(now, self.look()).getbbox():
                return None
            difference = ImageChops.difference(before, now)
            top = PANEL_HEIGHT + 4 if below_panel else 0
            box = difference.crop((0, top, *difference.size)).getbbox()
            return box and (box[0], box[1] + top, box[2], box[3] + top)

        return wait_until(changed, what, 30) or (0, 0, 0, 0)

    def wait_for_icon(self, empty: Image.Image) -> Box:
        """Where the icon is, once it shows the figures: until they come it is another."""
        wait_until(lambda: WATER in colours(self.look()), "the icon shows what is left", 30)
        return self.wait_for_change(empty, "the icon is on the panel")

    def save(self, name: str) -> None:
        """Keep a picture of the screen where somebody asked for it."""
        folder = os.environ.get("HEXMETER_SCREENSHOTS")
        if folder:
            self.desktop.screenshot(Path(folder, name))


@contextmanager
def screen(folder: Path, *, dark: bool) -> Iterator[tuple[Screen, Image.Image]]:
    """A panel before and after a tray came: what was there before is the second value."""
    config = folder / "config.toml"
    config.write_text(f'[api]\nsocket = "{folder}/api.sock"\n')
    with real_desktop(dark=dark) as desktop, FakeDaemon(folder / "api.sock") as daemon:
        daemon.status = current(meters=[meter(), POOL])
        seen = Screen(desktop, daemon, folder)
        empty = seen.look()
        command = [sys.executable, "-m", "hexmeter_tray", "--config", str(config)]
        tray = subprocess.Popen(command, env=desktop.environment)
        try:
            yield seen, empty
        finally:
            tray.terminate()
            assert tray.wait(timeout=10) == 0


def colours(picture: Image.Image) -> set[Any]:
    return {colour for _, colour in picture.getcolors(1_000_000) or []}


def centre(box: Box) -> tuple[int, int]:
    return (box[0] + box[2]) // 2, (box[1] + box[3]) // 2


@pytest.mark.parametrize("dark", [True, False], ids=["dark panel", "light panel"])
def test_the_icon_shows_and_a_right_click_opens_the_menu(tmp_path: Path, dark: bool) -> None:
    name = "dark" if dark else "light"
    with screen(tmp_path, dark=dark) as (seen, empty):
        icon = seen.wait_for_icon(empty)
        assert icon[3] <= PANEL_HEIGHT
        assert 18 <= icon[3] - icon[1] <= 24
        counted = seen.look().crop(icon).getcolors(1000) or []
        assert sum(count for count, colour in counted if colour == WATER) >= 60
        seen.save(f"tray-{name}.png")

        without_menu = seen.look()
        seen.desktop.click(*centre(icon), button=3)
        menu = seen.wait_for_change(without_menu, "the menu is open", below_panel=True)
        assert menu[2] - menu[0] > 150
        assert menu[3] - menu[1] > 100
        seen.save(f"tray-{name}-menu.png")
        seen.desktop.key("Escape")
        seen.desktop.point(100, 300)
        wait_until(lambda: not ImageChops.difference(without_menu, seen.look()).getbbox(), "the menu is closed")


def test_the_icon_changes_with_the_figures_and_a_notice_pops_up(tmp_path: Path) -> None:
    with screen(tmp_path, dark=True) as (seen, empty):
        icon = seen.wait_for_icon(empty)
        before = seen.look()
        seen.daemon.show(meters=[meter(), TROUBLED_POOL])
        seen.wait_for_change(before, "the icon warns")
        assert WATER not in colours(seen.look().crop(icon))
        before = seen.look()
        seen.daemon.alert({"id": 7, "title": "Add-on pool: 80 % used", "severity": "warning"})
        seen.daemon.deliver(
            notice(1, title="Add-on pool: 80 % used", body="96 of 500 left. At this pace they end Thu 28 Nov.")
        )
        seen.wait_for_change(before, "the notice pops up", below_panel=True)
        wait_until(lambda: seen.daemon.states(1) == ["handed_over"], "it is confirmed")
        before = seen.look()
        seen.desktop.click(*centre(icon), button=3)
        seen.wait_for_change(before, "the menu is open", below_panel=True)
        seen.save("tray-warning-menu.png")
