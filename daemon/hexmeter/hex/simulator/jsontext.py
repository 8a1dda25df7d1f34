"""JSON with exact decimal numbers: a float would turn 3.27 credits into 3.2699999999999996."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from json.encoder import encode_basestring_ascii
from typing import Union

CREDIT = 1_000_000
"""Micro-credits in one credit."""

Json = Union[None, bool, int, str, "RawNumber", list["Json"], dict[str, "Json"]]


@dataclass(frozen=True, slots=True)
class RawNumber:
    """A number written into the JSON exactly as `text` says, be it valid JSON or, for a fault, `NaN`."""

    text: str


def dumps(value: Json) -> str:
    """`value` as compact JSON text."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{encode_basestring_ascii(k)}:{dumps(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dumps, value)) + "]"
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    if isinstance(value, RawNumber):
        return value.text
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def credits_number(credits_micro: int) -> RawNumber:
    """Micro-credits as a JSON number of credits without trailing zeros: 12.5, 3.27, 4."""
    whole, rest = divmod(abs(credits_micro), CREDIT)
    text = f"{whole}.{rest:06d}".rstrip("0").rstrip(".")
    return RawNumber("-" + text if credits_micro < 0 else text)


def micro_of(credits_text: str) -> int:
    """Credits written as a decimal such as "1.5", in micro-credits; raises ValueError, also beyond six decimals."""
    try:
        micro = Decimal(credits_text) * CREDIT
        if micro == micro.to_integral_value():
            return int(micro)
    except (InvalidOperation, OverflowError, ValueError):
        pass
    raise ValueError(f"not an amount of credits with at most six decimals: {credits_text!r}")
