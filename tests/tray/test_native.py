"""The tray of Windows and macOS, with pystray's dummy for an icon: its menu, and the two threads. Never run there."""

import subprocess
import sys

SCENE = """
import asyncio, sys
import pystray
from hexmeter_tray.model import Action, Facts, MenuItem, Kind, View, IconState, Gauge
from hexmeter_tray.nativetray import NativeTray, run_beside_icon

class Icon(pystray.Icon):
    def run(self, setup=None): pass
    def stop(self): pass
    def _update_icon(self): self._icon_valid = True
    def _update_title(self): pass
    def _update_menu(self): pass
pystray.Icon = Icon

MENU = (
    MenuItem("a", "Grant & all", enabled=True),
    MenuItem("s", kind=Kind.SEPARATOR),
    MenuItem("p", "Pause", children=(MenuItem("h", "For 1 hour", action=Action.PAUSE_HOUR),)),
    MenuItem("l", "Start at login", action=Action.START_AT_LOGIN, toggle=True),
    MenuItem("q", "Quit", enabled=False, action=Action.QUIT),
)
done = []

async def main():
    before = View(IconState(Gauge.OK, 60), "Hexmeter: " + "x" * 200, (), ())
    tray = NativeTray(lambda action: done.append(action), lambda item: done.append(item.id), before)
    await tray.start()
    icon = tray._icon
    assert len(icon.title) == 127
    picture = icon.icon
    tray.show(View(IconState(Gauge.WARNING, 20), "Hexmeter: warns", (), MENU, Action.OPEN_HEX))
    assert icon.title == "Hexmeter: warns" and icon.icon is not picture
    shown = [item for item in icon.menu]
    assert [item.text for item in shown] == ["Grant & all", "- - - -", "Pause", "Start at login", "Quit"], shown
    assert [item.checked for item in shown] == [None, None, None, True, None]
    assert [item.enabled for item in shown] == [True, True, True, True, False]
    (hour,) = shown[2].submenu
    hour(icon); shown[3](icon); icon()
    await asyncio.sleep(0)
    tray.stop()
    return done

assert run_beside_icon(lambda: asyncio.run(main())) == ["h", "l", Action.OPEN_HEX], done
"""


def test_the_whole_menu_is_there_and_clicks_reach_the_event_loop() -> None:
    for platform in ("win32", "darwin"):
        # The scene is told its platform: what matters of it here is which thread the icon gets.
        scene = SCENE.replace("import pystray\n", f"sys.platform = {platform!r}\nimport pystray\n", 1)
        expected = scene if platform == "darwin" else scene.replace('["Grant & all"', '["Grant && all"')
        environment = {"PYSTRAY_BACKEND": "dummy", "PATH": "/usr/bin:/bin"}
        done = subprocess.run([sys.executable, "-c", expected], env=environment, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, ""), platform
