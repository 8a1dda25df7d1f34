"""Burn rates: credits per prompt, per day, and at this period's pace."""

from collections.abc import Sequence
from dataclasses import dataclass

from hexmeter.core.instants import DAY_MS, HOUR_MS
from hexmeter.core.periods import Period

RECENT_DAYS = 30
"""Besides the period's, the prompts of so many days are told: on its first days there are none of its own."""


@dataclass(frozen=True, slots=True)
class PromptCosts:
    """What prompts cost, in micro-credits: how many there are, their mean, their median, and what nine of ten stay
    within."""

    prompts: int
    mean_micro: int
    median_micro: int
    p90_micro: int


@dataclass(frozen=True, slots=True)
class Burn:
    """Micro-credits per day, and the whole period's at the pace so far; None where not known.

    `prompts` is what the period's prompts cost, as far as they are known one by one; `recent` the last 30 days' ones.
    """

    prompts: PromptCosts | None = None
    per_day_micro: int | None = None
    pace_micro: int | None = None
    recent: PromptCosts | None = None


@dataclass(frozen=True, slots=True)
class PromptsLeft:
    """How many more prompts a rest of credits allows: `typical` ones, or `heavy` ones, of which nine in ten cost less.

    `known` is by how many prompts that is known.
    """

    typical: int
    heavy: int
    known: int


def prompts_left(remaining_micro: int | None, costs: PromptCosts | None) -> PromptsLeft | None:
    """The prompts that `remaining_micro` allow at these costs; None where either is not known."""
    if remaining_micro is None or costs is None or costs.median_micro <= 0:
        return None
    return PromptsLeft(remaining_micro // costs.median_micro, remaining_micro // costs.p90_micro, costs.prompts)


def burn(
    used_micro: int | None,
    period: Period,
    now_ms: int,
    prompts: PromptCosts | None = None,
    recent: PromptCosts | None = None,
) -> Burn:
    """The burn of `used_micro` over the elapsed part of `period`, with what its `prompts` and the `recent` ones cost.

    In the first hour of a period there is no pace: a single prompt would extrapolate to hundreds.
    """
    elapsed_ms = min(now_ms, period.end_ms) - period.start_ms
    if used_micro is None or elapsed_ms < HOUR_MS:
        return Burn(prompts, recent=recent)
    return Burn(
        prompts=prompts,
        per_day_micro=used_micro * DAY_MS // elapsed_ms,
        pace_micro=used_micro * (period.end_ms - period.start_ms) // elapsed_ms,
        recent=recent,
    )


def prompt_costs(costs_micro: Sequence[int]) -> PromptCosts | None:
    """The figures of prompts that cost `costs_micro`, in any order; None when there are none."""
    if not costs_micro:
        return None
    ordered = sorted(costs_micro)
    count = len(ordered)
    return PromptCosts(
        prompts=count,
        mean_micro=sum(ordered) // count,
        median_micro=(ordered[(count - 1) // 2] + ordered[count // 2]) // 2,
        # The nearest rank: with ten prompts the ninth, and never one that nobody sent.
        p90_micro=ordered[-(-9 * count // 10) - 1],
    )
