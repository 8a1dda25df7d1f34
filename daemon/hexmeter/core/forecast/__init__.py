"""The forecast: what a meter will have used at its period's end, how sure that is, and when it ends before."""

from collections.abc import Mapping
from typing import Any

from hexmeter.core.forecast.days import Days, days_of, used_between
from hexmeter.core.forecast.pace import Pace, elapsed_share, hour_profile, pace_of
from hexmeter.core.forecast.request import History, Request, parse
from hexmeter.core.forecast.spread import TENTH, Spread

ALERT_ON, ALERT_OFF = 0.60, 0.36
ACTIVE_DAYS_WANTED = 3
HISTORY_S = 200 * 86_400.0
STOPPED_AT, STOPPED_AFTER = 0.97, 0.02


def forecast(request: Mapping[str, Any]) -> dict[str, Any]:
    """What one meter will come to by its period's end. The keys are described in docs/forecasting.md.

    Amounts are credits, times Unix seconds. Raises ValueError where the request is not valid, and never otherwise.
    """
    asked = parse(request)
    seen = _used(asked)
    used = seen if asked.used is None else asked.used
    days = days_of(_begin(asked), asked.end, asked.zone)
    pace = pace_of(asked.history, days, asked.now, asked.limit, (asked.start, asked.end), _stopped(asked))
    mean = pace.rate * sum(pace.weights) if asked.now < asked.end else 0.0
    spread = Spread(mean, pace.dispersion * mean + mean * mean * (1 / pace.certainty + 0.04))
    need = asked.limit - used
    low, middle, high = (used + spread.quantile(deviate) for deviate in (-TENTH, 0.0, TENTH))
    if asked.hard_stop:
        low, middle, high = (max(used, min(asked.limit, total)) for total in (low, middle, high))
    probability = 1.0 if need <= 0 else spread.above(need)
    unknown = _unknown(pace) if need > 0 else None
    return {
        "expected_total": middle,
        "low": low,
        "high": high,
        "probability": probability,
        "exhaust_at": _exhaust_at(asked, days, pace, spread, used, seen, probability),
        "alert": need <= 0 or (unknown is None and probability >= (ALERT_OFF if asked.alert_active else ALERT_ON)),
        "unknown": unknown,
    }


def _begin(asked: Request) -> float:
    """Where the history that counts begins: at the first use, or with the past periods where there was none."""
    earliest = min([asked.start, *(first for first, _ in asked.past[:1]), *asked.history.times[:1]])
    first_used = asked.history.times[0] if asked.history.times else earliest
    return max(min(first_used, asked.start), asked.now - HISTORY_S)


def _used(asked: Request) -> float:
    return used_between(asked.history, [asked.start, asked.now])[0]


def _stopped(asked: Request) -> list[tuple[float, float]]:
    """The spans of past periods after a hard stop: nearly all was used, then next to nothing until the end."""
    if not asked.hard_stop or asked.limit <= 0:
        return []
    spans = []
    for first, last in asked.past:
        times, totals = asked.history.times, asked.history.totals
        at = _crossing(asked.history, first, last, STOPPED_AT * asked.limit)
        if at is not None and totals[-1] > 0 and times:
            spans.append((at, last))
    return spans


def _crossing(history: History, begin: float, end: float, amount: float) -> float | None:
    """The first moment in [begin, end) when the use since `begin` reached `amount`."""
    before = 0.0
    for at, total in zip(history.times, history.totals[1:], strict=True):
        if at < begin:
            before = total
        elif at >= end:
            return None
        elif total - before >= amount:
            return at
    return None


def _exhaust_at(
    asked: Request, days: Days, pace: Pace, spread: Spread, used: float, seen: float, probability: float
) -> float | None:
    need = asked.limit - used
    if need <= 0:
        if asked.limit <= 0:
            return asked.start
        scale = seen / used if used else 1.0
        return _crossing(asked.history, asked.start, asked.now + 1, asked.limit * scale * (1 - 1e-12)) or asked.now
    if probability < 0.5:
        return None
    today = days.index(asked.now)
    profile = hour_profile(asked.history, days, today)
    path = need / max(spread.quantile(0.0), need) * sum(pace.weights)
    for offset, weight in enumerate(pace.weights):
        begin, end = days.bounds[today + offset], days.bounds[today + offset + 1]
        if path <= weight and weight > 0:
            before = elapsed_share(profile, begin, end, asked.now) if offset == 0 else 0.0
            wanted = before + path / weight * (1 - before)
            for step in range(1, 97):
                at = begin + (end - begin) * step / 96
                if elapsed_share(profile, begin, end, at) >= wanted - 1e-9:
                    return min(max(at, asked.now), asked.end)
        path -= weight
    return asked.end


def _unknown(pace: Pace) -> str | None:
    if pace.active_days >= ACTIVE_DAYS_WANTED:
        return None
    return f"learning: {pace.active_days} of {ACTIVE_DAYS_WANTED} days with use seen so far"
