"""The meters of the add-on pool and the spend limit, from what everybody used beyond their grants."""

from hexmeter.config.model import Config
from hexmeter.core.burn import burn
from hexmeter.core.meters import Meter
from hexmeter.core.periods import Period, period_at
from hexmeter.core.pool import POOL, SPEND, Balance, Draw, pool_meter, spend_meter, top_ups
from hexmeter.service.meters.overdraws import Overdraws
from hexmeter.store.store import Store

_MOST_PERIODS = 24
"""A balance older than two years says nothing any more."""


class PoolFigures:
    """What the pool's two meters show. Nothing here asks Hex, and nothing is written."""

    def __init__(self, config: Config, store: Store, overdrawn: Overdraws) -> None:
        self._config = config
        self._store = store
        self._overdrawn = overdrawn

    def meters(self, now_ms: int, unseen: str | None) -> list[Meter]:
        """The meters that are configured or calibrated; `unseen` says why not everybody's threads are seen."""
        balance, limit_micro = self.balance(), self._config.pool.spend_limit_micro
        if balance is None and limit_micro is None:
            return []
        period = period_at(now_ms, self._config.reset_day, self._config.zone)
        month, since = self._draws(balance, period, unseen)
        adjustment_micro = self._adjustment(period)
        rates = burn(None if month.unknown else month.drawn_micro[-1], period, now_ms)
        meters = []
        if balance is not None:
            meters.append(pool_meter(balance, since, self._config.pool, rates))
        if limit_micro is not None:
            meters.append(spend_meter(limit_micro, month, period, rates, adjustment_micro))
        return meters

    def top_ups(self, now_ms: int, unseen: str | None) -> int | None:
        """How many top-ups are assumed in this period; None where the pool is not known."""
        balance = self.balance()
        if balance is None:
            return None
        _, since = self._draws(balance, period_at(now_ms, self._config.reset_day, self._config.zone), unseen)
        if since.unknown:
            return None
        plan, drawn = self._config.pool, since.drawn_micro
        return top_ups(balance.remaining_micro, drawn, plan) - top_ups(balance.remaining_micro, drawn[:-1], plan)

    def balance(self) -> Balance | None:
        """The balance in force: the later of the configuration's and the last calibration's."""
        read = self._store.roster.last_calibration(POOL)
        calibrated = None if read is None else Balance(read.at_ms, read.offset_micro, read.used_micro)
        known = [balance for balance in (self._config.pool.balance, calibrated) if balance is not None]
        return max(known, key=lambda balance: balance.at_ms, default=None)

    def drawn_in(self, period: Period) -> Draw:
        """What everybody drew from the pool in the whole of `period`."""
        return self._draw_in(period, period.start_ms)

    def _adjustment(self, period: Period) -> int:
        calibration = self._store.roster.calibrations_in(period).get(SPEND)
        return calibration.offset_micro if calibration else 0

    def _draws(self, balance: Balance | None, period: Period, unseen: str | None) -> tuple[Draw, Draw]:
        """This period's draw, and that since the balance was read; computed anew only when something was stored."""
        if unseen is not None:
            return Draw(unknown=unseen), Draw(unknown=unseen)
        return self._store.kept.ask(self._seen_draws, balance, period)

    def _seen_draws(self, balance: Balance | None, period: Period) -> tuple[Draw, Draw]:
        month = self._draw_in(period, period.start_ms)
        return month, month if balance is None else self._draw_since(balance.at_ms, period)

    def _draw_since(self, since_ms: int, period: Period) -> Draw:
        draws = [self._draw_in(period, max(since_ms, period.start_ms))]
        while period.start_ms > since_ms and len(draws) < _MOST_PERIODS:
            period = period_at(period.start_ms - 1, self._config.reset_day, self._config.zone)
            draws.insert(0, self._draw_in(period, max(since_ms, period.start_ms)))
        return Draw(
            drawn_micro=tuple(sum(draw.drawn_micro) for draw in draws),
            estimated=any(draw.estimated for draw in draws),
            at_least=any(draw.at_least for draw in draws),
            unknown=next((draw.unknown for draw in draws if draw.unknown), None),
        )

    def _draw_in(self, period: Period, since_ms: int) -> Draw:
        """What was drawn in `period` from `since_ms` on: everybody's use beyond their grant, less what was before."""
        whole = self._overdraws(period, period.end_ms)
        if since_ms <= period.start_ms or whole.unknown:
            return whole
        before = self._overdraws(period, since_ms)
        drawn_micro = max(0, whole.drawn_micro[0] - before.drawn_micro[0])
        return Draw((drawn_micro,), whole.estimated, whole.at_least, before.unknown)

    def _overdraws(self, period: Period, until_ms: int) -> Draw:
        """What everybody used beyond their grant in `period`, up to `until_ms`, together."""
        whole = until_ms == period.end_ms
        drawn = self._overdrawn.in_period(period) if whole else self._overdrawn.until(period, until_ms)
        if unknown := next((one.unknown for one in drawn.by_user.values() if one.unknown), None):
            return Draw(unknown=unknown)
        # Of what is nobody's the pool may have paid a part.
        at_least = drawn.at_least or drawn.unattributed
        users = drawn.by_user.values()
        return Draw((sum(one.micro for one in users),), any(one.estimated for one in users), at_least)
