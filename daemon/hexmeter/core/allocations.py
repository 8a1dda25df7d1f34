"""Allocations: the monthly caps that Admins set on what a person or a group may draw from the add-on pool."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hexmeter.core.burn import burn
from hexmeter.core.meters import Bound, Meter
from hexmeter.core.periods import Period

ALLOCATION = "allocation"
GROUP_PREFIX = "group:"


@dataclass(frozen=True, slots=True)
class Allocation:
    """One cap, in micro-credits a month, as the configuration says: of the people with these `emails`, or of the
    members of Hex's group `group_id`. `name` is an email, or `group:` and the group's name."""

    name: str
    limit_micro: int
    emails: tuple[str, ...] = ()
    group_id: str | None = None

    @property
    def of_group(self) -> bool:
        """Whether it is a group's."""
        return self.name.startswith(GROUP_PREFIX)


@dataclass(frozen=True, slots=True)
class Members:
    """Whom an allocation covers, by Hex's user ids. `changed`: a group that was another one earlier in the period.
    `missing`: emails that nobody has."""

    ids: tuple[str, ...]
    changed: bool = False
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotKnown:
    """There is no figure, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Overdraw:
    """What one person used beyond their grant in a period, or why that is not known."""

    micro: int = 0
    estimated: bool = False
    unknown: str | None = None


def allocation_key(allocation: Allocation, members: Members | NotKnown) -> str:
    """The key of an allocation's meter: a person's survives a change of email."""
    if not allocation.of_group and isinstance(members, Members) and members.ids:
        return f"{ALLOCATION}:user:{members.ids[0]}"
    return f"{ALLOCATION}:{allocation.name}"


def allocation_meter(
    allocation: Allocation,
    members: Members | NotKnown,
    overdraws: Mapping[str, Overdraw],
    period: Period,
    now_ms: int,
    *,
    sees_all: bool,
    adjustment_micro: int = 0,
) -> Meter:
    """The meter of `allocation` in `period`: used is what its members used beyond their grants.

    `overdraws` are by user id; who is not in it used nothing. `sees_all` is False while threads may be missing.
    `adjustment_micro` is a calibration's offset.
    """
    covered = [] if isinstance(members, NotKnown) else [overdraws.get(user_id, Overdraw()) for user_id in members.ids]
    note = _unknown(allocation, members, covered)
    used_micro = None if note else max(0, sum(one.micro for one in covered) + adjustment_micro)
    missing = () if isinstance(members, NotKnown) else members.missing
    if not sees_all or missing:
        bound = Bound.AT_LEAST
    elif any(one.estimated for one in covered) or (isinstance(members, Members) and members.changed):
        bound = Bound.ESTIMATED
    else:
        bound = Bound.EXACT
    return Meter(
        key=allocation_key(allocation, members),
        id=f"{ALLOCATION}:{allocation.name}",
        kind=ALLOCATION,
        label=f"Allocation {allocation.name.removeprefix(GROUP_PREFIX)}",
        limit_micro=allocation.limit_micro,
        used_micro=used_micro,
        bound=bound,
        period=period,
        adjustment_micro=adjustment_micro,
        burn=burn(used_micro, period, now_ms),
        note=note or (_nobody(missing) if missing else None),
    )


def _unknown(allocation: Allocation, members: Members | NotKnown, covered: Sequence[Overdraw]) -> str | None:
    """Why there is no figure; None where there is one."""
    if isinstance(members, NotKnown):
        return members.reason
    if not members.ids and not (allocation.of_group and allocation.group_id):
        return _nobody(members.missing)
    return next((one.unknown for one in covered if one.unknown), None)


def _nobody(emails: Sequence[str]) -> str:
    return f"nobody in the workspace has the email {', '.join(emails)}"
