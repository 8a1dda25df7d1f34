"""What prompts cost, kept in memory: the same as worked out anew from the whole ledger, however it grew."""

from collections import defaultdict
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import NOVEMBER, NOW_MS, look, thread
from hexmeter.core.burn import PromptCosts, prompt_costs
from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hexmeter.core.periods import Period
from hexmeter.core.prompts import Count, costs, spendings
from hexmeter.service.meters.promptcosts import CostsByUser
from hexmeter.store.store import Store

USERS = ("u-ed", "u-eve", None)
RECENT = Period(NOW_MS - 30 * DAY_MS, NOW_MS + HOUR_MS)
SIGHTINGS = st.lists(
    st.tuples(
        st.sampled_from(range(4)), st.integers(0, 9), st.integers(0, 5), st.integers(1, 40 * 60), st.integers(0, 3)
    ),
    max_size=30,
)


def anew(store: Store, user_id: str | None, period: Period) -> PromptCosts | None:
    """The same from all rows of all threads."""
    by_user: dict[str | None, list[int]] = defaultdict(list)
    for number in range(4):
        spent = spendings(store.ledger.rows_of(f"t{number}"))
        by_user[USERS[number % 3]] += costs(one for one in spent if one.spent_ms in period)
    return prompt_costs(by_user[user_id])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SIGHTINGS, st.integers(1, 5))
def test_costs_in_memory_are_those_of_the_ledger(
    tmp_path: Path, sightings: list[tuple[int, int, int, int, int]], ask_every: int
) -> None:
    (tmp_path / "hexmeter.db").unlink(missing_ok=True)
    for left in tmp_path.glob("hexmeter.db-*"):
        left.unlink()
    store = Store.open(tmp_path / "hexmeter.db")
    kept = CostsByUser(store.breakdown)
    at_ms = NOW_MS - 35 * DAY_MS
    for number, (which, credits_micro, messages, minutes, again) in enumerate(sightings, 1):
        at_ms = min(at_ms + minutes * MINUTE_MS * (1 + again * 20), NOW_MS - 1)
        one = thread(credits_micro, id=f"t{which}", user_id=USERS[which % 3], created_ms=NOW_MS - 36 * DAY_MS)
        store.ledger.record(
            [one],
            look(number, at_ms, took_ms=0),
            watched_since_ms=NOW_MS - 37 * DAY_MS,
            gap_ms=20 * HOUR_MS,
            counts={one.id: Count(messages)} if messages else {},
        )
        if number % ask_every == 0:
            kept.of("u-ed", NOVEMBER, NOW_MS)
    for user_id in USERS:
        found = kept.of(user_id, NOVEMBER, NOW_MS)
        assert (found.period, found.recent) == (anew(store, user_id, NOVEMBER), anew(store, user_id, RECENT))
        told = kept.within(NOVEMBER)
        assert told is not None
        assert told.get(user_id) == anew(store, user_id, NOVEMBER)
        from_ledger = [
            cost for (_, user), some in store.breakdown.costs(NOVEMBER).items() if user == user_id for cost in some
        ]
        assert prompt_costs(from_ledger) == anew(store, user_id, NOVEMBER)
    assert kept.within(Period(NOW_MS - 60 * DAY_MS, NOW_MS)) is None, "so far back it does not reach"
    store.close()
