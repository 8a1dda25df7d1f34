"""Whatever the readings: never twice without a confirmed fall, never from the unknown, never down the ladder."""

from dataclasses import dataclass, replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from builders import meter
from hexmeter.core.alerts import AlertState, Condition, Fired, Kind, NotKnown, Reason, Resolved, Rung, step
from hexmeter.core.instants import DAY_MS
from hexmeter.core.outlook import NOTHING_YET, Forecast
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


# With forecasts, whatever they say


@dataclass(frozen=True)
class Seen:
    """One poll: the month, per cent used (None: it failed), whether it saw everything, and what was forecast."""

    month: int
    percent: int | None
    complete: bool
    warns: bool | None


SEEN = st.lists(
    st.builds(
        Seen,
        month=st.sampled_from([0, 0, 0, 1, 1, 2]),
        percent=st.none() | st.sampled_from([0, 44, 50, 75, 76, 80, 91, 95, 100, 120]),
        complete=st.sampled_from([True, True, True, False]),
        warns=st.sampled_from([None, True, False]),
    ),
    max_size=60,
)
ALL = AlertRules(used=LEVELS, left_micro=(5_000_000,))


def condition_of(seen: Seen) -> Condition:
    if seen.percent is None:
        return NotKnown("the poll failed")
    outlook = NOTHING_YET if seen.warns is None else Forecast(0, 0, 0, 0.5, None, alert=seen.warns)
    reading = replace(meter(seen.percent * 0.4, period=MONTHS[seen.month]), outlook=outlook)
    return ladder_condition(reading, ALL, complete=seen.complete)


@given(SEEN)
def test_no_rung_tells_twice_in_a_period_without_a_confirmed_fall(polls: list[Seen]) -> None:
    state, told = AlertState(), set[tuple[Period | None, Rung]]()
    for number, poll in enumerate(polls):
        condition = condition_of(poll)
        state, event, reason = step(state, condition, number)
        if reason is Reason.FALL_CONFIRMED:
            # Re-armed, but for the forecast, which a period has one of.
            told = {(period, rung) for period, rung in told if rung.kind is Kind.FORECAST}
        if isinstance(event, Fired):
            assert (state.period, event.rung) not in told
            told.add((state.period, event.rung))


@given(SEEN)
def test_nothing_follows_from_what_is_not_known_and_no_lower_rung_from_a_higher(polls: list[Seen]) -> None:
    state, highest, stands = AlertState(), None, False
    for number, poll in enumerate(polls):
        condition, before = condition_of(poll), state
        state, event, reason = step(state, condition, number)
        if isinstance(condition, NotKnown):
            assert (state, event, reason) == (before, None, Reason.NOT_KNOWN)
            continue
        if reason in (Reason.FALL_CONFIRMED, Reason.NEW_PERIOD) or state.period != before.period:
            highest = None
        if isinstance(event, Fired):
            assert highest is None or event.rung.height > highest.height
            highest, stands = event.rung, True
        elif isinstance(event, Resolved):
            assert stands, "what does not stand is not over a second time"
            stands = False
        if state.told is not None and not state.over:
            assert stands


@given(SEEN, st.integers(0, 59))
def test_a_failed_poll_at_any_point_changes_nothing(polls: list[Seen], at: int) -> None:
    failed = Seen(0, None, complete=True, warns=None)
    assert _events(polls) == _events([*polls[:at], failed, *polls[at:]])


def _events(polls: list[Seen]) -> list[tuple[str, Rung | None]]:
    state, events = AlertState(), []
    for poll in polls:
        state, event, reason = step(state, condition_of(poll), 0)
        if event is not None:
            events.append((reason.name, event.rung if isinstance(event, Fired) else None))
    return events
