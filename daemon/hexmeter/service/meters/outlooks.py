"""The outlook of each meter as it was stored last, and how far it holds for what the meter shows now."""

from dataclasses import replace

from hexmeter.core.allocations import ALLOCATION
from hexmeter.core.meters import Meter
from hexmeter.core.outlook import NO_FIGURE, NOTHING_YET, NoForecast, Outlook
from hexmeter.core.periods import Period
from hexmeter.core.pool import POOL, SPEND
from hexmeter.store.forecasts import Stood
from hexmeter.store.store import Store

_FORECAST = frozenset({"grant", POOL, SPEND, ALLOCATION})
_READING = NoForecast("the threads of this period are still being read")


class Outlooks:
    """Fills meters with what is stored of them; nothing is computed here."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def filled(self, meter: Meter, period: Period, *, complete: bool) -> Meter:
        """The meter with its outlook, and the record of its forecasts. `period` is the current one of grants."""
        record = self._store.kept.ask(self._store.forecasts.records).get(meter.key)
        outlook = why_not(meter, complete=complete) or self._stored(meter, period)
        return replace(meter, outlook=outlook, record=record if record is not None and record.tells else None)

    def standing(self, meter_key: str) -> Stood | None:
        """The last outlook of a meter, of whatever period."""
        return self._store.kept.ask(self._store.forecasts.standing).get(meter_key)

    def _stored(self, meter: Meter, period: Period) -> Outlook:
        stood = self.standing(meter.key)
        # Of another period, or of another limit, it answers a question that nobody asks any more.
        if stood is None or stood.period != (meter.period or period) or stood.limit_micro != meter.limit_micro:
            return NOTHING_YET
        return stood.outlook


def why_not(meter: Meter, *, complete: bool) -> NoForecast | None:
    """Why nothing can be forecast of a meter, whatever was stored; None where it can.

    `complete`: the listings were read back to the period's start. Before that a forecast would be of half the figures.
    """
    if meter.kind not in _FORECAST:
        # Runs know their own reason.
        return meter.outlook if isinstance(meter.outlook, NoForecast) else NOTHING_YET
    if meter.limit_micro is None or meter.used_micro is None:
        return NoForecast(meter.note) if meter.note else NO_FIGURE if complete else _READING
    return None if complete else _READING
