"""The forecast: what a meter will have used at its period's end, how sure that is, and when it ends before."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hexmeter.core.forecast.days import used_between
from hexmeter.core.forecast.path import crossing, reached_at
from hexmeter.core.forecast.remainder import Remainder, remainder_of
from hexmeter.core.forecast.request import Request, parse
from hexmeter.core.forecast.seats import history_of, remainder_of_seats
from hexmeter.core.forecast.timeline import Timeline, timeline_of
from hexmeter.core.forecast.warning import is_worth_a_warning
from hexmeter.core.forecast.weights import NOTHING

ACTIVE_DAYS_WANTED = 3


def forecast(request: Mapping[str, Any]) -> dict[str, Any]:
    """What one meter will come to by its period's end. The keys are described in docs/forecasting.md.

    Amounts are credits, times Unix seconds. Raises ValueError where the request is not valid, and never otherwise.
    """
    asked = parse(request)
    if asked.seats and not asked.history.times:
        asked = replace(asked, history=history_of(asked.seats, [*asked.past, (asked.start, asked.end)]))
    timeline = timeline_of(asked)
    told = any(seat.history.times for seat in asked.seats)
    remainder = remainder_of_seats(asked, timeline) if told else remainder_of(asked, timeline)
    return answer_of(asked, timeline, remainder)


def answer_of(asked: Request, timeline: Timeline, remainder: Remainder) -> dict[str, Any]:
    """The contract's answer from what was used and what is to come."""
    seen = used_between(asked.history, [asked.start, asked.now])[0]
    spent = seen if asked.used is None else asked.used
    need = asked.limit - spent
    if need < NOTHING:  # sums of floats that reach the limit may miss it by a hair
        need = 0.0
    low, middle, high = (spent + to_come for to_come in remainder.range)
    probability = remainder.chance_of(need) if need > 0 else 1.0
    exhaust_at = unknown = None
    if need <= 0:
        exhaust_at = crossing(asked.history, asked.start, asked.now, asked.limit, spent, seen)
    elif probability >= 0.5:
        part = remainder.part_until(need / max(middle - spent, need))
        exhaust_at = reached_at(part, remainder.ahead, timeline.days, timeline.profile, asked.now)
    if need > 0 and remainder.active_days < ACTIVE_DAYS_WANTED:
        unknown = f"learning: {remainder.active_days} of {ACTIVE_DAYS_WANTED} days with use seen so far"
    elapsed = (asked.now - asked.start) / (asked.end - asked.start)
    warns = unknown is None and is_worth_a_warning(probability, elapsed, active=asked.alert_active)
    if asked.hard_stop:
        low, middle, high = (max(spent, min(asked.limit, total)) for total in (low, middle, high))
    return {
        "expected_total": middle,
        "low": low,
        "high": high,
        "probability": probability,
        "exhaust_at": exhaust_at,
        "alert": need <= 0 or warns,
        "unknown": unknown,
    }
