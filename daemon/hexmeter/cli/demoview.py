"""What the demo shows: frames on a terminal, or one line an event where there is none."""

import shutil
import sys
from types import TracebackType
from typing import Any, Protocol, Self
from zoneinfo import ZoneInfo

from hexmeter.wire.render import clock_time, credits, meter_table, zone_of

_METERS, _INCREASES, _WARNINGS = 10, 6, 5
_ENTER, _LEAVE, _HOME, _CLEAR_LINE, _CLEAR_BELOW = (
    "\x1b[?1049h\x1b[?25l",
    "\x1b[?25h\x1b[?1049l",
    "\x1b[H",
    "\x1b[K",
    "\x1b[J",
)


class View(Protocol):
    """Takes a frame: the documents `status`, `increases` and `alerts`, a word on the `tray`, and what else to `try`."""

    def show(self, frame: dict[str, Any]) -> None:
        """Show what is new in `frame`."""
        ...


class Screen:
    """Redraws the whole terminal, on its second screen, and leaves the warnings behind at the end."""

    def __init__(self) -> None:
        self._frame: dict[str, Any] | None = None

    def __enter__(self) -> Self:
        sys.stdout.write(_ENTER)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        sys.stdout.write(_LEAVE)
        if self._frame is not None:
            alerts, zone = self._frame["alerts"], _zone(self._frame)
            print(f"The demo is over: {len(alerts)} warnings, {len(self._frame['increases'])} increases seen.")
            print("\n".join(_alert_line(alert, zone) for alert in reversed(alerts)))

    def show(self, frame: dict[str, Any]) -> None:
        """Draw `frame`, cut to the terminal's size."""
        self._frame = frame
        width, height = shutil.get_terminal_size()
        lines = [line[:width] for line in frame_lines(frame)][: height - 1]
        sys.stdout.write(_HOME + "".join(f"{line}{_CLEAR_LINE}\n" for line in lines) + _CLEAR_BELOW)
        sys.stdout.flush()


class Lines:
    """Prints the meters once, then each increase and each warning as it comes: for pipes and logs."""

    def __init__(self) -> None:
        self._alerts: set[int] = set()
        self._increases: set[tuple[str, str, float]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        print("The demo is over.", flush=True)

    def show(self, frame: dict[str, Any]) -> None:
        """Print what `frame` has that no earlier one had."""
        if self._increases is None:
            print("\n".join(_meter_lines(frame)), flush=True)
        known, zone = self._increases or set(), _zone(frame)
        self._increases = {(row["at"], row["thread"], row["credits"]) for row in frame["increases"]}
        for row in reversed(frame["increases"]):
            if (row["at"], row["thread"], row["credits"]) not in known:
                print(_increase_line(row, zone))
        for alert in reversed(frame["alerts"]):
            if alert["id"] not in self._alerts:
                self._alerts.add(alert["id"])
                print(_alert_line(alert, zone))
        sys.stdout.flush()


def frame_lines(frame: dict[str, Any]) -> list[str]:
    """A frame as lines: the meters nearest to their limit, the newest increases, the newest warnings."""
    lines, zone = _meter_lines(frame), _zone(frame)
    lines += ["", "Newest increases"]
    lines += [_increase_line(row, zone) for row in frame["increases"][:_INCREASES]] or ["  none yet"]
    lines += ["", "Warnings"]
    lines += [_alert_line(alert, zone) for alert in frame["alerts"][:_WARNINGS]] or ["  none yet"]
    return lines


def _meter_lines(frame: dict[str, Any]) -> list[str]:
    status = frame["status"]
    meters = status["meters"]
    lines = [f"Hexmeter demo · a simulated Hex · {frame['tray']} · Ctrl-C ends it"]
    lines += [f"In another terminal: {frame['try']}", ""]
    lines += meter_table(meters[:_METERS], status.get("timezone"))
    if len(meters) > _METERS:
        lines.append(f"… and {len(meters) - _METERS} more that are further from their limit")
    return lines


def _zone(frame: dict[str, Any]) -> ZoneInfo | None:
    return zone_of(frame["status"].get("timezone"))


def _increase_line(row: dict[str, Any], zone: ZoneInfo | None) -> str:
    return (
        f"  {clock_time(row['at'], zone)}  +{credits(row['credits']):<6} {row['user']}  {row['title'] or '(private)'}"
    )


def _alert_line(alert: dict[str, Any], zone: ZoneInfo | None) -> str:
    first = alert["body"].partition("\n")[0]
    return f"  {clock_time(alert['fired_at'], zone)}  {alert['severity'].upper():8}  {alert['title']}. {first}"
