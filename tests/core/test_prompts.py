"""Prompts in examples and by properties: whose block it is, whose prompt an increase was, what belongs together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOW_MS, usage
from hexmeter.core.burn import PromptCosts, prompt_costs
from hexmeter.core.instants import MINUTE_MS
from hexmeter.core.ledger import Basis, Usage
from hexmeter.core.prompts import (
    Attributed,
    attributed,
    costs,
    count_user_messages,
    even_parts,
    is_user_message,
    spendings,
)

USERS = [
    "User: how many?",
    "user: how many?",
    "USER:\nhow many?",
    "user\nhow many?",
    "User\r\nhow many?",
    "Human: how many?",
    "[User] how many?",
    "[USER]: how many?",
    "**User:** how many?",
    "**User**: how many?",
    "**user** how many?",
    "__Human__\nhow many?",
    "### User\nhow many?",
    "> user: how many?",
    "(human) how many?",
    "<user>how many?</user>",
    "  \n User : how many?",
    "User (Ed Example): how many?",
    "User message: how many?",
    "role: user\nhow many?",
    "User：多少？",
    "<b>User</b>: how many?",
    "<strong>User:</strong> how many?",
    "<|user|>how many?",
    "\u200bUser: how many?",
    "User",
    "user:",
]
OTHERS = [
    "",
    "Assistant: the user asked how many. User: 12",
    "Agent: User: 12",
    "User growth is 4 %",
    "Users: 1,204",
    "user_id: 17",
    "User's question was: how many?",
    "Human error: the join was wrong",
    "Humanity: 8 billion",
    "users\n12",
    "[thinking] User: wants a chart",
    "[error] user: refused",
    "System: user: ed",
    "assistant\nuser\nhow many?",
    "The user: said so",
    "user@acme.test: how many?",
    "User interface: redrawn",
    "User, 12",
    "User - defined function",
    "superuser: root",
]


@pytest.mark.parametrize("block", USERS)
def test_a_block_that_begins_with_the_users_role_is_theirs(block: str) -> None:
    assert is_user_message(block)


@pytest.mark.parametrize("block", OTHERS)
def test_a_block_that_only_mentions_the_word_is_not(block: str) -> None:
    assert not is_user_message(block)


def test_only_the_beginning_of_a_block_is_looked_at() -> None:
    assert not is_user_message(" " * 1_000_000 + "User: x")
    assert is_user_message("User: " + "x" * 1_000_000)
    assert not is_user_message("user(" * 100_000)
    assert count_user_messages([*USERS, *OTHERS]) == len(USERS)


def minute(number: int) -> int:
    return NOW_MS + number * MINUTE_MS


def row(credits_micro: int, number: int, prompts: int | None, basis: Basis = Basis.MESSAGES) -> Usage:
    """What was seen at the minute `number`, since the minute before."""
    return usage(credits_micro, minute(number - 1), minute(number), basis, prompts=prompts)


GREW = row(7, 1, 1, Basis.DELTA)
GAP = row(7, 1, None, Basis.DELTA)


@pytest.mark.parametrize(
    ("grown", "before", "counted", "result"),
    [
        pytest.param(GREW, 3, 4, Attributed(row(7, 1, 1), 4), id="one new message"),
        pytest.param(GREW, 3, 3, Attributed(row(7, 1, 0), 3), id="none: the one before"),
        pytest.param(GREW, 3, 6, Attributed(row(7, 1, 3, Basis.SHARED), 6), id="three share it"),
        pytest.param(GREW, 0, 2, Attributed(row(7, 1, 2, Basis.SHARED), 2), id="a new thread with two"),
        pytest.param(GREW, 3, None, Attributed(GREW, 4), id="not read: taken for one, which is accounted for"),
        pytest.param(GREW, None, None, Attributed(GREW, None), id="never read"),
        pytest.param(GREW, None, 9, Attributed(GREW, 9), id="read for the first time: which are new is not known"),
        pytest.param(GREW, 3, 0, Attributed(GREW, 4), id="a form of role that we do not know"),
        pytest.param(GREW, 3, 2, Attributed(row(7, 1, 0), 2), id="messages are gone"),
        pytest.param(GAP, 3, None, Attributed(GAP, None), id="after a gap"),
        pytest.param(GAP, 3, 5, Attributed(GAP, None), id="after a gap, read"),
    ],
)
def test_whose_prompt_an_increase_was(
    grown: Usage, before: int | None, counted: int | None, result: Attributed
) -> None:
    assert attributed(grown, before, counted) == result


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=30))
def test_messages_are_counted_once_whatever_could_not_be_read(steps: list[tuple[int, bool]]) -> None:
    accounted: int | None = 0
    there = prompts = guessed = 0
    for new, readable in steps:
        there += new
        found = attributed(GREW, accounted, there if readable else None)
        accounted = found.messages
        prompts += found.row.prompts or 0
        guessed += found.row.basis is Basis.DELTA
        if readable and there:
            assert accounted == there
    # Those taken for one each may be too many, by as much as there was growth without a message; none is left out.
    assert prompts <= there + guessed
    if steps and steps[-1][1]:
        assert prompts >= there


def test_a_follow_up_belongs_to_the_prompt_before_it() -> None:
    rows = [row(5, 1, 1), row(2, 2, 0), row(3, 3, 1), row(1, 4, 0)]
    assert [(spent.prompts, spent.credits_micro, spent.at_ms) for spent in spendings(rows)] == [
        (1, 7, minute(1)),
        (1, 4, minute(3)),
    ]


def test_what_was_taken_back_belongs_to_where_it_was_counted() -> None:
    rows = [row(5, 1, 1), row(3, 2, 1), row(-3, 2, 0, Basis.FALL), row(-1, 1, 0, Basis.FALL)]
    rows += [row(1, 1, 0, Basis.RESTORED), row(2, 2, 0, Basis.RESTORED), row(4, 3, 1)]
    assert [spent.credits_micro for spent in spendings(rows)] == [5, 2, 4]
    assert costs(spendings(rows[:3])) == [5], "one refunded whole is none"


def test_backfill_and_gaps_are_no_prompts_nor_is_what_follows_them() -> None:
    backfill = usage(9, NOW_MS, NOW_MS, Basis.BACKFILL)
    rows = [backfill, row(2, 1, 0), row(3, 2, None, Basis.DELTA), row(1, 3, 0), row(4, 4, 1)]
    assert [(spent.prompts, spent.credits_micro) for spent in spendings(rows)] == [(None, 11), (None, 4), (1, 4)]
    assert costs(spendings(rows)) == [4]


def test_several_prompts_share_evenly() -> None:
    assert costs(spendings([row(7, 1, 3, Basis.SHARED), row(1, 2, 0)])) == [2, 3, 3]
    assert even_parts(-7, 2) == [-4, -3]


ROWS = st.lists(
    st.tuples(st.integers(-9, 9), st.integers(1, 5), st.sampled_from([None, 0, 1, 2]), st.sampled_from([*Basis])),
    max_size=20,
)


@given(ROWS)
def test_every_row_belongs_to_just_one_spending(drawn: list[tuple[int, int, int | None, Basis]]) -> None:
    rows = [row(*one) for one in drawn]
    spent = spendings(rows)
    together = [one for spending in spent for one in spending.rows]
    assert sorted(map(repr, together)) == sorted(map(repr, rows))
    assert sum(spending.credits_micro for spending in spent) == sum(one.credits_micro for one in rows)
    assert all(cost >= 0 for cost in costs(spent))


@given(st.integers(-(10**12), 10**12), st.integers(1, 50))
def test_even_parts_sum_exactly_and_differ_by_one_at_most(credits_micro: int, count: int) -> None:
    parts = even_parts(credits_micro, count)
    assert (len(parts), sum(parts)) == (count, credits_micro)
    assert max(parts) - min(parts) <= 1


@pytest.mark.parametrize(
    ("costs_micro", "found"),
    [
        pytest.param([], None, id="none"),
        pytest.param([5], PromptCosts(1, 5, 5, 5), id="one"),
        pytest.param([9, 2], PromptCosts(2, 5, 5, 9), id="two"),
        pytest.param([3, 1, 2], PromptCosts(3, 2, 2, 3), id="three"),
        pytest.param([*range(1, 11)], PromptCosts(10, 5, 5, 9), id="ten: the ninth"),
        pytest.param([*range(1, 12)], PromptCosts(11, 6, 6, 10), id="eleven: the tenth"),
    ],
)
def test_the_figures_of_prompts(costs_micro: list[int], found: PromptCosts | None) -> None:
    assert prompt_costs(costs_micro[::-1]) == found


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=60))
def test_nine_of_ten_prompts_stay_within_p90_and_half_of_them_within_the_median(costs_micro: list[int]) -> None:
    found = prompt_costs(costs_micro)
    assert found is not None
    assert found.p90_micro in costs_micro
    assert 10 * sum(cost <= found.p90_micro for cost in costs_micro) >= 9 * len(costs_micro)
    assert 10 * sum(cost < found.p90_micro for cost in costs_micro) < 9 * len(costs_micro)
    assert 2 * sum(cost <= found.median_micro + 1 for cost in costs_micro) >= len(costs_micro)
    assert min(costs_micro) <= found.mean_micro <= max(costs_micro)
