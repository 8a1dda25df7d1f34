"""The alert state machine: step(state, condition, now) -> state, event, reason.

A ladder is one meter's rungs, in the order `forecast < used (by level) < left < exhausted`; only a rung
above the highest one told tells again, until a new period or a confirmed fall re-arms it. What a forecast told is
withdrawn when it is not so any more, and stays told for its period: a forecast may change its mind every day.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from hexmeter.core.periods import Period

CONFIRMATIONS = 2
"""Consecutive complete polls that must agree on a fall before it re-arms a rung: one may be an error of Hex's."""


class Kind(StrEnum):
    """The kinds of alert."""

    FORECAST = "forecast"
    USED = "used"
    LEFT = "left"
    EXHAUSTED = "exhausted"
    BURN = "burn"
    PROMPT = "prompt"
    RESET = "reset"
    UNUSED = "unused"
    TOP_UP = "top_up"
    RUNS = "runs"
    BLIND = "blind"
    TOKEN = "token"  # noqa: S105
    REPORT = "report"
    RESTORED = "restored"
    TEST = "test"


MUTABLE = tuple(kind.value for kind in Kind if kind not in (Kind.RESTORED, Kind.TEST))
"""The kinds that may be muted."""

_ORDER = {Kind.FORECAST: 1, Kind.USED: 2, Kind.LEFT: 3, Kind.EXHAUSTED: 4}
"""The one ladder of a meter; every other kind stands on a ladder of its own."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One thing worth telling: a kind, and its level (per cent for `used`, credits for `left`)."""

    kind: Kind
    level: Decimal | None = None

    @property
    def height(self) -> tuple[int, Decimal]:
        """Where the rung stands on its ladder; the higher one is the more pressing."""
        level = self.level or Decimal(0)
        # The fewer credits or days are left, the higher.
        return _ORDER.get(self.kind, 0), -level if self.kind in (Kind.LEFT, Kind.TOKEN) else level


@dataclass(frozen=True, slots=True)
class AlertState:
    """What a ladder remembers: the highest rung told in `period` (None: none), the falls seen in a row, and
    `fallen_to`, the highest rung that any of these falls did not clearly leave below. `over`: `told` counts as told,
    but nothing of it stands any more."""

    period: Period | None = None
    told: Rung | None = None
    falls: int = 0
    fallen_to: Rung | None = None
    over: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """A good reading of a ladder: the highest rung it reaches, and the highest it has not clearly fallen below.

    `held` is never below `reached`. `complete` is False for a reading that saw only a part: it may raise, but
    confirms no fall. `confirmations` is how many complete readings a fall needs. `gone` is a rung that is held, so that
    it is told no second time, but of which nothing is left to say.
    """

    period: Period | None
    reached: Rung | None
    held: Rung | None
    complete: bool
    confirmations: int = CONFIRMATIONS
    gone: Rung | None = None


@dataclass(frozen=True, slots=True)
class NotKnown:
    """No reading: the poll failed, or the meter has no figure."""

    why: str


Condition = Standing | NotKnown


class Reason(StrEnum):
    """Why a step did what it did."""

    NOT_KNOWN = "an unknown reading changes nothing"
    OLD_PERIOD = "the reading belongs to a period that is over"
    NEW_RUNG = "a higher rung was reached"
    NEW_PERIOD = "a new period began"
    ALREADY_TOLD = "this rung was told before"
    BELOW = "no rung is reached"
    FALL_UNCONFIRMED = "a fall must be seen in another complete poll"
    FALL_CONFIRMED = "the fall is confirmed, so the rung may tell again"
    CAUSE_GONE = "what was told is not so any more, in two complete polls"
    NOT_WATCHED = "nothing watches it any more"


@dataclass(frozen=True, slots=True)
class Fired:
    """Tell `rung`; whatever this ladder told before is over."""

    rung: Rung
    at_ms: int


@dataclass(frozen=True, slots=True)
class Resolved:
    """What this ladder told is over."""

    at_ms: int


class Step(NamedTuple):
    """The answer of `step`."""

    state: AlertState
    event: Fired | Resolved | None
    reason: Reason


def step(state: AlertState, condition: Condition, now_ms: int) -> Step:
    """The next state of a ladder, what to do about it, and why.

    1. An unknown reading changes nothing: it neither fires, nor resolves, nor re-arms.
    2. A reading of a period that ended before the remembered one began changes nothing: a clock was set back.
    3. A reading of a later period forgets what was told in the one before.
    4. A rung above the highest told fires, with all below it taken as told.
    5. A fall below what `held` allows re-arms, once enough complete readings in a row agree, as deep as they agree.
    6. What was told and is `gone` is withdrawn once as many agree, and stays told.
    """
    if isinstance(condition, NotKnown):
        return Step(state, None, Reason.NOT_KNOWN)
    if _is_over(condition.period, state.period):
        return Step(state, None, Reason.OLD_PERIOD)
    renewed = _is_over(state.period, condition.period)
    # A period that overlaps the remembered one follows it: the next of its calendar then does not overlap again.
    current = AlertState(condition.period) if renewed else replace(state, period=condition.period)
    if _above(condition.reached, current.told):
        assert condition.reached is not None
        fired = AlertState(condition.period, condition.reached)
        return Step(fired, Fired(condition.reached, now_ms), Reason.NEW_RUNG)
    if renewed:
        return Step(current, Resolved(now_ms) if state.told and not state.over else None, Reason.NEW_PERIOD)
    if not _above(current.told, condition.held):
        if current.told is not None and current.told == condition.gone and not current.over:
            return _withdrawal(current, condition, now_ms)
        still = AlertState(current.period, current.told, over=current.over)
        return Step(still, None, Reason.ALREADY_TOLD if current.told else Reason.BELOW)
    return _fall(current, condition, now_ms)


def _fall(state: AlertState, condition: Standing, now_ms: int) -> Step:
    """The step of a reading below what was told: one fall more, or the one that confirms."""
    falls = state.falls + (1 if condition.complete else 0)
    agreed = condition.held if state.falls == 0 or _above(condition.held, state.fallen_to) else state.fallen_to
    if not condition.complete or falls < condition.confirmations:
        unconfirmed = replace(state, falls=falls, fallen_to=agreed if falls else None)
        return Step(unconfirmed, None, Reason.FALL_UNCONFIRMED)
    # This reading may lie deeper than the one before it: then it is the first to say so.
    deeper = _above(agreed, condition.held)
    rearmed = AlertState(state.period, agreed, int(deeper), condition.held if deeper else None, agreed is not None)
    return Step(rearmed, None if state.over else Resolved(now_ms), Reason.FALL_CONFIRMED)


def _withdrawal(state: AlertState, condition: Standing, now_ms: int) -> Step:
    """The step of a reading by which what was told is gone: one more of them, or the one that confirms."""
    falls = state.falls + (1 if condition.complete else 0)
    if not condition.complete or falls < condition.confirmations:
        unconfirmed = replace(state, falls=falls, fallen_to=state.told if falls else None)
        return Step(unconfirmed, None, Reason.FALL_UNCONFIRMED)
    return Step(AlertState(state.period, state.told, over=True), Resolved(now_ms), Reason.CAUSE_GONE)


def _is_over(one: Period | None, other: Period | None) -> bool:
    """Whether `one` ended before `other` began. Periods that overlap are one: only the reset day was changed."""
    return one is not None and other is not None and one.end_ms <= other.start_ms


def _above(one: Rung | None, other: Rung | None) -> bool:
    return one is not None and (other is None or one.height > other.height)
