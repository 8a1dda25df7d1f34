"""Meters: one limited thing each, with its figures and how far they can be trusted."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from hexmeter.core.burn import Burn, PromptCosts, PromptsLeft, burn, prompts_left
from hexmeter.core.credits import MICRO
from hexmeter.core.grants import Grant, NoGrant
from hexmeter.core.model import Person
from hexmeter.core.outlook import NOTHING_YET, Forecast, Outlook
from hexmeter.core.periods import Period
from hexmeter.core.scoring import Record

CRITICAL_PERCENT = 95
WARNING_PERCENT = 80


class Bound(StrEnum):
    """How a figure relates to the truth."""

    EXACT = "exact"
    ESTIMATED = "estimated"
    AT_LEAST = "at_least"


def bound_of(uncertain: bool, sees_all: bool) -> Bound:
    """The bound of what is used: `uncertain` where it is not known when, or how much, of some of it."""
    if not sees_all:
        return Bound.AT_LEAST
    return Bound.ESTIMATED if uncertain else Bound.EXACT


def least_sure(bounds: Iterable[str]) -> Bound:
    """The bound of a sum, by those of its parts; of nothing it is exact."""
    return max(map(Bound, bounds), key=list(Bound).index, default=Bound.EXACT)


class State(StrEnum):
    """How near a meter is to its limit."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    EXHAUSTED = "exhausted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Use:
    """What the ledger knows of one person in one period, in micro-credits.

    `estimated`: some of it was shared over a boundary or backfilled. `prompted_micro` is the part
    whose `prompts` were counted.
    """

    used_micro: int = 0
    estimated: bool = False
    prompted_micro: int = 0
    prompts: int = 0


@dataclass(frozen=True, slots=True)
class Meter:
    """`key` is for the machine (Hex's user id), `id` for people (the email). Amounts in micro-credits or None."""

    key: str
    id: str
    kind: str
    label: str
    limit_micro: int | None
    used_micro: int | None
    bound: Bound
    period: Period | None
    adjustment_micro: int = 0
    burn: Burn = field(default_factory=Burn)
    note: str | None = None
    outlook: Outlook = NOTHING_YET
    record: Record | None = None

    @property
    def remaining_micro(self) -> int | None:
        """What is left, never below 0: beyond a grant the pool pays."""
        if self.limit_micro is None or self.used_micro is None:
            return None
        return max(0, self.limit_micro - self.used_micro)

    @property
    def prompts_left(self) -> PromptsLeft | None:
        """How many more of this person's own prompts, as they were lately, what is left allows."""
        return prompts_left(self.remaining_micro, self.burn.recent or self.burn.prompts)

    @property
    def state(self) -> State:
        """Exhausted at nothing left, critical from 95 % or when the forecast alerts, warning from 80 %, unknown without
        both figures."""
        if self.limit_micro is None or self.used_micro is None:
            return State.UNKNOWN
        if self.used_micro >= self.limit_micro:
            return State.EXHAUSTED
        forecast_alerts = isinstance(self.outlook, Forecast) and self.outlook.alert
        if forecast_alerts or self.used_micro * 100 >= CRITICAL_PERCENT * self.limit_micro:
            return State.CRITICAL
        if self.used_micro * 100 >= WARNING_PERCENT * self.limit_micro:
            return State.WARNING
        return State.OK


def grant_key(user_id: str) -> str:
    """The key of a person's grant meter, which survives a change of email."""
    return f"grant:user:{user_id}"


def called(name: str) -> frozenset[str]:
    """What a person may mean by `name`, in lower case: that meter's id or key, or by an email that person's grant."""
    name = name.strip().lower()
    return frozenset({name, f"grant:{name}"} if "@" in name and not name.startswith("grant:") else {name})


def is_far_above(used_micro: int, limit_micro: int | None) -> bool:
    """Whether a figure that a person read is hard to believe: a hundred times the limit, as from a slip of the hand."""
    return limit_micro is not None and used_micro > 100 * limit_micro


def is_far_below(used_micro: int, seen_micro: int) -> bool:
    """Whether a figure that a person read is hard to believe: by more than a credit and a tenth below what was seen."""
    return used_micro + max(MICRO, seen_micro // 10) < seen_micro


def grant_meter(
    person: Person,
    grant: Grant | NoGrant,
    use: Use | None,
    period: Period,
    now_ms: int,
    *,
    adjustment_micro: int,
    sees_all: bool,
    prompts: PromptCosts | None = None,
    recent: PromptCosts | None = None,
) -> Meter:
    """The meter of one person's grant in `period`, with what the person's prompts cost in it and lately.

    `use` is None before anything was read. `sees_all` is False while threads of this person may be missing: their
    list was not read to the period's start, or may not be read at all. `adjustment_micro` is a calibration's offset.
    """
    used = None if use is None else max(0, use.used_micro + adjustment_micro)
    estimated = (use is not None and use.estimated) or (isinstance(grant, Grant) and grant.estimated)
    key = grant_key(person.id)
    return Meter(
        key=key,
        id=f"grant:{person.email}" if person.email else key,
        kind="grant",
        label=person.email or person.name or person.id,
        limit_micro=grant.credits_micro if isinstance(grant, Grant) else None,
        used_micro=used,
        bound=bound_of(estimated, sees_all),
        period=period,
        adjustment_micro=adjustment_micro,
        burn=burn(used, period, now_ms, prompts, recent),
        note=grant.reason if isinstance(grant, NoGrant) else None,
    )
