"""Every sentence the tray shows, in one place: figures and times in, plain text out."""

from datetime import tzinfo

from hexmeter.core.credits import MICRO, format_credits
from hexmeter.core.instants import to_datetime

APP_NAME = "Hexmeter"
ABSENT = "The daemon is not running"
ABSENT_HINT = "Start it with: hexmeter daemon"
NO_METERS = "No figures yet"
REFRESH = "Refresh now"
REFRESHING = "Refreshing…"
OPEN_HEX = "Open Hex"
QUIT = "Quit"
UNKNOWN = "unknown"
GRANT = "Grant"

_QUALIFIERS_OF_USED = {"estimated": "about ", "at_least": "at least "}
# Who used at least so much has at most the rest left.
_QUALIFIERS_OF_LEFT = {"estimated": "about ", "at_least": "at most "}


def amount(credits: float) -> str:
    """Credits (or runs) with at most two decimals; something is never shown as nothing."""
    if 0 < credits < 0.005:
        return "less than 0.01"
    return format_credits(round(credits * MICRO))


def left(remaining: float, limit: float, bound: str) -> str:
    """`27.5 of 40 left`, marked when it is not exact."""
    qualifier = _QUALIFIERS_OF_LEFT.get(bound, "") if remaining > 0 else ""
    return f"{qualifier}{amount(remaining)} of {amount(limit)} left"


def used_only(used: float, bound: str) -> str:
    """For a meter whose limit is not known."""
    return f"{_QUALIFIERS_OF_USED.get(bound, '')}{amount(used)} used, limit unknown"


def overdrawn(used: float, bound: str) -> str:
    """What was used beyond the limit is drawn from elsewhere, so how much it was is said."""
    return f" ({_QUALIFIERS_OF_USED.get(bound, '')}{amount(used)} used)"


def meter_line(label: str, figure: str, *, alone: bool) -> str:
    """`ed@acme.test: 27.5 of 40 left`; a meter shown alone needs no colon."""
    return f"{label} {figure}" if alone else f"{label}: {figure}"


def lasts_until(when: str) -> str:
    """The forecast's part of a meter's line."""
    return f" · lasts until {when}"


def figure_of(when: str) -> str:
    """What a stale figure ends with."""
    return f" (as of {when})"


def and_more(count: int) -> str:
    """For the meters that are not listed."""
    return f"and {count} more"


def stale(since: str | None) -> str:
    """Why the figures are old; None: there never was a good reading."""
    return f"No good reading since {since}" if since else "No good reading yet"


def poll_failed(reason: str) -> str:
    """The last poll's error."""
    return f"Last poll failed: {reason}"


def progress(done: int, of: int | None) -> str:
    """How far the first reading of the history is, in threads; until its end figures can only be too low."""
    far = f"{done} of {of} threads" if of is not None else f"{done} threads so far"
    return f"Reading the history: {far}, figures still grow"


def refreshed(increases: int, when: str) -> str:
    """What a refresh found."""
    found = "nothing new" if not increases else "1 increase" if increases == 1 else f"{increases} increases"
    return f"{REFRESH} ({found} at {when})"


def refresh_failed(reason: str, when: str) -> str:
    """Why a refresh brought nothing."""
    return f"{REFRESH} (failed at {when}: {reason})"


def clock(at_ms: int, now_ms: int, zone: tzinfo | None) -> str:
    """`14:02` today, else `Thu 26 Nov 14:02`; a zone of None is the desktop's own."""
    at, now = to_datetime(at_ms).astimezone(zone), to_datetime(now_ms).astimezone(zone)
    return f"{at:%H:%M}" if at.date() == now.date() else f"{day(at_ms, zone)} {at:%H:%M}"


def day(at_ms: int, zone: tzinfo | None) -> str:
    """`Thu 26 Nov`."""
    at = to_datetime(at_ms).astimezone(zone)
    return f"{at:%a} {at.day} {at:%b}"
