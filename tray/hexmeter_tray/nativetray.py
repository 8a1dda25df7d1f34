"""The tray on Windows and macOS: pystray as it comes, with the whole menu."""

import asyncio
import contextlib
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from hexmeter_tray.failures import TrayError
from hexmeter_tray.icon import draw
from hexmeter_tray.model import Action, Kind, MenuItem, View

Answer = TypeVar("Answer")

ICON_PX = 64
_TITLE_CHARACTERS = 127
"""Windows takes no longer one."""

_main_thread_work: "queue.Queue[Callable[[], None] | None]" = queue.Queue()


class NativeTray:
    """See Tray. `on_click` gets the menu's item."""

    def __init__(self, on_action: Callable[[Action], None], on_click: Callable[[MenuItem], None], view: View) -> None:
        self._on_action = on_action
        self._on_click = on_click
        self._view = view
        self._icon: Any = None

    async def start(self) -> None:
        """Show the icon. Raises TrayError."""
        self._loop = asyncio.get_running_loop()
        self._lost: asyncio.Future[str] = self._loop.create_future()
        shown = self._loop.create_future()

        def live() -> None:
            try:
                import pystray

                icon = pystray.Icon("hexmeter", draw(self._view.icon, ICON_PX), self._title(), self._menu())
            except Exception as error:  # whatever the platform's libraries raise
                self._loop.call_soon_threadsafe(shown.set_exception, TrayError(str(error)))
                return
            self._loop.call_soon_threadsafe(shown.set_result, icon)
            icon.run()

        if sys.platform == "darwin":
            # AppKit insists on the main thread; see run_beside_icon.
            _main_thread_work.put(live)
        else:
            threading.Thread(target=live, name="icon", daemon=True).start()
        self._icon = await shown

    def show(self, view: View) -> None:
        """Show this view from now on."""
        before, self._view = self._view, view
        if self._icon is None:
            return
        if view.icon != before.icon:
            self._icon.icon = draw(view.icon, ICON_PX)
        if view.title != before.title:
            self._icon.title = self._title()
        if view.menu != before.menu:
            self._icon.menu = self._menu()

    def stop(self) -> None:
        """Take the icon away."""
        if self._icon is not None:
            self._icon.stop()

    async def wait_until_lost(self) -> str:
        """The platform ends us with the session; nothing else takes the tray away."""
        return await asyncio.shield(self._lost)

    def _title(self) -> str:
        return self._view.title[:_TITLE_CHARACTERS]

    def _menu(self) -> Any:
        import pystray

        default = pystray.MenuItem("", self._from_icon(lambda: self._on_default()), default=True, visible=False)
        return pystray.Menu(default, *self._items(self._view.menu))

    def _items(self, items: tuple[MenuItem, ...]) -> Iterator[Any]:
        import pystray

        for item in items:
            if item.kind is Kind.SEPARATOR:
                yield pystray.Menu.SEPARATOR
                continue
            does = pystray.Menu(*self._items(item.children)) if item.children else self._clicker(item)
            checked = None if item.toggle is None else _constant(item.toggle)
            # Windows takes an ampersand for the mark of an access key.
            label = item.label.replace("&", "&&") if sys.platform == "win32" else item.label
            yield pystray.MenuItem(label, does, checked=checked, enabled=item.enabled)

    def _clicker(self, item: MenuItem) -> Callable[[], None]:
        return self._from_icon(lambda: self._on_click(item))

    def _from_icon(self, work: Callable[[], None]) -> Callable[[], None]:
        """`work` as the icon's thread may call it: done on the event loop."""

        def call() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the tray is ending
                self._loop.call_soon_threadsafe(work)

        return call

    def _on_default(self) -> None:
        if self._view.default is not None:
            self._on_action(self._view.default)


def _constant(value: bool) -> Callable[[object], bool]:
    return lambda _: value


def run_beside_icon(work: Callable[[], Answer]) -> Answer:
    """What `work` returns, done on another thread while the main thread is left to the icon (macOS)."""
    answers: queue.Queue[Answer] = queue.Queue()

    def run() -> None:
        try:
            answers.put(work())
        finally:
            _main_thread_work.put(None)

    threading.Thread(target=run, name="tray", daemon=True).start()
    while (icon_work := _main_thread_work.get()) is not None:
        icon_work()
    return answers.get_nowait()
