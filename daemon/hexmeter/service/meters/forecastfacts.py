"""What forecasts are made from: each person's hours, the past periods that were read, and whose use a meter counts."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hexmeter.config.model import Config
from hexmeter.core.allocations import ALLOCATION
from hexmeter.core.credits import MICRO, to_number
from hexmeter.core.grants import NoGrant, grant_held
from hexmeter.core.instants import HOUR_MS, SECOND_MS
from hexmeter.core.meters import Meter, grant_key
from hexmeter.core.periods import Period, previous_period
from hexmeter.core.pool import POOL, SPEND
from hexmeter.service.meters.figures import Figures
from hexmeter.store.progress import Listing
from hexmeter.store.store import Store

PAST_PERIODS = 6

_STOPS_BELOW = 1.1
"""Who never used a tenth more than their grant may have been stopped by Hex: the last prompt may go a little beyond."""

Event = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Seat:
    """One person whose use beyond `grant_micro` the pool pays. `adjustment_micro` is what a calibration adds to this
    period's use; who is not `listed` has left, and will use no more."""

    user_id: str
    grant_micro: int
    adjustment_micro: int
    listed: bool


class Facts:
    """The facts of one round of forecasts, read from the store as they are asked for, and kept for the round."""

    def __init__(self, config: Config, store: Store, figures: Figures, meters: Sequence[Meter], now_ms: int) -> None:
        self._config = config
        self._store = store
        self._figures = figures
        self._meters = meters
        self._now_ms = now_ms
        self.period = figures.period(now_ms)
        self.past = self._past_periods()
        self._since_ms = self.past[0].start_ms if self.past else self.period.start_ms
        self._imported = figures.imported
        self._names = figures.imported.names()
        self._pool_pays = self._does_pool_pay()
        self._events: dict[str, list[Event]] = {}

    @property
    def reads_history(self) -> bool:
        """Whether the past is still being read, page by page."""
        watched = self._figures.watched()
        if watched is None or not self._store.progress.access().threads:
            return False
        return any(not self._store.progress.listing(scope).history_done for scope in watched.scopes)

    def request(self, meter: Meter, *, alert_active: bool) -> dict[str, Any]:
        """What `forecast` is asked of a grant.

        `hard_stop` is whether Hex stops this person at the grant. Where the workspace has add-on credits it does not:
        the pool pays beyond. So it is taken to stop only while no pool is known to have anything left, neither from
        `[pool]` or a calibration, nor because anybody's grant, in this period or in one of this person's past ones,
        was exceeded by more than a last prompt.
        """
        user_id = meter.key.removeprefix(grant_key(""))
        events = self.events(user_id)
        return {
            **self._asked(meter.limit_micro or 0, meter.used_micro or 0, alert_active=alert_active),
            "events": events,
            "hard_stop": not self._pool_pays and not self._went_beyond(events, meter.limit_micro or 0),
        }

    def shared_request(
        self, seats: Sequence[Seat], limit_micro: int, used_micro: int, *, alert_active: bool
    ) -> dict[str, Any]:
        """What `forecast` is asked of a meter that counts the overdraw of `seats`, all in terms of this period.

        It is no hard stop: what past months drew was not bounded by what is left today, and of the spend limit it is
        not published whether it stops prompts or purchases. Each seat's `used` is its calibrated use of this period.
        """
        drawn = [event for seat in seats for event in self._draws(seat)]
        return {
            **self._asked(limit_micro, used_micro, alert_active=alert_active),
            "events": sorted(drawn),
            "hard_stop": False,
            "seats": [self._seat(seat) for seat in seats if seat.listed and self.events(seat.user_id)],
        }

    def history(self, meter: Meter) -> list[Event]:
        """What a meter's use came from, hour by hour, over the past periods and this one."""
        if meter.kind == "grant":
            return self.events(meter.key.removeprefix(grant_key("")))
        return sorted(event for seat in self.seats(meter) for event in self._draws(seat))

    def seats(self, meter: Meter) -> list[Seat]:
        """Those whose overdraw a meter counts: an allocation's members, else everybody, also who has no grant."""
        members = self._figures.allocations.covered(self.period).get(meter.key) if meter.kind == ALLOCATION else None
        listed = {person.id for person in self._store.roster.listed()}
        roles = self._store.roster.roles_in(self.period)
        grants = {meter.key: meter for meter in self._meters if meter.kind == "grant"}
        found = []
        for person in self._store.roster.everybody():
            if members is not None and person.id not in members:
                continue
            own = grants.get(grant_key(person.id))
            grant = grant_held(person, roles.get(person.id, []), self._config.plan)
            if isinstance(grant, NoGrant):
                if grant.known:
                    found.append(Seat(person.id, 0, 0, person.id in listed))
                continue
            adjustment_micro = own.adjustment_micro if own else 0
            found.append(Seat(person.id, grant.credits_micro, adjustment_micro, person.id in listed))
        return found

    def events(self, user_id: str) -> list[Event]:
        """What one user used hour by hour, up to now: Unix seconds in the middle of the hour, and credits."""
        if user_id not in self._events:
            amounts = self._store.ledger.sums.hours_of(user_id, self._since_ms)
            hours = [(start_ms + HOUR_MS // 2, micro) for start_ms, micro in amounts if start_ms <= self._now_ms]
            for name in self._names.get(user_id, ()):
                counted = Period(self._since_ms, min(self._imported.counts_before(name), self._now_ms))
                hours += self._store.imports.amounts_of(name, counted)
            self._events[user_id] = [
                (min(at_ms, self._now_ms) / SECOND_MS, micro / MICRO) for at_ms, micro in sorted(hours) if micro > 0
            ]
        return self._events[user_id]

    def _asked(self, limit_micro: int, used_micro: int, *, alert_active: bool) -> dict[str, Any]:
        return {
            "timezone": self._config.zone.key,
            "period_start": self.period.start_ms / SECOND_MS,
            "period_end": self.period.end_ms / SECOND_MS,
            "now": self._now_ms / SECOND_MS,
            "limit": to_number(max(0, limit_micro)),
            "used": to_number(max(0, used_micro)),
            "past_periods": [(past.start_ms / SECOND_MS, past.end_ms / SECOND_MS) for past in self.past],
            "alert_active": alert_active,
        }

    def _seat(self, seat: Seat) -> Mapping[str, Any]:
        events = self.events(seat.user_id)
        used = sum(credits for _, credits in _within(events, self.period))
        return {
            "grant": to_number(seat.grant_micro),
            "events": events,
            "used": max(0.0, used + to_number(seat.adjustment_micro)),
        }

    def _draws(self, seat: Seat) -> list[Event]:
        """What one seat drew from the pool, hour by hour: in each period whatever came after its grant was used."""
        drawn: list[Event] = []
        for period in (*self.past, self.period):
            used = to_number(seat.adjustment_micro) if period == self.period else 0.0
            grant = to_number(seat.grant_micro)
            for at, credits in _within(self.events(seat.user_id), period):
                beyond = max(0.0, used + credits - grant) - max(0.0, used - grant)
                used += credits
                if beyond > 0:
                    drawn.append((at, beyond))
        return drawn

    def _past_periods(self) -> list[Period]:
        """The past periods that were read from their start, oldest first: of others only a part of the use is known."""
        known_from_ms = self._known_from_ms()
        past: list[Period] = []
        period = self.period
        while len(past) < PAST_PERIODS:
            period = previous_period(period, self._config.reset_day, self._config.zone)
            if period.start_ms < known_from_ms:
                break
            past.insert(0, period)
        return past

    def _known_from_ms(self) -> int:
        """Since when all use is known: how far the listings were read, or from the first row of an imported log."""
        watched, logs = self._figures.watched(), self._store.imports.span()
        known_from_ms = 0
        if watched is not None and self._store.progress.access().threads:
            known_from_ms = max(self._read_from_ms(self._store.progress.listing(scope)) for scope in watched.scopes)
        return known_from_ms if logs is None else min(known_from_ms, logs.start_ms)

    def _read_from_ms(self, listing: Listing) -> int:
        read_to_ms = self._now_ms if listing.history_to_ms is None else listing.history_to_ms
        horizon_ms = (listing.watched_since_ms or self._now_ms) - self._config.poll.history_ms
        # A history that ended before its horizon holds all threads there are.
        return 0 if listing.history_done and read_to_ms > horizon_ms else read_to_ms

    def _does_pool_pay(self) -> bool:
        """Whether the pool is known to pay what goes beyond a grant."""
        pool = [meter for meter in self._meters if meter.kind in (POOL, SPEND)]
        if pool:
            return self._config.pool.top_up is not None or any(meter.remaining_micro != 0 for meter in pool)
        return any(
            (meter.used_micro or 0) > _STOPS_BELOW * meter.limit_micro
            for meter in self._meters
            if meter.kind == "grant" and meter.limit_micro
        )

    def _went_beyond(self, events: Sequence[Event], limit_micro: int) -> bool:
        """Whether somebody's use went beyond the grant in any past period."""
        most = _STOPS_BELOW * to_number(limit_micro)
        return any(sum(credits for _, credits in _within(events, period)) > most for period in self.past)


def _within(events: Sequence[Event], period: Period) -> Sequence[Event]:
    """The events of one period."""
    first, last = (bisect_left(events, (at_ms / SECOND_MS,)) for at_ms in (period.start_ms, period.end_ms))
    return events[first:last]
