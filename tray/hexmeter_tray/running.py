"""The tray from its start to its end: look at the desktop, choose the backends, be the only one, run; or say why."""

import asyncio
import contextlib
import json
import signal
import sys

from hexmeter.core.strings import clean
from hexmeter_tray import alone, texts
from hexmeter_tray.app import App, Backends
from hexmeter_tray.backends import Choice, Surroundings, changes_over, choose_notifier, choose_tray, document, lines
from hexmeter_tray.failures import BusError, TrayError
from hexmeter_tray.settings import Settings
from hexmeter_tray.surroundings import look_around, open_bus

DONE, FAILED, ALREADY_RUNNING = 0, 1, 4


async def run_tray(settings: Settings) -> int:
    """Be the tray of the daemon at the settings' socket until told to end; the exit code."""
    told_to_end = asyncio.Event()
    # First of all: a session may end while the tray is still starting.
    _on_signals(told_to_end)
    bus, no_bus = await open_bus()
    try:
        around = await look_around(bus, no_bus, ask_service=False)
        tray, notify = _choices(settings, around)
        for choice in (tray, notify):
            if choice.backend is None:
                return refuse(choice.problem)
        if not await alone.is_first(bus, settings.socket):
            return refuse(texts.ANOTHER_TRAY, ALREADY_RUNNING)
        any_panel = around if changes_over(settings.tray, around) else None
        app = App(bus, Backends(tray, notify, any_panel), settings, told_to_end)
        await app.start()
    except (BusError, TrayError) as error:
        return refuse(str(error))
    lost = await app.run_until_told()
    return refuse(lost) if lost else DONE


async def tell_which(settings: Settings, *, as_json: bool) -> int:
    """Print which backends would be used now, and why; the exit code."""
    bus, no_bus = await open_bus()
    around = await look_around(bus, no_bus, ask_service=True)
    tray, notify = _choices(settings, around)
    if as_json:
        print(json.dumps(document(tray, notify, around)))
    else:
        print("\n".join(lines(tray, notify)))
    return DONE if tray.backend and notify.backend else FAILED


def refuse(line: str, code: int = FAILED) -> int:
    """One line for whoever started the tray; the exit code."""
    print(f"hexmeter-tray: {clean(line, 500)}", file=sys.stderr)
    return code


def _choices(settings: Settings, around: Surroundings) -> tuple[Choice, Choice]:
    return choose_tray(settings.tray, around), choose_notifier(settings.notify, around)


def _on_signals(told_to_end: asyncio.Event) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        # Windows has no such handlers, and on macOS the main thread is the icon's: there a signal ends the process.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            asyncio.get_running_loop().add_signal_handler(number, told_to_end.set)
