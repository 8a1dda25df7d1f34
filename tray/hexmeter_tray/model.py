"""What the tray shows, as data: the view makes it, the backends draw it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Action(Enum):
    """What a click may ask for; some of a `target` or a `what`. The app decides how."""

    REFRESH = "refresh"
    OPEN_HEX = "open_hex"
    OPEN_DASHBOARD = "open_dashboard"
    SNOOZE = "snooze"
    """An alert, until tomorrow."""
    SNOOZE_TO_RESET = "snooze_to_reset"
    UNSNOOZE = "unsnooze"
    ACKNOWLEDGE = "acknowledge"
    UNACKNOWLEDGE = "unacknowledge"
    MUTE = "mute"
    """A kind of alert or a meter."""
    UNMUTE = "unmute"
    WRONG = "wrong"
    """An alert's figure is not Hex's: say how to calibrate its meter."""
    PAUSE_HOUR = "pause_hour"
    PAUSE_TO_TOMORROW = "pause_to_tomorrow"
    RESUME = "resume"
    START_AT_LOGIN = "start_at_login"
    STOP_AT_LOGIN = "stop_at_login"
    ABOUT = "about"
    QUIT = "quit"


class Kind(Enum):
    """A menu item's kind."""

    LINE = "line"
    SEPARATOR = "separator"


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry. `id` is the same for the same thing from view to view, so that menus can be updated in place.

    `label` is plain text: a backend escapes what its toolkit would interpret. `toggle` is None for an entry
    that is not a check box, else whether it is on. An entry with `children` opens them. `said` is what a screen reader
    says in place of the label; `target` is the number of the alert that the action is about, `what` the kind or the
    meter.
    """

    id: str
    label: str = ""
    enabled: bool = True
    kind: Kind = Kind.LINE
    action: Action | None = None
    target: int | None = None
    what: str = ""
    said: str = ""
    toggle: bool | None = None
    children: tuple["MenuItem", ...] = ()


class Gauge(Enum):
    """How the icon looks, beside its level."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    EXHAUSTED = "exhausted"
    UNKNOWN = "unknown"
    STALE = "stale"
    PAUSED = "paused"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class IconState:
    """`level` is the share that is left, 0 to 100 in steps of 5; 0 where there is nothing to show."""

    gauge: Gauge
    level: int = 0


@dataclass(frozen=True, slots=True)
class View:
    """All a tray backend needs: `title` is the one line a screen reader says."""

    icon: IconState
    title: str
    tooltip: tuple[str, ...]
    menu: tuple[MenuItem, ...]
    default: Action | None = None
    """What a click on the icon itself does."""

    @property
    def urgent(self) -> bool:
        """Whether the icon should ask for attention."""
        return self.icon.gauge in (Gauge.CRITICAL, Gauge.EXHAUSTED)


@dataclass(frozen=True, slots=True)
class Refresh:
    """How the last refresh by hand went: never asked, running, or an answer at `at_ms` (`error` or increases)."""

    running: bool = False
    at_ms: int | None = None
    increases: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the tray knows. `status` is None while no daemon answers; `trouble` says why, if it is not mere absence.

    `at_login`: whether the tray starts at login; None where it cannot. `config`: the configuration's file, None for
    the usual one.
    """

    status: Mapping[str, Any] | None = None
    alerts: tuple[Mapping[str, Any], ...] = ()
    silences: tuple[Mapping[str, Any], ...] = ()
    refresh: Refresh = field(default_factory=Refresh)
    trouble: str = ""
    at_login: bool | None = None
    config: str | None = None
