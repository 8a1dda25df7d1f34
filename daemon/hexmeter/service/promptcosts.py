"""What prompts cost, of each user in the period and lately: worked out anew only when the ledger grew."""

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass

from hexmeter.core.burn import RECENT_DAYS, PromptCosts, prompt_costs
from hexmeter.core.instants import DAY_MS, HOUR_MS
from hexmeter.core.periods import Period
from hexmeter.core.prompts import Spending, costs
from hexmeter.store.breakdown import Breakdown


@dataclass(frozen=True, slots=True)
class UserCosts:
    """One user's prompts: those of the period, and of the last 30 days."""

    period: PromptCosts | None = None
    recent: PromptCosts | None = None


class CostsByUser:
    """The prompts of all users, kept until the ledger has another row, or the hour ends."""

    def __init__(self, breakdown: Breakdown) -> None:
        self._breakdown = breakdown
        self._key: Hashable = None
        self._costs: dict[str | None, UserCosts] = {}

    def of(self, user_id: str | None, period: Period, now_ms: int) -> UserCosts:
        """What the prompts of one user cost."""
        hour_ms = now_ms // HOUR_MS * HOUR_MS
        key = self._breakdown.newest_row(), period, hour_ms
        if key != self._key:
            self._costs = self._all(period, Period(hour_ms - RECENT_DAYS * DAY_MS, max(now_ms, hour_ms + HOUR_MS)))
            self._key = key
        return self._costs.get(user_id, UserCosts())

    def _all(self, period: Period, recent: Period) -> dict[str | None, UserCosts]:
        both = Period(min(period.start_ms, recent.start_ms), max(period.end_ms, recent.end_ms))
        users = {about.id: about.user_id for about, _ in self._breakdown.threads(both)}
        found: dict[str | None, list[Spending]] = defaultdict(list)
        for thread_id, spending in self._breakdown.spendings(users):
            found[users[thread_id]].append(spending)
        return {
            user_id: UserCosts(costs_within(spent, period), costs_within(spent, recent))
            for user_id, spent in found.items()
        }


def costs_within(spent: list[Spending], period: Period) -> PromptCosts | None:
    """What the prompts cost that were seen in `period`, each with all that belongs to it."""
    return prompt_costs(costs(spending for spending in spent if spending.at_ms - 1 in period))
