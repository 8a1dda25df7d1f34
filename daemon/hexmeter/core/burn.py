"""Burn rates: credits per prompt, per day, and at this period's pace."""

from collections.abc import Sequence
from dataclasses import dataclass

from hexmeter.core.instants import DAY_MS, HOUR_MS
from hexmeter.core.periods import Period


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
    """Micro-credits per prompt and per day, and the whole period's at the pace so far; None where not known.

    `prompts` is the number of prompts that `per_prompt_micro` is the mean of.
    """

    per_prompt_micro: int | None = None
    prompts: int | None = None
    per_day_micro: int | None = None
    pace_micro: int | None = None


def burn(used_micro: int | None, period: Period, now_ms: int, prompted_micro: int, prompts: int) -> Burn:
    """The burn of `used_micro` over the elapsed part of `period`; `prompted_micro` is what the `prompts` cost.

    In the first hour of a period there is no pace: a single prompt would extrapolate to hundreds.
    """
    per_prompt = prompted_micro // prompts if prompts else None
    elapsed_ms = min(now_ms, period.end_ms) - period.start_ms
    if used_micro is None or elapsed_ms < HOUR_MS:
        return Burn(per_prompt, prompts or None)
    return Burn(
        per_prompt_micro=per_prompt,
        prompts=prompts or None,
        per_day_micro=used_micro * DAY_MS // elapsed_ms,
        pace_micro=used_micro * (period.end_ms - period.start_ms) // elapsed_ms,
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
