"""What prompts cost, of each user in the period and lately: kept in memory, and told of what the ledger gained."""

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from itertools import pairwise
from operator import add, attrgetter, itemgetter

from hexmeter.core.burn import RECENT_DAYS, PromptCosts, prompt_costs
from hexmeter.core.instants import DAY_MS, HOUR_MS
from hexmeter.core.periods import Period
from hexmeter.core.prompts import even_parts
from hexmeter.core.signals import Prompt
from hexmeter.store.breakdown import Breakdown


@dataclass(frozen=True, slots=True)
class UserCosts:
    """One user's prompts: those of the period, and of the last 30 days."""

    period: PromptCosts | None = None
    recent: PromptCosts | None = None


Spread = tuple[list[int], list[Prompt]]
"""How many prompts cost how much, and the dearest of them."""


@dataclass(slots=True)
class _Book:
    """One user's prompts as columns: the thread's key, the last instant at which it was spent, the micro-credits."""

    threads: "array[int]" = field(default_factory=lambda: array("q"))
    spent_ms: "array[int]" = field(default_factory=lambda: array("q"))
    costs: "array[int]" = field(default_factory=lambda: array("q"))
    answer: UserCosts | None = None
    spread: Spread | None = None

    def add(self, thread_key: int, spent_ms: int, cost_micro: int) -> None:
        self.threads.append(thread_key)
        self.spent_ms.append(spent_ms)
        self.costs.append(cost_micro)
        self.answer = self.spread = None

    def drop(self, thread_key: int) -> None:
        """Forget what is known of a thread."""
        kept = [index for index, key in enumerate(self.threads) if key != thread_key]
        self.threads, self.spent_ms, self.costs = (
            array("q", [column[index] for index in kept]) for column in (self.threads, self.spent_ms, self.costs)
        )
        self.answer = self.spread = None

    def within(self, period: Period) -> PromptCosts | None:
        """What the prompts of `period` cost."""
        return prompt_costs([cost for at, cost in zip(self.spent_ms, self.costs, strict=True) if at in period])

    def spread_over(self, period: Period, edges_micro: Sequence[int], most: int) -> Spread:
        """How many prompts of `period` cost less than each edge and no less than the one before, how many more than
        all; and the dearest."""
        rows = [row for row in zip(self.threads, self.spent_ms, self.costs, strict=True) if row[1] in period]
        costs = sorted(row[2] for row in rows)
        below = [0, *(bisect_left(costs, edge) for edge in edges_micro), len(costs)]
        dearest = [Prompt(*row) for row in nlargest(most, rows, key=itemgetter(2))]
        return [after - before for before, after in pairwise(below)], dearest


class CostsByUser:
    """The prompts of all users since the period began, or for 30 days where that is longer.

    Status is asked for every few seconds, and a large workspace has a quarter of a million prompts in a month: so only
    new rows are read, and only the figures of those whose rows they are worked out anew.
    """

    def __init__(self, breakdown: Breakdown) -> None:
        self._breakdown = breakdown
        self._books: dict[str | None, _Book] = {}
        self._newest_row = 0
        self._read_for: tuple[Period, int] | None = None
        self._hour_ms = 0

    def of(self, user_id: str | None, period: Period, now_ms: int) -> UserCosts:
        """What the prompts of one user cost."""
        self._refresh(period, now_ms)
        book = self._books.get(user_id)
        return UserCosts() if book is None else self._answer(book, period)

    def of_everybody(self, period: Period, now_ms: int) -> dict[str | None, UserCosts]:
        """The same of all who prompted."""
        self._refresh(period, now_ms)
        return {user_id: self._answer(book, period) for user_id, book in self._books.items()}

    def prompts(self, user_id: str | None, period: Period, now_ms: int, since_ms: int) -> list[Prompt]:
        """The prompts of one user that were spent after `since_ms`, as far as they are kept here."""
        self._refresh(period, now_ms)
        book = self._books.get(user_id)
        if book is None:
            return []
        return [Prompt(*row) for row in zip(book.threads, book.spent_ms, book.costs, strict=True) if row[1] > since_ms]

    def within(self, period: Period) -> dict[str | None, PromptCosts | None] | None:
        """What each user's prompts of any `period` cost; None where it reaches further back than is kept here."""
        if self._read_for is None or period.start_ms < self._since_ms(self._read_for[0]):
            return None
        self._read_new()
        return {user_id: book.within(period) for user_id, book in self._books.items()}

    def _answer(self, book: _Book, period: Period) -> UserCosts:
        if book.answer is None:
            book.answer = UserCosts(book.within(period), book.within(self._recent()))
        return book.answer

    def spread(
        self, period: Period, now_ms: int, edges_micro: Sequence[int], most: int
    ) -> tuple[Period, list[int], list[Prompt]]:
        """The last 30 days; how many prompts of everybody cost how much in them, see `_Book`; and at most so many of
        the dearest."""
        self._refresh(period, now_ms)
        counts, dearest = [0] * (len(edges_micro) + 1), list[Prompt]()
        for book in self._books.values():
            if book.spread is None:
                book.spread = book.spread_over(self._recent(), edges_micro, most)
            counts = [*map(add, counts, book.spread[0])]
            dearest += book.spread[1]
        return self._recent(), counts, nlargest(most, dearest, key=attrgetter("cost_micro"))

    def _recent(self) -> Period:
        return Period(self._hour_ms - RECENT_DAYS * DAY_MS, self._hour_ms + HOUR_MS)

    def _since_ms(self, period: Period) -> int:
        return min(period.start_ms, self._recent().start_ms)

    def _refresh(self, period: Period, now_ms: int) -> None:
        hour_ms = now_ms // HOUR_MS * HOUR_MS
        # Daily from the beginning, so that the old are forgotten, and threads follow a user who was found out later.
        day = now_ms // DAY_MS
        if self._read_for != (period, day):
            self._read_for = period, day
            self._books, self._newest_row = {}, 0
        if self._hour_ms != hour_ms:
            self._hour_ms = hour_ms
            for book in self._books.values():
                book.answer = book.spread = None
        self._read_new()

    def _read_new(self) -> None:
        """Take in the rows since the last time; a thread with rows that belong to earlier ones is read whole."""
        newest_row = self._breakdown.newest_row()
        if self._read_for is None or newest_row <= self._newest_row:
            return
        since_ms = self._since_ms(self._read_for[0])
        rows = self._breakdown.prompted(since_ms, self._newest_row)
        self._newest_row = newest_row
        whole = {thread_key for thread_key, _, _, _, prompts in rows if prompts == 0}
        books = defaultdict(_Book, self._books)
        for thread_key, user_id, spent_ms, credits_micro, prompts in rows:
            if thread_key not in whole:
                for part in even_parts(credits_micro, prompts) if prompts > 1 else (credits_micro,):
                    books[user_id].add(thread_key, spent_ms, part)
        for thread_key, user_id in {(row[0], row[1]) for row in rows if row[0] in whole}:
            book = books[user_id]
            book.drop(thread_key)
            for spent_ms, cost_micro in self._breakdown.costs_of(thread_key):
                if spent_ms >= since_ms:
                    book.add(thread_key, spent_ms, cost_micro)
        self._books = dict(books)
