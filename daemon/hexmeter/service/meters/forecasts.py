"""Forecasts: made anew where a meter changed, or hourly, before the poll's transaction; scored after their period."""

import asyncio
import logging
import sqlite3
from collections import defaultdict
from collections.abc import Sequence

from hexmeter.config.model import Config
from hexmeter.core.forecast import forecast
from hexmeter.core.instants import DAY_MS, HOUR_MS
from hexmeter.core.meters import Meter
from hexmeter.core.outlook import Forecast, NoForecast, Outlook, Warned, from_answer, lasting, shifted
from hexmeter.core.periods import Period
from hexmeter.core.pool import POOL, further_top_ups
from hexmeter.core.scoring import score
from hexmeter.service.meters.figures import Figures
from hexmeter.service.meters.forecastfacts import Facts, Seat
from hexmeter.service.meters.outlooks import why_not
from hexmeter.store.forecasts import Stood
from hexmeter.store.store import Store

log = logging.getLogger(__name__)

_FAILED = NoForecast("the forecast failed; see the daemon's log")
_SCORED_AFTER_MS = DAY_MS
"""A period's last credits are seen only when a sweep has come round to all threads."""

_KEEP_MS = 92 * DAY_MS
"""Forecasts of periods that ended longer ago are forgotten; their scores stay."""


class Forecasts:
    """Forecasts the meters of one store. Between two of them others get their turn on the event loop."""

    def __init__(self, config: Config, store: Store, figures: Figures) -> None:
        self._config = config
        self._store = store
        self._figures = figures
        self._failing: set[str] = set()
        self._scored_in: Period | None = None

    async def make(self, now_ms: int) -> list[Stood]:
        """The outlooks that are due: of meters that changed, and of those whose last one is an hour old.

        Nothing is stored. A forecast that fails is logged, once, and becomes one that is not known.
        """
        complete = self._figures.period_complete(now_ms)
        meters = self._figures.bare(now_ms)
        due = [meter for meter in meters if why_not(meter, complete=complete) is None]
        if not due:
            return []
        facts = Facts(self._config, self._store, self._figures, meters, now_ms)
        made = []
        for meter in due:
            before = self._figures.outlooks.standing(meter.key)
            if before is not None and self._still_holds(before, meter, facts, now_ms):
                continue
            try:
                made.append(await self._forecast(meter, before, facts, now_ms))
                self._failing.discard(meter.key)
            except sqlite3.Error:
                raise
            except Exception:
                if meter.key not in self._failing:
                    log.exception("the forecast of %s met a fault of Hexmeter's own", meter.id)
                self._failing.add(meter.key)
                made.append(_stood(meter, before, facts, now_ms, _FAILED))
            await asyncio.sleep(0)
        return made

    def save(self, made: Sequence[Stood]) -> None:
        """Store what was made; part of a transaction of the caller's."""
        self._store.forecasts.save(made)

    def score_ended(self, now_ms: int) -> None:
        """Score the forecasts of periods that are over, once a sweep has seen all that was used in them."""
        period = self._figures.period(now_ms)
        if self._scored_in == period or now_ms < period.start_ms + _SCORED_AFTER_MS:
            return
        ended: dict[Period, list[str]] = defaultdict(list)
        for meter_key, over in self._store.forecasts.unscored(now_ms - _SCORED_AFTER_MS):
            ended[over].append(meter_key)
        for over, meter_keys in ended.items():
            totals_micro = self._figures.totals_in(meter_keys, over)
            scores = [
                score(key, self._store.forecasts.shown(key, over), over, total_micro)
                for key, total_micro in totals_micro.items()
            ]
            self._store.forecasts.save_scores(found for found in scores if found is not None)
        self._store.forecasts.forget(now_ms - _KEEP_MS)
        self._scored_in = period

    def _still_holds(self, before: Stood, meter: Meter, facts: Facts, now_ms: int) -> bool:
        same = (before.used_micro, before.limit_micro, before.period) == (
            meter.used_micro, meter.limit_micro, facts.period,
        )  # fmt: skip
        # One past period after the other is read: forecasts are made of them all, and of what is there each hour.
        same = same and (before.past == len(facts.past) or facts.reads_history)
        return same and 0 <= now_ms - before.at_ms < HOUR_MS

    async def _forecast(self, meter: Meter, before: Stood | None, facts: Facts, now_ms: int) -> Stood:
        if meter.kind == "grant":
            answer = forecast(facts.request(meter, alert_active=_warned(before, facts).now))
            return _stood(meter, before, facts, now_ms, _outlook(answer, meter, before, facts))
        return await self._forecast_shared(meter, before, facts, now_ms)

    async def _forecast_shared(self, meter: Meter, before: Stood | None, facts: Facts, now_ms: int) -> Stood:
        """The outlook of a meter that counts what several people draw from the pool.

        The pool has no period of its own: what it counts from earlier ones is left out, and the limit is what is left
        and what this period drew. Automatic top-ups are taken to go on up to the spend limit.
        """
        assert meter.limit_micro is not None
        assert meter.used_micro is not None
        limit_micro, used_micro, before_micro, endless = meter.limit_micro, meter.used_micro, 0, False
        if meter.kind == POOL:
            drawn = self._figures.pool.drawn_in(facts.period).drawn_micro[0]
            before_micro = used_micro - drawn
            more = further_top_ups(meter.remaining_micro or 0, drawn, self._config.pool)
            endless = more is None
            if more and self._config.pool.top_up is not None:
                limit_micro += more * self._config.pool.top_up.amount_micro
        seats = facts.seats(meter)
        # Once read they are in memory; of hundreds of seats the rest takes longer than the loop may stand still.
        await _read(facts, seats)
        answer = await asyncio.to_thread(
            lambda: forecast(
                facts.shared_request(
                    seats,
                    limit_micro - before_micro,
                    used_micro - before_micro,
                    alert_active=_warned(before, facts).now,
                )
            )
        )
        outlook = _outlook(answer, meter, before, facts)
        if isinstance(outlook, Forecast):
            outlook = shifted(lasting(outlook) if endless else outlook, before_micro)
        return _stood(meter, before, facts, now_ms, outlook, before_micro)


async def _read(facts: Facts, seats: Sequence[Seat]) -> None:
    """Read what all these people used, a few at a time."""
    for seat in seats:
        facts.events(seat.user_id)
        await asyncio.sleep(0)


def _outlook(answer: dict[str, object], meter: Meter, before: Stood | None, facts: Facts) -> Outlook:
    exhausted = meter.remaining_micro == 0
    return from_answer(answer, _warned(before, facts), exhausted=exhausted)


def _warned(before: Stood | None, facts: Facts) -> Warned:
    """What the meter's last forecast of this period left behind."""
    return before.warned if before is not None and before.period == facts.period else Warned()


def _stood(
    meter: Meter, before: Stood | None, facts: Facts, now_ms: int, outlook: Outlook, before_micro: int = 0
) -> Stood:
    warned = _warned(before, facts)
    return Stood(
        meter_key=meter.key,
        at_ms=now_ms,
        period=facts.period,
        limit_micro=meter.limit_micro or 0,
        used_micro=meter.used_micro or 0,
        past=len(facts.past),
        outlook=outlook,
        # One that is not known changes nothing.
        warned=warned.after(outlook.alert) if isinstance(outlook, Forecast) else warned,
        before_micro=before_micro,
    )
