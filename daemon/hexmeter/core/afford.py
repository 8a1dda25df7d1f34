"""Whether so many more prompts fit into what is left of a meter."""

from dataclasses import dataclass
from enum import StrEnum

from hexmeter.core.burn import RECENT_DAYS, PromptCosts, PromptsLeft, prompts_left
from hexmeter.core.credits import format_credits
from hexmeter.core.meters import Bound, Meter
from hexmeter.core.outlook import NO_FIGURE
from hexmeter.core.outlooktexts import SO_LITTLE


class Answer(StrEnum):
    """What is answered."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer and its reason, one sentence; `left` is what it was taken from, where that is known."""

    answer: Answer
    reason: str
    left: PromptsLeft | None = None


def can_afford(
    prompts: int, meter: Meter, costs: PromptCosts | None, model: str | None = None, *, stale: bool
) -> Verdict:
    """Whether `prompts` typical ones, by the median of `costs`, fit into what is left of `meter`.

    `costs` are of prompts to `model` alone where that is given. It is not known where the figures are old, or where
    more may have been used than is seen and they would fit only if it was not. That heavy ones would not fit is said
    with a yes.
    """
    left = prompts_left(meter.remaining_micro, costs)
    if meter.remaining_micro is None:
        return Verdict(Answer.UNKNOWN, f"What is left is not known: {meter.note or NO_FIGURE.reason}.")
    if costs is None or left is None:
        kind = "prompts" if model is None else f"prompts to {model}"
        why = f"What {kind} cost is not known: none of the last {RECENT_DAYS} days was counted by itself."
        return Verdict(Answer.UNKNOWN, why)
    if stale:
        return Verdict(Answer.UNKNOWN, "The figures are too old to tell: there was no good poll for a while.", left)
    typical = f"A typical one costs {format_credits(costs.median_micro)}"
    if prompts > left.typical:
        mark = SO_LITTLE[meter.bound] if meter.remaining_micro else ""
        return Verdict(Answer.NO, f"{typical}, and {mark}{format_credits(meter.remaining_micro)} are left.", left)
    if meter.bound is Bound.AT_LEAST:
        return Verdict(Answer.UNKNOWN, "More may have been used than can be seen, so less may be left.", left)
    heavy = f"; heavy ones, which cost {format_credits(costs.p90_micro)}, would not fit" if prompts > left.heavy else ""
    return Verdict(Answer.YES, f"{typical}{heavy}.", left)
