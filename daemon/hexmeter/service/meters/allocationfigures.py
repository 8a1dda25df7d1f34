"""The meters of allocations, from what their members used beyond their grants."""

from hexmeter.config.model import Config
from hexmeter.core.allocations import Allocation, Members, NotKnown, Overdraw, allocation_key, allocation_meter
from hexmeter.core.meters import Meter
from hexmeter.core.periods import Period, period_at
from hexmeter.service.meters.overdraws import Overdrawn, Overdraws
from hexmeter.store.store import Store


class AllocationFigures:
    """What the meters of `[allocations]` show. Nothing here asks Hex, and nothing is written."""

    def __init__(self, config: Config, store: Store, overdraws: Overdraws) -> None:
        self._config = config
        self._store = store
        self._overdraws = overdraws

    def meters(self, now_ms: int, unseen: str | None) -> list[Meter]:
        """The meters that are configured; `unseen` says why not everybody's threads are seen."""
        if not self._config.allocations:
            return []
        period = period_at(now_ms, self._config.reset_day, self._config.zone)
        overdrawn = Overdrawn() if unseen else self._overdraws.in_period(period)
        calibrations = self._store.roster.calibrations_in(period)
        meters = []
        for allocation in self._config.allocations:
            members = self._members(allocation, period)
            calibration = calibrations.get(allocation_key(allocation, members))
            meters.append(
                allocation_meter(
                    allocation,
                    NotKnown(unseen) if unseen and not isinstance(members, NotKnown) else members,
                    overdrawn.by_user,
                    period,
                    now_ms,
                    sees_all=not overdrawn.at_least,
                    adjustment_micro=calibration.offset_micro if calibration else 0,
                )
            )
        return meters

    def covered(self, period: Period) -> dict[str, tuple[str, ...]]:
        """Whom each allocation covers, as far as that is known: user ids by the meter's key."""
        found = {}
        for allocation in self._config.allocations:
            members = self._members(allocation, period)
            if isinstance(members, Members):
                found[allocation_key(allocation, members)] = members.ids
        return found

    def drawn_in(self, period: Period) -> dict[str, int]:
        """What each allocation's members drew in a period that is over, in micro-credits by the meter's key."""
        by_user, calibrations = self._overdraws.in_period(period).by_user, self._store.roster.calibrations_in(period)
        drawn_micro = {}
        for key, user_ids in self.covered(period).items():
            draws = [by_user.get(user_id, Overdraw()) for user_id in user_ids]
            ahead_micro = calibrations[key].offset_micro if key in calibrations else 0
            if not any(draw.unknown for draw in draws):
                drawn_micro[key] = max(0, sum(draw.micro for draw in draws) + ahead_micro)
        return drawn_micro

    def _members(self, allocation: Allocation, period: Period) -> Members | NotKnown:
        if allocation.group_id is not None:
            group = self._store.groups.get(allocation.group_id)
            if group is None:
                return NotKnown(f"the members of the group {allocation.group_id} were not read yet")
            if group.problem is not None:
                return NotKnown(group.problem)
            changed = group.changed_ms is not None and group.changed_ms >= period.start_ms
            return Members(group.members, changed=changed)
        found = {email: self._store.roster.by_email(email) for email in allocation.emails}
        return Members(
            ids=tuple(person.id for person in found.values() if person is not None),
            missing=tuple(email for email, person in found.items() if person is None),
        )
