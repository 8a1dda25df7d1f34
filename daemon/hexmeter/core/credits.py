"""Credits as integers of micro-credits: read from exact decimals, shown with at most two decimals."""

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

MICRO = 1_000_000
"""Micro-credits in one credit."""

# No workspace buys a billion credits; a figure beyond it is a fault of the answer, not a use.
MAX_CREDITS = 1_000_000_000


class CreditsError(ValueError):
    """The text or number is no amount of credits; the message says why."""


def parse_credits(value: object) -> int:
    """Micro-credits of `value`: an int or Decimal as JSON gave it, or a person's text such as "27.5".

    Floats and booleans are refused, for they are never what was meant; so are negative amounts, NaN, infinities
    and anything above MAX_CREDITS. Digits beyond the sixth decimal are rounded half to even.
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise CreditsError(f"{value!r} is not a number of credits")
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise CreditsError(f"{value!r} is not a number of credits") from None
    if not amount.is_finite():
        raise CreditsError(f"{value} is not a finite number of credits")
    if amount < 0:
        raise CreditsError(f"{_short(amount)} is negative")
    if amount > MAX_CREDITS:
        raise CreditsError(f"{_short(amount)} is above {MAX_CREDITS} credits")
    return int((amount * MICRO).to_integral_value(ROUND_HALF_EVEN))


def to_number(micro: int) -> float:
    """`micro` as the plain number of credits that JSON carries: the nearest float, so exact to the micro-credit."""
    return micro / MICRO


def format_credits(micro: int) -> str:
    """`micro` for eyes: at most two decimals, rounded half to even, no trailing zeros: 27.5, 40, 0.33."""
    amount = (Decimal(micro) / MICRO).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    text = f"{amount:f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _short(amount: Decimal) -> str:
    # A whole number may have more digits than Python is willing to print.
    return f"{amount:.3g}"
