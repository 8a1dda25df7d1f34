"""Whether so many more prompts fit into what is left."""

import pytest

from builders import credits, meter
from hexmeter.core.afford import Answer, can_afford
from hexmeter.core.burn import PromptCosts
from hexmeter.core.meters import Bound

COSTS = PromptCosts(31, credits(2), credits(1.5), credits(4))


@pytest.mark.parametrize(
    ("prompts", "used", "answer", "reason"),
    [
        pytest.param(2, 31, Answer.YES, "A typical one costs 1.5.", id="also heavy ones fit"),
        pytest.param(
            6,
            31,
            Answer.YES,
            "A typical one costs 1.5; heavy ones, which cost 4, would not fit.",
            id="typical ones fit",
        ),
        pytest.param(7, 31, Answer.NO, "A typical one costs 1.5, and 9 are left.", id="one too many"),
        pytest.param(1, 45, Answer.NO, "A typical one costs 1.5, and 0 are left.", id="used up"),
        pytest.param(
            *(1, None, Answer.UNKNOWN),
            "What is left is not known: it has no figure: hexmeter calibrate takes the one that Hex's own page shows.",
            id="no figure",
        ),
    ],
)
def test_prompts_fit_when_as_many_typical_ones_do(
    prompts: int, used: float | None, answer: Answer, reason: str
) -> None:
    found = can_afford(prompts, meter(used), COSTS, stale=False)
    assert (found.answer, found.reason) == (answer, reason)


def test_without_any_known_prompt_nothing_is_known() -> None:
    assert can_afford(1, meter(5), None, stale=False).answer is Answer.UNKNOWN
    assert "prompts to sonnet" in can_afford(1, meter(5), None, "sonnet", stale=False).reason


def test_old_figures_tell_neither_yes_nor_no() -> None:
    assert can_afford(1, meter(5), COSTS, stale=True).answer is Answer.UNKNOWN
    assert can_afford(99, meter(5), COSTS, stale=True).answer is Answer.UNKNOWN


@pytest.mark.parametrize(
    ("used", "bound", "left"),
    [
        pytest.param(31, Bound.ESTIMATED, "about 9", id="estimated"),
        pytest.param(31, Bound.AT_LEAST, "at most 9", id="some may be unseen"),
        pytest.param(45, Bound.ESTIMATED, "0", id="nothing"),
    ],
)
def test_a_no_marks_what_is_left_by_its_bound(used: float, bound: Bound, left: str) -> None:
    reason = can_afford(7, meter(used, bound=bound), COSTS, stale=False).reason
    assert reason == f"A typical one costs 1.5, and {left} are left."


@pytest.mark.parametrize(("prompts", "answer"), [(6, Answer.UNKNOWN), (7, Answer.NO)])
def test_of_figures_that_may_be_too_low_only_a_no_is_sure(prompts: int, answer: Answer) -> None:
    assert can_afford(prompts, meter(31, bound=Bound.AT_LEAST), COSTS, stale=False).answer is answer
