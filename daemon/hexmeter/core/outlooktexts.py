"""The words of every outlook, for terminals, bars and the tray: figures and times in, one plain clause out.

Nothing heavy is imported: `hexmeter status` says these words for status bars, every few seconds.
"""

from datetime import UTC, datetime, timedelta, tzinfo

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


SO_MUCH = {"exact": "", "estimated": "about ", "at_least": "at least "}
SO_LITTLE = {"exact": "", "estimated": "about ", "at_least": "at most "}
"""What is said before what is used, and before what is left, by the figure's bound."""

_SURE, LIKELY = 0.8, 0.6
"""What is less likely than the first is said with a "probably", less than the second with a "may"."""


def verb(probability: float, exhaust_at_ms: int | None, bound: str, *, many: bool = False) -> str:
    """How sure it is that a meter lasts, or ends: `lasts`, `probably lasts`, `may last`; of `many` credits, `last`.
    `probability` is of their end.

    Figures that may be too low (`bound` is at_least) say nothing surer than that they may last.
    """
    word = "last" if exhaust_at_ms is None else "end"
    does, may = word if many else f"{word}s", f"may {word}"
    # Rounded: a difference of floats may fall just short of the bound that it is.
    sureness = round(probability if exhaust_at_ms is not None else 1 - probability, 6)
    if sureness < LIKELY or (exhaust_at_ms is None and bound == "at_least"):
        return may
    return does if sureness >= _SURE else f"probably {does}"


def lasts_or_ends(
    probability: float, exhaust_at_ms: int | None, end_ms: int | None, now_ms: int, zone: tzinfo | None, bound: str
) -> str:
    """`lasts until the reset on Tue 1 Dec`, or `ends Thu 26 Nov, 5 days before the reset`; what has no `end_ms` of its
    own, as the pool, `lasts until the month ends`, or just `ends Thu 26 Nov`. `probability` is that of its end.

    A forecast from figures that may be too low (`bound` is at_least) can only be too late, and says so. A `zone` of
    None is the machine's own.
    """
    at_least, does = bound == "at_least", verb(probability, exhaust_at_ms, bound)
    if exhaust_at_ms is None:
        until = "the month ends" if end_ms is None else f"the reset on {day(end_ms, zone)}"
        return f"{does} until {until}{', as far as can be seen' if at_least else ''}"
    if exhaust_at_ms <= now_ms:
        return "may end any hour"
    when = f"{does} {day(exhaust_at_ms, zone)}{' or sooner' if at_least else ''}"
    return when if end_ms is None else f"{when}, {before_reset(exhaust_at_ms, end_ms, zone)}"


def before_reset(exhaust_at_ms: int, end_ms: int, zone: tzinfo | None) -> str:
    """`5 days before the reset`, as a calendar counts: the days named differ by so many."""
    days = (_local(end_ms, zone).date() - _local(exhaust_at_ms, zone).date()).days
    return f"{days} day{'' if days == 1 else 's'} before the reset" if days > 0 else "just before the reset"


def in_short(probability: float, exhaust_at_ms: int | None, now_ms: int, zone: tzinfo | None, bound: str) -> str:
    """The same without the reset, for a column: `probably lasts`, `ends Thu 26 Nov`."""
    does = verb(probability, exhaust_at_ms, bound)
    if exhaust_at_ms is None:
        return does
    return "may end any hour" if exhaust_at_ms <= now_ms else f"{does} {day(exhaust_at_ms, zone)}"


def prompts_left(typical: int, heavy: int, bound: str) -> str:
    """`about 6 typical or 2 heavy prompts left`; where threads may be missing, `at most about …`."""
    most = "at most " if bound == "at_least" else ""
    if typical == 0:
        return "less left than a typical prompt costs"
    if typical == heavy:
        return f"{most}about {typical} prompt{'' if typical == 1 else 's'} left"
    return f"{most}about {typical} typical or {heavy} heavy prompts left"


def held(held: int, of: int) -> str:
    """How good past ranges were: `the range held 8 of 10 times`."""
    return f"the range held {held} of {of} times"


def day(at_ms: int, zone: tzinfo | None) -> str:
    """A local day: Thu 26 Nov."""
    local = _local(at_ms, zone)
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]}"


def moment(at_ms: int, zone: tzinfo | None) -> str:
    """A local day and time: Thu 26 Nov 09:05."""
    return f"{day(at_ms, zone)} {_local(at_ms, zone):%H:%M}"


def _local(at_ms: int, zone: tzinfo | None) -> datetime:
    return (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(zone)
