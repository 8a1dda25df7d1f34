"""The courses of meters: what each had used at the end of every day of its period, and of past ones."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from hexmeter.config.model import Config
from hexmeter.core.credits import to_number
from hexmeter.core.instants import to_iso
from hexmeter.core.meters import Meter, grant_key
from hexmeter.core.periods import Period, days_between
from hexmeter.service.figures import Figures
from hexmeter.store.store import Store

Daily = Sequence[Mapping[str | None, int]]
"""For each of some days the micro-credits by user."""


class Courses:
    """What the pictures of meters are drawn from. Nothing here asks Hex, and nothing is written."""

    def __init__(self, config: Config, store: Store, figures: Figures) -> None:
        self._config = config
        self._store = store
        self._figures = figures

    def of(self, meters: Iterable[Meter], read_ms: int, now_ms: int) -> dict[str, dict[str, Any]]:
        """The course of each grant by the meter's id, up to `read_ms`, when its figures were read."""
        period = self._figures.period(now_ms)
        known = Period(period.start_ms, max(period.start_ms, min(read_ms, period.end_ms)))
        days = [part for _, part in days_between(known.start_ms, known.end_ms, self._config.zone)]
        daily = self._daily(days)
        calibrations = self._store.roster.calibrations_in(period)
        courses = {}
        for meter in meters:
            if meter.kind != "grant" or meter.used_micro is None:
                continue
            user_id = meter.key.removeprefix(grant_key(""))
            totals = list(accumulate((users.get(user_id, 0) for users in daily), initial=0))
            if meter.key in calibrations:
                at_ms = calibrations[meter.key].at_ms
                ends_ms = [period.start_ms, *(day.end_ms for day in days)]
                totals = [
                    max(0, total + (meter.adjustment_micro if end_ms > at_ms else 0))
                    for total, end_ms in zip(totals, ends_ms, strict=True)
                ]
            # Whatever else a figure counts, the line leads to it.
            courses[meter.id] = _course(period, days, [*totals[:-1], meter.used_micro])
        return courses

    def _daily(self, days: Sequence[Period]) -> Daily:
        """What each user used on each of these adjoining days, with what counts of imported logs."""
        return self._store.ledger.sums.by_part_and_user(days) if days else []


def _course(period: Period, days: Sequence[Period], totals_micro: Sequence[int]) -> dict[str, Any]:
    points = [(period.start_ms, totals_micro[0])] if days else []
    points += [(day.end_ms, micro) for day, micro in zip(days, totals_micro[1:], strict=True)]
    return {
        "start": to_iso(period.start_ms),
        "end": to_iso(period.end_ms),
        "points": [[to_iso(at_ms), to_number(micro)] for at_ms, micro in points],
        "past": [],
    }
