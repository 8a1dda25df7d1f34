"""Whatever the readings: never twice without a confirmed fall, never from the unknown, never down the ladder."""

from dataclasses import dataclass
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from builders import meter
from hexmeter.core.alerts import AlertState, Fired, Kind, Reason, Resolved, Rung, step
from hexmeter.core.instants import DAY_MS
from hexmeter.core.periods import Period
from hexmeter.core.rules import REARM_POINTS, AlertRules, ladder_condition

LEVELS = (Decimal(50), Decimal(80), Decimal(95))
RULES = AlertRules(used=LEVELS, forecast=False)
RUNGS = (*((Rung(Kind.USED, level), level) for level in LEVELS), (Rung(Kind.EXHAUSTED), Decimal(100)))
MONTHS = tuple(Period(month * 30 * DAY_MS, (month + 1) * 30 * DAY_MS) for month in range(3))


@dataclass(frozen=True)
class Poll:
    """One poll: per cent used in a month (None: it failed), and whether it saw everything."""

    month: int
    percent: int | None
    complete: bool


POLLS = st.lists(
    st.builds(
        Poll,
        month=st.integers(0, 2),
        percent=st.none() | st.sampled_from([0, 44, 45, 46, 50, 74, 75, 76, 80, 90, 91, 95, 96, 100, 120]),
        complete=st.sampled_from([True, True, True, False]),
    ),
    max_size=40,
)


@given(POLLS)
def test_every_ladder_keeps_its_promises(polls: list[Poll]) -> None:
    state = AlertState()
    armed = {rung: True for rung, _ in RUNGS}
    current = 0
    last_complete: int | None = None
    for number, poll in enumerate(polls):
        reading = meter(poll.percent and poll.percent * 0.4, period=MONTHS[poll.month])
        condition = ladder_condition(reading, RULES, complete=poll.complete)
        before = state
        state, event, reason = step(state, condition, number)
        if poll.percent is None or poll.month < current:
            assert (state, event) == (before, None)
            assert reason in (Reason.NOT_KNOWN, Reason.OLD_PERIOD)
            continue
        if poll.month > current:
            current, last_complete = poll.month, None
            armed = dict.fromkeys(armed, True)
        if poll.complete:
            _re_arm(armed, poll.percent, last_complete)
        reached = [rung for rung, level in RUNGS if poll.percent >= level]
        expected = reached[-1] if reached and armed[reached[-1]] else None
        assert (event.rung if isinstance(event, Fired) else None) == expected
        if expected is not None:
            _disarm_up_to(armed, expected)
        if poll.complete:
            last_complete = poll.percent
        elif last_complete is not None:
            # A part can only be too low: what it shows speaks against a deeper fall.
            last_complete = max(last_complete, poll.percent)
        assert not isinstance(event, Resolved) or reason in (Reason.FALL_CONFIRMED, Reason.NEW_PERIOD)


def _re_arm(armed: dict[Rung, bool], percent: int, last_complete: int | None) -> None:
    for rung, level in RUNGS:
        clear = level - REARM_POINTS
        if last_complete is not None and percent <= clear and last_complete <= clear:
            armed[rung] = True


def _disarm_up_to(armed: dict[Rung, bool], told: Rung) -> None:
    for rung, _ in RUNGS:
        if rung.height <= told.height:
            armed[rung] = False
