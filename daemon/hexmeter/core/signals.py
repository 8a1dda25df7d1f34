"""The rules of what is told besides a meter's own ladder: days, prompts, resets, lapses, top-ups and the token.

Each is a ladder of its own, with as long a period as it tells once in; all but what lapses are facts that never fall.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from hexmeter.core.alerts import Condition, Kind, NotKnown, Rung, Standing
from hexmeter.core.burn import PromptCosts
from hexmeter.core.instants import DAY_MS
from hexmeter.core.meters import Bound, Meter
from hexmeter.core.periods import Period
from hexmeter.core.rules import REARM_POINTS, AlertRules

BURN_DAYS = 28
"""A day is compared with so many before it."""

LEAST_DAYS = 10
"""With fewer days of use among them nobody knows what is usual."""

FAR_ABOVE = 3
"""So many times the usual is far above it: of days their median, of prompts what nine of ten stay within."""

LEAST_PROMPTS = 20
"""With fewer prompts besides it nobody knows whether one is dear."""

LAPSING_MS = 3 * DAY_MS
TOKEN_DAYS = (7, 1)


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt: its thread's key, the last instant at which it can have been spent, and its micro-credits."""

    thread_key: int
    spent_ms: int
    cost_micro: int


def burn_condition(today_micro: int, before_micro: Sequence[int], day: Period) -> Condition:
    """Today is far above the usual: more than three times the median of the days with use, and than any of them."""
    usual = usual_micro(before_micro)
    if usual is None:
        return NotKnown(f"fewer than {LEAST_DAYS} of the last {BURN_DAYS} days had any use")
    rung = Rung(Kind.BURN)
    reached = today_micro > FAR_ABOVE * usual and today_micro > max(before_micro)
    return _news(day, rung if reached else None, rung)


def usual_micro(days_micro: Sequence[int]) -> int | None:
    """The median of the days with use; None where they are too few to say."""
    used = sorted(micro for micro in days_micro if micro > 0)
    return (used[(len(used) - 1) // 2] + used[len(used) // 2]) // 2 if len(used) >= LEAST_DAYS else None


def dear_prompts(prompts: Sequence[Prompt], recent: PromptCosts | None, rules: AlertRules) -> list[Prompt]:
    """Which of a person's `prompts` cost the configured amount or, by the `recent` ones, far more than they usually do.

    `recent` are the person's prompts of the last 30 days, these included.
    """
    limits = [] if rules.prompt_cost_micro is None else [rules.prompt_cost_micro]
    if rules.prompt and recent is not None and recent.prompts > LEAST_PROMPTS:
        limits.append(FAR_ABOVE * recent.p90_micro + 1)
    return [prompt for prompt in prompts if limits and prompt.cost_micro >= min(limits)]


def prompt_condition(dear: Sequence[Prompt], day: Period) -> Condition:
    """A dear prompt: one a day and person is told."""
    rung = Rung(Kind.PROMPT)
    return _news(day, rung if dear else None, rung)


def reset_condition(meter: Meter, known: Period | None) -> Condition:
    """The grant is back: a period begins after `known`, the one that was seen last (None: none was)."""
    if meter.period is None or meter.limit_micro is None:
        return NotKnown(meter.note or "the meter has no reset")
    rung = Rung(Kind.RESET)
    return _news(meter.period, rung if known is not None and known.end_ms <= meter.period.start_ms else None, rung)


def unused_condition(meter: Meter, percent: Decimal, now_ms: int, *, complete: bool) -> Condition:
    """So many per cent of a grant are left, three days before they lapse."""
    if meter.period is None or meter.limit_micro is None or meter.used_micro is None:
        return NotKnown(meter.note or "the meter has no figure")
    if meter.bound is Bound.AT_LEAST:
        return NotKnown("less may be left than is seen")
    rung, left = Rung(Kind.UNUSED), (meter.limit_micro - meter.used_micro) * 100
    late = now_ms >= meter.period.end_ms - LAPSING_MS
    reached = late and left >= percent * meter.limit_micro
    held = reached or (late and left > (percent - REARM_POINTS) * meter.limit_micro)
    return Standing(meter.period, rung if reached and complete else None, rung if held else None, complete)


def top_up_condition(count: int, several: int, month: Period) -> Condition:
    """The pool was topped up several times in a month."""
    rung = Rung(Kind.TOP_UP, Decimal(several))
    return _news(month, rung if count >= several else None, rung)


def token_condition(expires_ms: int, now_ms: int) -> Condition:
    """The token expires in seven days, or in one; another token has another ladder."""
    rungs = [Rung(Kind.TOKEN, Decimal(days)) for days in TOKEN_DAYS if now_ms >= expires_ms - days * DAY_MS]
    return _news(None, rungs[-1] if rungs else None, Rung(Kind.TOKEN, Decimal(TOKEN_DAYS[-1])))


def report_condition(due: Period, over: Period, known: Period | None) -> Standing:
    """The report of the period `due` is to be told.

    `known` is the period that was looked at last. At the first look (None) what is `over` already is none of ours.
    """
    rung = Rung(Kind.REPORT)
    if known is None:
        return _news(over, None, rung)
    return _news(due, rung if known.end_ms <= due.start_ms else None, rung)


def _news(period: Period | None, reached: Rung | None, rung: Rung) -> Standing:
    """A condition that never falls: what it told stays told for its period."""
    return Standing(period, reached, rung, complete=True)
