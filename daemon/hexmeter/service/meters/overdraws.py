"""What everybody used beyond their grants: what the pool, the spend limit and the allocations pay."""

from dataclasses import dataclass, field

from hexmeter.config.model import Config
from hexmeter.core.allocations import Overdraw
from hexmeter.core.grants import Grant, NoGrant, grant_held
from hexmeter.core.meters import grant_key
from hexmeter.core.periods import Period
from hexmeter.core.pool import overdraw
from hexmeter.service.meters.imported import Imported
from hexmeter.store.progress import EVERYBODY
from hexmeter.store.store import Store


@dataclass(frozen=True, slots=True)
class Overdrawn:
    """Everybody's overdraw in one period, by user id. `at_least`: threads of before may be missing.
    `unattributed`: credits were used that are nobody's we know, so the pool may have paid them."""

    by_user: dict[str, Overdraw] = field(default_factory=dict)
    at_least: bool = False
    unattributed: bool = False


class Overdraws:
    """Computed from what is stored, anew only when something was stored since."""

    def __init__(self, config: Config, store: Store, imported: Imported) -> None:
        self._config = config
        self._store = store
        self._imported = imported
        self._cached: tuple[object, Overdrawn] | None = None

    def in_period(self, period: Period) -> Overdrawn:
        """What everybody used beyond their grant in `period`."""
        facts = (period, self._store.revision())
        if self._cached is None or self._cached[0] != facts:
            self._cached = facts, self.until(period, period.end_ms)
        return self._cached[1]

    def until(self, period: Period, until_ms: int) -> Overdrawn:
        """What everybody used beyond their grant in `period`, up to `until_ms`."""
        calibrations = self._store.roster.calibrations_in(period)
        uses = self._imported.uses(Period(period.start_ms, until_ms), calibrations)
        people = {person.id: person for person in self._store.roster.everybody()}
        roles, joined = self._store.roster.roles_in(period), self._store.roster.joined_in(period)
        by_user: dict[str, Overdraw] = {}
        unattributed = False
        for user_id in {*uses, *(people if calibrations else ())}:
            use = uses.get(user_id)
            used_micro, uncertain = (use.used_micro, use.estimated) if use else (0, False)
            person = None if user_id is None else people.get(user_id)
            if person is None:
                # Whose it is, or what their grant was, is not known.
                unattributed = unattributed or used_micro > 0
                continue
            calibration = calibrations.get(grant_key(person.id))
            if calibration is not None and calibration.at_ms <= until_ms:
                used_micro += self._store.offset_micro(person.id, calibration, period)
            grant = grant_held(person, roles.get(person.id, []), self._config.plan, joined=person.id in joined)
            by_user[person.id] = _overdraw(used_micro, grant, uncertain=uncertain)
        progress = self._store.progress
        missing = any(unread.may_count_in(period) for unread in progress.unread().values())
        return Overdrawn(by_user, missing or not progress.listing(EVERYBODY).covers(period), unattributed)


def _overdraw(used_micro: int, grant: Grant | NoGrant, *, uncertain: bool) -> Overdraw:
    if isinstance(grant, NoGrant) and not grant.known and used_micro > 0:
        return Overdraw(unknown=grant.reason)
    beyond_micro = overdraw(used_micro, grant)
    estimated = beyond_micro > 0 and (uncertain or (isinstance(grant, Grant) and grant.estimated))
    return Overdraw(beyond_micro, estimated)
