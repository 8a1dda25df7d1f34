"""The figures: every meter of the configuration, computed from what is stored, as of now."""

from collections.abc import Sequence

from hexmeter.config.model import Config
from hexmeter.core.grants import NoGrant, grant_held
from hexmeter.core.meters import Meter, Use, called, grant_key, grant_meter
from hexmeter.core.periods import Period, period_at
from hexmeter.core.pool import POOL, SPEND
from hexmeter.service.meters.allocationfigures import AllocationFigures
from hexmeter.service.meters.imported import Imported
from hexmeter.service.meters.outlooks import Outlooks
from hexmeter.service.meters.overdraws import Overdraws
from hexmeter.service.meters.poolfigures import PoolFigures
from hexmeter.service.meters.promptcosts import CostsByUser, UserCosts
from hexmeter.service.meters.runfigures import RunFigures
from hexmeter.service.meters.sight import SEES_EVERYTHING, Sight, sees_whole
from hexmeter.service.refused import Refused
from hexmeter.service.watch import Watched, WatchError, effective_watch, resolve
from hexmeter.store.progress import EVERYBODY
from hexmeter.store.store import Store
from hexmeter.wire.shapes import Failure

_NAMED_IN_HINT = 5

_TO_BE_NAMED = {
    POOL: "Hex tells programs no balance: hexmeter calibrate pool 420 says what its page shows, as [pool] balance does",
    SPEND: "set [pool] monthly_spend_limit in the configuration",
}
"""The meters that are there once somebody says their figure, and how."""


class Figures:
    """Meters from one configuration and one store. Nothing here asks Hex, and nothing is written."""

    def __init__(self, config: Config, store: Store) -> None:
        self._config = config
        self._store = store
        self.imported = Imported(store, config.zone, self.watched, self._sees_whole)
        overdraws = Overdraws(config, store, self.imported)
        self.pool = PoolFigures(config, store, overdraws)
        self.allocations = AllocationFigures(config, store, overdraws)
        self.costs = CostsByUser(store.breakdown)
        self.runs = RunFigures(config, store, self.watched)
        self.outlooks = Outlooks(store)

    def period(self, now_ms: int) -> Period:
        """The current period of grants."""
        return period_at(now_ms, self._config.reset_day, self._config.zone)

    def watched(self) -> Watched | None:
        """Who is watched, as far as known; None before Hex ever said who the token is."""
        return self._store.kept.ask(self._who_is_watched)

    def _who_is_watched(self) -> Watched | None:
        identity = self._store.progress.identity()
        if identity is None:
            return None
        try:
            watch = effective_watch(self._config.watch, identity)
        except WatchError:
            return None
        return resolve(watch, identity, self._store.roster.listed() if self._store.progress.access().people else None)

    def sight(self) -> Sight:
        """What is seen of whom at present."""
        progress, watched = self._store.progress, self.watched()
        listings, tracked = None, False
        if progress.access().threads:
            listings = {scope: progress.listing(scope) for scope in (watched.scopes if watched else ())}
        else:
            tracked = any(self._store.ledger.thread(tracked.thread_id) for tracked in progress.tracked())
        return Sight(progress.identity(), watched, listings, tracked, progress.unread().values())

    def meters(self, now_ms: int) -> list[Meter]:
        """All meters with their outlooks, nearest to their limit first; those without figures last."""
        period, complete = self.period(now_ms), self.period_complete(now_ms)
        return [self.outlooks.filled(meter, period, complete=complete) for meter in self.bare(now_ms)]

    def bare(self, now_ms: int) -> list[Meter]:
        """The same without their outlooks."""
        sight = self.sight()
        watched = sight.watched
        if watched is None:
            return []
        period = self.period(now_ms)
        costs = self.costs.of_everybody(period, now_ms)
        roster = self._store.roster
        roles, joined, left = roster.roles_in(period), roster.joined_in(period), roster.left_before(period)
        calibrations = self._store.roster.calibrations_in(period)
        uses = self.imported.uses(period, calibrations)
        gone = left - uses.keys()
        meters = []
        for person in watched.people if watched.people is not None else roster.everybody():
            grant = grant_held(person, roles.get(person.id, []), self._config.plan, joined=person.id in joined)
            if watched.people is None and (person.id in gone or (isinstance(grant, NoGrant) and grant.known)):
                continue
            calibration = calibrations.get(grant_key(person.id))
            adjustment_micro = 0
            if calibration is not None:
                adjustment_micro = self._store.offset_micro(person.id, calibration, period)
            has_figure = calibration is not None or sight.has_looked(person.id)
            spent = costs.get(person.id, UserCosts())
            meters.append(
                grant_meter(
                    person,
                    grant,
                    uses.get(person.id) or (Use() if has_figure else None),
                    period,
                    now_ms,
                    adjustment_micro=adjustment_micro,
                    sees_all=sight.sees_all(person.id, period),
                    prompts=spent.period,
                    recent=spent.recent,
                )
            )
        unseen = self.unseen()
        meters += self.pool.meters(now_ms, unseen) + self.allocations.meters(now_ms, unseen)
        meters += self.runs.meters(now_ms)
        return sorted(meters, key=_nearest_first)

    def named(self, name: str, now_ms: int) -> Meter:
        """The meter that a person calls `name`: its id, its label, or an email for that person's grant;
        "grant" alone is one's own, or the only one. Raises Refused."""
        identity = self._store.progress.identity()
        own = identity.person if identity else None
        meters = self.meters(now_ms)
        wanted = called(name)
        if name.lower() == "grant":
            grants = [meter for meter in meters if meter.kind == "grant"]
            if own is not None:
                wanted = frozenset({grant_key(own.id).lower()})
            elif len(grants) == 1:
                return grants[0]
            elif grants:
                raise Refused(_several(grants))
        for meter in meters:
            if wanted & {meter.id.lower(), meter.key.lower()}:
                return meter
        labelled = [meter for meter in meters if meter.label.lower() == name.lower()]
        if len(labelled) == 1:
            return labelled[0]
        hint = _TO_BE_NAMED.get(name.lower(), f"there are: {_listed(meters)}")
        raise Refused(Failure("no_such_meter", f"there is no meter {name[:80]!r}", hint, 2))

    def totals_in(self, meter_keys: Sequence[str], period: Period) -> dict[str, int]:
        """What meters came to in a period that is over, as far as that is known: micro-credits by their keys."""
        calibrations = self._store.roster.calibrations_in(period)
        uses = self.imported.uses(period, calibrations)
        totals_micro = self.allocations.drawn_in(period)
        for key in meter_keys:
            calibration = calibrations.get(key)
            if key in (POOL, SPEND):
                draw = self.pool.drawn_in(period)
                if draw.unknown is None:
                    ahead_micro = calibration.offset_micro if calibration and key == SPEND else 0
                    totals_micro[key] = max(0, draw.drawn_micro[0] + ahead_micro)
            elif key.startswith(grant_key("")):
                user_id = key.removeprefix(grant_key(""))
                ahead_micro = self._store.offset_micro(user_id, calibration, period) if calibration else 0
                totals_micro[key] = max(0, uses.get(user_id, Use()).used_micro + ahead_micro)
        return {key: totals_micro[key] for key in meter_keys if key in totals_micro}

    def unseen(self) -> str | None:
        """Why not everybody's threads are seen, which pool, spend limit and allocations need; None when they are."""
        identity, watched = self._store.progress.identity(), self.watched()
        if identity is None or watched is None:
            return "nothing was read yet"
        own = identity.person
        if not self._store.progress.access().threads or (own is not None and own.role not in SEES_EVERYTHING):
            return "it needs everybody's threads, which Hex shows to Admins and workspace tokens alone"
        if EVERYBODY not in watched.scopes:
            return 'it needs everybody\'s threads: set [watch] users = "everyone"'
        looked = self._store.progress.listing(EVERYBODY).watched_since_ms is not None
        return None if looked else "nothing was read yet"

    def period_complete(self, now_ms: int) -> bool:
        """Whether the listings were read back to the start of the current period, or cannot be read at all."""
        watched = self.watched()
        if watched is None:
            return False
        period = self.period(now_ms)
        return not self._store.progress.access().threads or all(
            self._store.progress.listing(scope).covers(period) for scope in watched.scopes
        )

    def _sees_whole(self, user_id: str) -> bool:
        return sees_whole(self._store.progress.identity(), user_id)


def _nearest_first(meter: Meter) -> tuple[bool, float, str]:
    if meter.limit_micro is None or meter.used_micro is None:
        return True, 0.0, meter.label
    return False, -meter.used_micro / meter.limit_micro, meter.label


def _several(grants: Sequence[Meter]) -> Failure:
    example = grants[0].id.removeprefix("grant:")
    hint = f"name one with --meter EMAIL, or EMAIL in place of grant: {example}"
    return Failure(
        "several_grants", f"{len(grants)} grants are watched, and a workspace token has none itself", hint, 2
    )


def _listed(meters: Sequence[Meter]) -> str:
    """The first meters' names, and how to see the others."""
    names = ", ".join(
        meter.id.removeprefix("grant:") if "@" in meter.id else meter.id for meter in meters[:_NAMED_IN_HINT]
    )
    more = len(meters) - _NAMED_IN_HINT
    return f"{names or 'none'}{f' and {more} more: hexmeter status --json' if more > 0 else ''}"
