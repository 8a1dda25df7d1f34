"""A meter's outlook: what it will have used at its period's end, how sure that is, and when it ends before."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from hexmeter.core.credits import MICRO
from hexmeter.core.instants import SECOND_MS


@dataclass(frozen=True, slots=True)
class Forecast:
    """What one meter is expected to come to. Amounts in micro-credits.

    `low_micro` and `high_micro` are the 10 % and 90 % quantiles of the total at the period's end where anything more is
    used, `expected_micro` its median in any case; `probability` that the limit is reached before the end, 0 to 1;
    `exhaust_at_ms` when, None where it is not expected. `alert` keeps its own hysteresis: whether this is sure
    enough to warn of.
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
NO_FIGURE = NoForecast("it has no figure: hexmeter calibrate takes the one that Hex's own page shows")


@dataclass(frozen=True, slots=True)
class Warned:
    """What a meter's forecasts remember of the period: whether the last one warned, and whether any did."""

    now: bool = False
    ever: bool = False

    @property
    def may(self) -> bool:
        """Whether a forecast may warn: it goes on warning, but begins to only once a period."""
        return self.now or not self.ever

    def after(self, alert: bool) -> "Warned":
        """The memory once a forecast warned, or did not."""
        return Warned(alert, self.ever or alert)


def lasting(forecast: Forecast) -> Forecast:
    """The same where the credits do not end, because more are bought before they do."""
    return replace(forecast, probability=0.0, exhaust_at_ms=None, alert=False)


def shifted(forecast: Forecast, by_micro: int) -> Forecast:
    """The same of a meter that has used `by_micro` before the period that was forecast."""
    return replace(
        forecast,
        expected_micro=forecast.expected_micro + by_micro,
        low_micro=forecast.low_micro + by_micro,
        high_micro=forecast.high_micro + by_micro,
    )


def from_answer(answer: Mapping[str, Any], warned: Warned, *, exhausted: bool) -> Outlook:
    """What `forecast` answered, as an outlook: credits as micro-credits, seconds as milliseconds.

    It warns as `warned` allows; of what is `exhausted` already it always does. Raises ValueError, KeyError or
    ArithmeticError for what is no such answer.
    """
    if answer["unknown"] is not None:
        return NoForecast(str(answer["unknown"]))
    exhaust_at = answer["exhaust_at"]
    return Forecast(
        expected_micro=_micro(answer["expected_total"]),
        low_micro=_micro(answer["low"]),
        high_micro=_micro(answer["high"]),
        probability=min(1.0, max(0.0, float(answer["probability"]))),
        exhaust_at_ms=None if exhaust_at is None else round(exhaust_at * SECOND_MS),
        alert=bool(answer["alert"]) and (exhausted or warned.may),
    )


def _micro(credits: float | Decimal) -> int:
    return round(Decimal(str(credits)) * MICRO)
