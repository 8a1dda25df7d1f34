"""Grants: the monthly credits of a seat, from the tier and the role, or as the configuration says."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hexmeter.core.credits import MICRO
from hexmeter.core.model import SEATED_AS_EDITOR, Person

EDITOR_GRANT_MICRO = {"professional": 30 * MICRO, "team": 40 * MICRO, "enterprise": 60 * MICRO}
"""Hex's published monthly grants of an Editor seat, by tier."""

EXPLORER_GRANT_MICRO = 10 * MICRO
_SEATLESS = frozenset({"MEMBER", "GUEST", "EMBEDDED_USER", "ANONYMOUS"})


@dataclass(frozen=True, slots=True)
class Plan:
    """What `[plan]` says of grants: the tier, one grant for every seat, and grants of single people by email."""

    tier: str | None = None
    grant_micro: int | None = None
    grants_micro: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grant:
    """A seat's monthly credits. `estimated`: the seat was inferred from a role that does not prove it."""

    credits_micro: int
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class NoGrant:
    """There is no grant to show; `known` tells a role without a seat from one whose grant is not known."""

    known: bool
    reason: str


def grant_of(email: str | None, role: str | None, plan: Plan) -> Grant | NoGrant:
    """The grant of a person with this role. A person's own figure wins over one for all, and that over the tier's."""
    if email is not None and email in plan.grants_micro:
        return Grant(plan.grants_micro[email])
    if role in _SEATLESS:
        return NoGrant(True, f"a {role.lower() if role else 'guest'} has no seat, so no grant")
    if plan.grant_micro is not None:
        return Grant(plan.grant_micro)
    if role == "EXPLORER":
        return Grant(EXPLORER_GRANT_MICRO)
    if role not in SEATED_AS_EDITOR:
        return NoGrant(False, f"the grant of the role {role or '(none)'} is not known; set [plan] grant")
    if plan.tier is None:
        return NoGrant(False, "the workspace's tier is not known; set [plan] tier or [plan] grant")
    return Grant(EDITOR_GRANT_MICRO[plan.tier], estimated=role != "EDITOR")


def grant_held(person: Person, roles: Sequence[str], plan: Plan, *, joined: bool = False) -> Grant | NoGrant:
    """The grant that holds for a period: the highest of the `roles` held in it; who held none has their last role's.

    Who `joined` during it is taken to have it whole, which Hex does not say.
    """
    held: list[str | None] = [*roles] or [person.role]
    grant = highest_grant(grant_of(person.email, role, plan) for role in held)
    if joined and isinstance(grant, Grant) and person.email not in plan.grants_micro:
        return replace(grant, estimated=True)
    return grant


def highest_grant(grants: Iterable[Grant | NoGrant]) -> Grant | NoGrant:
    """What holds for a period in which a person's seat changed: the highest grant of those seen in it."""
    best: Grant | NoGrant = NoGrant(True, "never had a seat")
    for grant in grants:
        if isinstance(grant, NoGrant):
            if isinstance(best, NoGrant):
                best = grant
        elif isinstance(best, NoGrant) or grant.credits_micro > best.credits_micro:
            best = grant
    return best
