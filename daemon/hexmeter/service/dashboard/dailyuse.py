"""What each user, model and source used on each of the last days: kept, and told of what the ledger gained."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from hexmeter.core.instants import DAY_MS
from hexmeter.core.periods import Period
from hexmeter.store.store import Store
from hexmeter.store.sums import boundaries

USER, MODEL, SOURCE = "user", "model", "source"

ByName = dict[str | None, int]


class DailyUse:
    """The dashboard asks for a month of days whenever something changed; all but the last stay as they were."""

    def __init__(self, store: Store) -> None:
        self._breakdown = store.breakdown
        self._kept = store.kept
        self._sums = store.ledger.sums
        self._begun: tuple[int, int] | None = None
        self._newest_row = 0
        self._crossings: dict[int, dict[str, ByName]] = {}
        self._kinds: dict[tuple[int, str | None, str | None], int] = {}

    def read(self, since_ms: int, now_ms: int) -> None:
        """Take in what the ledger gained. Daily from the beginning, so that the old are forgotten, and threads whose
        user or model was found out later are theirs."""
        if self._begun != (since_ms, now_ms // DAY_MS):
            self._begun, self._newest_row = (since_ms, now_ms // DAY_MS), 0
            self._crossings, self._kinds = {}, defaultdict(int)
        newest_row = self._breakdown.newest_row()
        if newest_row <= self._newest_row:
            return
        if self._crossings:
            first_ms = self._breakdown.earliest_after(self._newest_row) or 0
            self._crossings = {at_ms: rows for at_ms, rows in self._crossings.items() if at_ms <= first_ms}
        for start_ms, model, source, micro in self._breakdown.kinds(since_ms, self._newest_row):
            self._kinds[start_ms, model, source] += micro
        self._newest_row = newest_row

    def by_user(self, parts: Sequence[Period]) -> list[ByName]:
        """The micro-credits of each user in each of some adjoining `parts` of what was read; under None those of
        nobody."""
        # The last one ends now, which is another one each time.
        ended = [self._kept.ask(self._sums.ended, part) for part in parts[:-1]]
        ended += [self._sums.ended(part) for part in parts[-1:]]
        return self._shared(USER, parts, ended)

    def by_kind(self, word: str, parts: Sequence[Period]) -> list[ByName]:
        """The same of each MODEL, or SOURCE."""
        assert word in (MODEL, SOURCE)
        ended: list[ByName] = [{} for _ in parts]
        starts_ms = boundaries(parts)
        for (start_ms, model, source), micro in self._kinds.items():
            place = bisect_right(starts_ms, start_ms) - 1
            if 0 <= place < len(parts):
                name = model if word == MODEL else source
                ended[place][name] = ended[place].get(name, 0) + micro
        return self._shared(word, parts, ended)

    def _shared(self, word: str, parts: Sequence[Period], ended: Sequence[ByName]) -> list[ByName]:
        """What was used in each part, from what `ended` in it."""
        crossings = [self._crossing(at_ms)[word] for at_ms in boundaries(parts)]
        shared = [dict(names) for names in ended]
        for used, (first, last) in zip(shared, pairwise(crossings), strict=True):
            for spent, sign in ((first, -1), (last, 1)):
                for name, micro in spent.items():
                    used[name] = used.get(name, 0) + sign * micro
        return shared

    def _crossing(self, at_ms: int) -> dict[str, ByName]:
        """What was spent by then of the rows that lie across a midnight."""
        if at_ms not in self._crossings:
            found: dict[str, ByName] = {word: defaultdict(int) for word in (USER, MODEL, SOURCE)}
            for row in self._sums.crossing(at_ms):
                found[USER][row.user_id] += row.credits_micro
                found[MODEL][row.model] += row.credits_micro
                found[SOURCE][row.source] += row.credits_micro
            self._crossings[at_ms] = found
        return self._crossings[at_ms]
