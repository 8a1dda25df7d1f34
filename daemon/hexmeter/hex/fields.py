"""Fields of Hex's JSON, read one by one: the value, or which field cannot be used and why."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from hexmeter.core.credits import CreditsError, parse_credits
from hexmeter.core.instants import DAY_MS, parse_iso
from hexmeter.core.strings import clean
from hexmeter.core.threadlink import MAX_ID_LENGTH

_MOST_COUNTED = 2**40


class Unusable(Exception):
    """An item that cannot be used; the message says which field and why."""


def read_id(item: dict[str, Any], name: str) -> str:
    """An id: a text that can be sent back as it is. Raises Unusable."""
    value = item.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID_LENGTH or clean(value) != value:
        raise Unusable(f"{name} is {_shown(value)}, not an id")
    return value


def maybe_id(item: dict[str, Any], name: str) -> str | None:
    """An id; None where there is none, or none that can be used."""
    try:
        return read_id(item, name)
    except Unusable:
        return None


def read_text(item: dict[str, Any], name: str) -> str | None:
    """A text made harmless; None for none. Raises Unusable."""
    value = item.get(name)
    if value is not None and not isinstance(value, str):
        raise Unusable(f"{name} is {_shown(value)}, not a text")
    return (clean(value) or None) if value else None


def read_instant(item: dict[str, Any], name: str) -> int:
    """An instant in Unix milliseconds. Raises Unusable."""
    value = item.get(name)
    try:
        if isinstance(value, str):
            return parse_iso(value)
    except (ValueError, OverflowError):
        pass
    raise Unusable(f"{name} is {_shown(value)}, not an instant")


def read_credits(item: dict[str, Any], name: str) -> int | None:
    """An amount in micro-credits; None while Hex does not know it. Raises Unusable."""
    value = item.get(name)
    if value is None:
        return None
    if isinstance(value, str):
        raise Unusable(f"{name} is {_shown(value)}, not a number")
    try:
        return parse_credits(value)
    except CreditsError as error:
        raise Unusable(f"{name}: {clean(str(error), 80)}") from None


def read_elapsed(item: dict[str, Any], name: str) -> int | None:
    """Whole milliseconds of a span, which Hex gives as any number; None for none. Raises Unusable."""
    value = item.get(name)
    if value is None:
        return None
    usable = isinstance(value, int | Decimal) and not isinstance(value, bool) and Decimal(value).is_finite()
    if not usable or not 0 <= value <= 3660 * DAY_MS:
        raise Unusable(f"{name} is {_shown(value)}, not a span in milliseconds")
    return int(Decimal(value).to_integral_value(ROUND_HALF_EVEN))


def read_count(value: Any) -> int | None:
    """A number of things; None for whatever is none: nothing depends on it that cannot do without."""
    return value if type(value) is int and 0 <= value < _MOST_COUNTED else None


def maybe_instant(item: dict[str, Any], name: str) -> int | None:
    """An instant in Unix milliseconds; None where there is none, or none that can be read."""
    try:
        return read_instant(item, name)
    except Unusable:
        return None


def _shown(value: Any) -> str:
    return "missing" if value is None else clean(repr(value), 60)
