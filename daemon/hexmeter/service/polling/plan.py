"""The plan of polls: how many requests one may send, and which threads are looked at sooner than their turn."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from hexmeter.core.instants import HOUR_MS, MINUTE_MS, SECOND_MS

QUIET_REQUESTS = 3
"""A poll sends at most so many requests, the sweep's included, while nothing that it sweeps grows."""

BUSY_REQUESTS = 20
"""And at most so many while something did in this round or the last: a round of 20,000 threads then takes an hour."""

HOT_PER_POLL = 5
HOT_FOR_MS = HOUR_MS
"""A thread that grew is looked at in each poll for so long, not only when the sweep comes round to it."""

OLDER_PAGES_PER_ROUND = 8
"""After each round so many pages of threads older than the window are looked at. With 200 new threads a day a quiet
round takes 124 pages, so these are what six hours of two pages every five minutes have room for."""

_FIRST_RETRY_MS = 20 * SECOND_MS
_SWEEP_AT_LEAST_EVERY = 10
_SHARE = 0.8
"""Of the budget's rate so much is planned with: one that is used to the last makes every request wait."""


def again_in_ms(failures: int, interval_ms: int) -> int | None:
    """How long after the last of so many failed polls in a row it is tried again: twice as long each time; None where
    the interval's own tick comes sooner."""
    pause_ms = _FIRST_RETRY_MS << min(failures - 1, 20)
    return pause_ms if pause_ms < interval_ms else None


@dataclass
class Effort:
    """What polls may spend on sweeping. `rate_per_minute` is the budget's: quick polls share it with their sweeps."""

    rate_per_minute: float
    spare: float = float(BUSY_REQUESTS)
    _polls: int = 0
    _grew: dict[str, bool] = field(default_factory=dict)
    _grew_last_round: dict[str, bool] = field(default_factory=dict)

    def begin(self, elapsed_ms: int) -> None:
        """A poll begins, so long after the last one."""
        self._polls += 1
        self.spare = min(BUSY_REQUESTS, self.spare + _SHARE * self.rate_per_minute * elapsed_ms / MINUTE_MS)

    def spend(self, requests: int) -> None:
        """So many requests were sent."""
        self.spare -= requests

    def busy(self, scope: str) -> bool:
        """Whether a thread of this listing grew out of sight of its newest pages, in this round or the last."""
        return self._grew.get(scope, False) or self._grew_last_round.get(scope, False)

    def sweep_pages(self, scope: str, sent: int) -> int:
        """How many pages of a listing may be swept in a poll that has sent so many requests already.

        Where polls come so often that the budget is used up by their newest pages, every tenth sweeps one all the same.
        """
        plan = (BUSY_REQUESTS if self.busy(scope) else QUIET_REQUESTS) - sent
        least = 1 if self._polls % _SWEEP_AT_LEAST_EVERY == 0 else 0
        return max(min(plan, int(self.spare)), min(plan, least), 0)

    def note_growth(self, scope: str) -> None:
        """Something that was swept had grown."""
        self._grew[scope] = True

    def end_round(self, scope: str) -> None:
        """The sweep of a listing came to the window's end."""
        self._grew_last_round[scope] = self._grew.pop(scope, False)


@dataclass
class Hot:
    """Threads that grew lately, and were not seen on the newest pages."""

    _grew_ms: dict[str, int] = field(default_factory=dict)

    def note(self, thread_ids: Iterable[str], now_ms: int) -> None:
        """These threads were just seen to have grown."""
        for thread_id in thread_ids:
            # Last in, last out: who waits longest is looked at first.
            self._grew_ms.pop(thread_id, None)
            self._grew_ms[thread_id] = now_ms

    def due(self, now_ms: int, seen: frozenset[str]) -> list[str]:
        """The threads to look at now, those in `seen` apart; who has not grown for an hour is forgotten."""
        self._grew_ms = {name: at_ms for name, at_ms in self._grew_ms.items() if 0 <= now_ms - at_ms < HOT_FOR_MS}
        chosen = [thread_id for thread_id in self._grew_ms if thread_id not in seen][:HOT_PER_POLL]
        for thread_id in chosen:
            self._grew_ms[thread_id] = self._grew_ms.pop(thread_id)
        return chosen

    def forget(self, thread_id: str) -> None:
        """This thread cannot be looked at by itself."""
        self._grew_ms.pop(thread_id, None)
