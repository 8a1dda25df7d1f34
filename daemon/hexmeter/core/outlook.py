"""A meter's outlook: what it will have used at its period's end, how sure that is, and when it ends before."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Forecast:
    """What one meter is expected to come to. Amounts in micro-credits.

    `low_micro` and `high_micro` are the 10 % and 90 % quantiles of the total at the period's end, `expected_micro` its
    median; `probability` that the limit is reached before the end, 0 to 1; `exhaust_at_ms` when, None where it is not
    expected. `alert` keeps its own hysteresis: whether this is sure enough to warn of.
    """

    expected_micro: int
    low_micro: int
    high_micro: int
    probability: float
    exhaust_at_ms: int | None
    alert: bool


@dataclass(frozen=True, slots=True)
class NoForecast:
    """Why there is no forecast that anybody should be shown, in one plain clause."""

    reason: str


Outlook = Forecast | NoForecast

NOTHING_YET = NoForecast("nothing was forecast yet")
