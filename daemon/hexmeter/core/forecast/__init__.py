"""The forecast: what a meter will have used at its period's end, how sure that is, and when it ends before."""

from collections.abc import Mapping
from typing import Any

from hexmeter.core.forecast.backtest import lesson_of, mixed, spread_of
from hexmeter.core.forecast.days import days_of, used_between
from hexmeter.core.forecast.pace import pace_of
from hexmeter.core.forecast.path import crossing, reached_at
from hexmeter.core.forecast.request import Request, parse
from hexmeter.core.forecast.spread import TENTH, chance_above
from hexmeter.core.forecast.weights import day_weights, elapsed_share, hour_profile, places_of

ALERT_ON, ALERT_OFF = 0.60, 0.36
ACTIVE_DAYS_WANTED = 3
HISTORY_S = 200 * 86_400.0
UNUSED_S = 14 * 86_400.0
STOPPED_AT = 0.97


def forecast(request: Mapping[str, Any]) -> dict[str, Any]:
    """What one meter will come to by its period's end. The keys are described in docs/forecasting.md.

    Amounts are credits, times Unix seconds. Raises ValueError where the request is not valid, and never otherwise.
    """
    asked = parse(request)
    seen_used = used_between(asked.history, [asked.start, asked.now])[0]
    spent = seen_used if asked.used is None else asked.used
    days = days_of(_begin(asked), asked.end, asked.zone)
    today = days.index(asked.now)
    used = used_between(asked.history, [*days.bounds[: today + 1], max(asked.now, days.bounds[today])])
    profile = hour_profile(asked.history, days, today)
    share = elapsed_share(profile, days.bounds[today], days.bounds[today + 1], asked.now)
    exposure = [1.0] * today + [share]
    for begin, end in _stopped(asked):
        for day in range(days.index(begin) + 1, min(days.index(end - 1) + 1, today)):
            exposure[day] = 0.0
    places = places_of(days, [*asked.past, (asked.start, asked.end)])
    weights = day_weights(used, exposure, days, places, days.index(asked.start))
    seen = [part * weight for part, weight in zip(exposure, weights, strict=False)]
    pace = pace_of(used, seen, asked.limit, sum(weights[days.index(asked.start) :]))
    lesson = lesson_of(used, seen, pace, len(days) - today)
    ahead = [weights[today] * (1 - share), *weights[today + 1 :]]
    spread = spread_of(mixed(lesson.shares, pace.rates[-1]), sum(ahead), pace.dispersion, pace.certainty[-1])

    need = asked.limit - spent
    low, middle, high = (
        spent + spread.quantile(lesson.shift + lesson.stretch * deviate) for deviate in (-TENTH, 0.0, TENTH)
    )
    probability = 1.0
    if need > 0:
        probability = chance_above((spread.deviate(need) - lesson.shift) / lesson.stretch) if spread.mean > 0 else 0.0
    exhaust_at = None
    if need <= 0:
        exhaust_at = crossing(asked.history, asked.start, asked.now, asked.limit, spent, seen_used)
    elif probability >= 0.5:
        part = need / max(middle - spent, need)
        exhaust_at = reached_at(part, ahead, days, profile, asked.now)
    if asked.hard_stop:
        low, middle, high = (max(spent, min(asked.limit, total)) for total in (low, middle, high))
    active = sum(1 for amount in used if amount > 0)
    unknown = None
    if need > 0 and active < ACTIVE_DAYS_WANTED:
        unknown = f"learning: {active} of {ACTIVE_DAYS_WANTED} days with use seen so far"
    return {
        "expected_total": middle,
        "low": low,
        "high": high,
        "probability": probability,
        "exhaust_at": exhaust_at,
        "alert": need <= 0 or (unknown is None and probability >= (ALERT_OFF if asked.alert_active else ALERT_ON)),
        "unknown": unknown,
    }


def _begin(asked: Request) -> float:
    """Where the history that counts begins: with the first use; where there was none, shortly before the period."""
    first = asked.history.times[0] if asked.history.times else asked.start - UNUSED_S
    return max(min(first, asked.start), asked.now - HISTORY_S)


def _stopped(asked: Request) -> list[tuple[float, float]]:
    """The spans of past periods after a hard stop."""
    if not asked.hard_stop or asked.limit <= 0:
        return []
    spans = []
    for first, last in asked.past:
        used = used_between(asked.history, [first, last])[0]
        if used >= STOPPED_AT * asked.limit:
            at = crossing(asked.history, first, last, STOPPED_AT * asked.limit, 1.0, 1.0)
            spans.append((at, last))
    return spans
