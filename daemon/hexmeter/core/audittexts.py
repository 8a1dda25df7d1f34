"""The words of an audit's document: what each kind of finding is called, and what it saves."""

from collections.abc import Mapping
from typing import Any

from hexmeter.core.credits import MICRO, format_credits

HEADINGS = {
    "idle_seat": "Paid seats without use or login",
    "unused_grant": "Grants that lapsed unused",
    "more_needed": "People who need more",
    "failing_runs": "Runs that fail again and again",
    "idle_schedule": "Schedules of projects that nobody views",
    "busy_schedule": "Schedules far busier than their viewers",
    "crowded_minute": "Many schedules in the same minute",
}


def heading(kind: str) -> str:
    """What findings of a kind are called; one that is not known here by its own name."""
    return HEADINGS.get(kind, kind)


def saving(saving: Mapping[str, Any], currency: str) -> str:
    """What acting saves: `56 USD a month, 20 runs and 4 minutes a week`; nothing where that is not known."""
    parts = []
    if saving["money_per_month"] is not None:
        parts.append(f"{format_credits(round(saving['money_per_month'] * MICRO))} {currency} a month")
    if saving["runs_per_week"]:
        parts.append(f"{saving['runs_per_week']} runs and {saving['minutes_per_week']:g} minutes a week")
    return ", ".join(parts)
