"""The steps of a ladder told as stories: a reading, what it leads to, and why."""

from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from builders import NOVEMBER, meter, utc
from hexmeter.core.alerts import AlertState, Condition, Fired, Kind, NotKnown, Reason, Resolved, Rung, Standing, step
from hexmeter.core.instants import DAY_MS, MINUTE_MS
from hexmeter.core.outlook import NOTHING_YET, Forecast, Outlook
from hexmeter.core.periods import Period
from hexmeter.core.rules import AlertRules, Health, blind_condition, ladder_condition

DECEMBER = Period(NOVEMBER.end_ms, utc("2026-12-31T23:00"))
OCTOBER = Period(utc("2026-09-30T22:00"), NOVEMBER.start_ms)
FROM_THE_15TH = Period(utc("2026-11-14T23:00"), utc("2026-12-14T23:00"))
EXHAUSTED = "exhausted"


@dataclass
class Story:
    """One ladder, its clock, and the levels it tells; each `reads` is a poll five minutes after the one before."""

    levels: tuple[int, ...] = (80,)
    state: AlertState = field(default_factory=AlertState)
    now_ms: int = NOVEMBER.start_ms

    def reads(
        self, percent: float | None, *, period: Period = NOVEMBER, complete: bool = True
    ) -> tuple[str | None, Reason]:
        """What is told of a meter of 40 credits at `percent` of use (None: the poll failed), and why."""
        used = None if percent is None else percent * 0.4
        rules = AlertRules(used=tuple(Decimal(level) for level in self.levels), forecast=False)
        return self.meets(ladder_condition(meter(used, period=period), rules, complete=complete))

    def meets(self, condition: Condition) -> tuple[str | None, Reason]:
        self.now_ms += 5 * MINUTE_MS
        self.state, event, reason = step(self.state, condition, self.now_ms)
        if event is None:
            return None, reason
        assert event.at_ms == self.now_ms
        if isinstance(event, Resolved):
            return "resolved", reason
        level = event.rung.level
        return event.rung.kind.value if level is None else f"{event.rung.kind.value} {level}", reason


UNKNOWN = (None, Reason.NOT_KNOWN)
BELOW = (None, Reason.BELOW)
TOLD = (None, Reason.ALREADY_TOLD)
FALLING = (None, Reason.FALL_UNCONFIRMED)
FELL = ("resolved", Reason.FALL_CONFIRMED)
FELL_FURTHER = (None, Reason.FALL_CONFIRMED)


def new(rung: str) -> tuple[str, Reason]:
    return rung, Reason.NEW_RUNG


@pytest.mark.parametrize(
    ("levels", "polls"),
    [
        pytest.param((80,), [(60, BELOW), (81, new("used 80")), (79, TOLD), (81, TOLD)], id="once, and not again"),
        pytest.param((80,), [(80, new("used 80"))], id="crossing means reaching"),
        pytest.param((80,), [(79.99, BELOW)], id="just below is below"),
        pytest.param((50, 80, 95), [(10, BELOW), (100, new(EXHAUSTED)), (100, TOLD)], id="a jump tells the highest"),
        pytest.param((50, 80), [(90, new("used 80")), (60, FALLING), (90, TOLD)], id="not the lower after the higher"),
        pytest.param((50, 80), [(50, new("used 50")), (80, new("used 80")), (100, new(EXHAUSTED))], id="rung by rung"),
        pytest.param((100,), [(100, new(EXHAUSTED)), (130, TOLD)], id="exhausted stands above used 100"),
        pytest.param((), [(99, BELOW), (100, new(EXHAUSTED))], id="exhausted needs no levels"),
        pytest.param((80,), [(None, UNKNOWN), (81, new("used 80")), (None, UNKNOWN), (81, TOLD)], id="a failed poll"),
        pytest.param(
            *((80,), [(81, new("used 80")), (75, FALLING), (75, FELL), (80, new("used 80"))]),
            id="two polls agree on a fall",
        ),
        pytest.param((80,), [(81, new("used 80")), (75.01, TOLD), (75.01, TOLD), (81, TOLD)], id="not quite 5 points"),
        pytest.param((80,), [(81, new("used 80")), (75, FALLING), (81, TOLD), (75, FALLING)], id="not in a row"),
        pytest.param(
            (80,),
            [(81, new("used 80")), (70, FALLING), (None, UNKNOWN), (70, FELL), (81, new("used 80"))],
            id="a failed poll does not break the row",
        ),
        pytest.param(
            (80,),
            [(100, new(EXHAUSTED)), (85, FALLING), (10, FELL), (85, TOLD), (100, new(EXHAUSTED))],
            id="a fall seen once is no deeper than the one before",
        ),
        pytest.param(
            (80,),
            [(100, new(EXHAUSTED)), (10, FALLING), (85, FELL), (85, TOLD)],
            id="nor when the shallow one comes last",
        ),
        pytest.param(
            (80,),
            [(100, new(EXHAUSTED)), (85, FALLING), (10, FELL), (10, FELL_FURTHER), (85, new("used 80"))],
            id="deep in two polls re-arms deep",
        ),
    ],
)
def test_a_ladder_tells(levels: tuple[int, ...], polls: list[tuple[float | None, tuple[str | None, Reason]]]) -> None:
    story = Story(levels)
    assert [story.reads(percent) for percent, _ in polls] == [said for _, said in polls]


def test_a_day_of_flapping_tells_once() -> None:
    story = Story()
    said = [story.reads(81 if poll % 2 else 76)[0] for poll in range(288)]
    assert [word for word in said if word] == ["used 80"]


def test_a_day_of_single_faulty_zeros_tells_once() -> None:
    story = Story()
    said = [story.reads(0 if poll % 2 else 81)[0] for poll in range(288)]
    assert [word for word in said if word] == ["used 80"]


def test_an_unknown_reading_leaves_everything_as_it_was() -> None:
    state = AlertState(NOVEMBER, Rung(Kind.USED, Decimal(80)), 1, Rung(Kind.USED, Decimal(50)))
    assert step(state, NotKnown("the poll failed"), 5) == (state, None, Reason.NOT_KNOWN)


def test_a_part_of_a_reading_raises_but_confirms_no_fall() -> None:
    story = Story()
    assert story.reads(81, complete=False) == new("used 80")
    assert [story.reads(10, complete=False) for _ in range(5)] == [FALLING] * 5
    assert story.reads(10) == FALLING
    assert story.reads(10) == FELL


def test_a_part_of_a_reading_speaks_against_a_fall() -> None:
    story = Story()
    polls = [(81, True), (10, True), (81, False), (10, True)]
    assert [story.reads(percent, complete=complete) for percent, complete in polls] == [
        new("used 80"),
        FALLING,
        TOLD,
        FALLING,
    ]


def test_a_new_period_re_arms_and_ends_what_stood() -> None:
    story = Story()
    assert story.reads(81) == new("used 80")
    assert story.reads(5, period=DECEMBER) == ("resolved", Reason.NEW_PERIOD)
    assert story.state == AlertState(DECEMBER)
    assert story.reads(81, period=DECEMBER) == new("used 80")


def test_a_new_period_that_begins_high_tells_at_once() -> None:
    story = Story()
    story.reads(100)
    assert story.reads(81, period=DECEMBER) == new("used 80")


def test_a_new_period_after_silence_is_silent() -> None:
    story = Story()
    story.reads(10)
    assert story.reads(5, period=DECEMBER) == (None, Reason.NEW_PERIOD)


def test_a_clock_set_back_into_the_old_period_changes_nothing() -> None:
    story = Story()
    story.reads(81)
    stood = story.state
    assert story.reads(100, period=OCTOBER) == (None, Reason.OLD_PERIOD)
    assert story.reads(0, period=OCTOBER) == (None, Reason.OLD_PERIOD)
    assert story.state == stood
    assert story.reads(81) == TOLD


@pytest.mark.parametrize("moved", [FROM_THE_15TH, Period(NOVEMBER.start_ms - DAY_MS, NOVEMBER.end_ms - DAY_MS)])
def test_another_reset_day_repeats_nothing_neither_there_nor_back(moved: Period) -> None:
    story = Story()
    story.reads(81)
    assert [story.reads(81, period=period) for period in (moved, NOVEMBER, moved)] == [TOLD] * 3


@pytest.mark.parametrize(
    ("moved_by_ms", "why"),
    [(-6 * 3_600_000, "a zone to the east"), (6 * 3_600_000, "a zone to the west"), (-2 * DAY_MS, "another reset day")],
)
def test_the_period_after_a_move_is_a_new_one(moved_by_ms: int, why: str) -> None:
    """The next period of the new calendar overlaps the old calendar's, but it is not the same month."""

    def moved(period: Period) -> Period:
        return Period(period.start_ms + moved_by_ms, period.end_ms + moved_by_ms)

    story = Story()
    assert story.reads(81) == new("used 80"), why
    assert story.reads(82, period=moved(NOVEMBER)) == TOLD
    assert story.reads(85, period=moved(DECEMBER)) == new("used 80")


def test_a_level_taken_out_of_the_configuration_is_forgotten_like_a_fall() -> None:
    story = Story((50, 80))
    story.reads(81)
    story.levels = (50, 90)
    assert [story.reads(84) for _ in range(3)] == [FALLING, FELL, TOLD]
    assert story.state.told == Rung(Kind.USED, Decimal(50))
    assert story.reads(90) == new("used 90")


def test_a_level_added_below_is_not_told_after_the_higher() -> None:
    story = Story((80,))
    story.reads(81)
    story.levels = (60, 80)
    assert story.reads(82) == TOLD


def test_firing_clears_a_fall_that_was_begun() -> None:
    story = Story()
    story.reads(81)
    story.reads(10)
    story.reads(100)
    assert story.state == AlertState(NOVEMBER, Rung(Kind.EXHAUSTED))


def test_the_whole_step_of_a_first_reading() -> None:
    rung = Rung(Kind.USED, Decimal(80))
    standing = Standing(NOVEMBER, rung, rung, complete=True)
    assert step(AlertState(), standing, 7) == (AlertState(NOVEMBER, rung), Fired(rung, 7), Reason.NEW_RUNG)


def test_the_whole_step_of_a_fall() -> None:
    rung = Rung(Kind.USED, Decimal(80))
    told, low = AlertState(NOVEMBER, rung), Standing(NOVEMBER, None, None, complete=True)
    first = step(told, low, 7)
    assert tuple(first) == (replace(told, falls=1), None, Reason.FALL_UNCONFIRMED)
    assert step(first.state, low, 8) == (AlertState(NOVEMBER), Resolved(8), Reason.FALL_CONFIRMED)


# Blind


def test_blind_speaks_once_and_ends_with_one_good_poll() -> None:
    story, said = Story(), []
    for minutes, well in [(14, 0), (15, 0), (20, 0), (600, 0), (605, 605), (606, 605), (625, 605)]:
        condition = blind_condition(Health(well * MINUTE_MS), 5 * MINUTE_MS, minutes * MINUTE_MS)
        said.append(story.meets(condition))
    assert said == [BELOW, new("blind"), TOLD, TOLD, FELL, BELOW, new("blind")]


def test_a_refused_token_is_blind_at_once() -> None:
    story = Story()
    assert story.meets(blind_condition(Health(0, token_refused=True), 5 * MINUTE_MS, 1)) == new("blind")
    assert story.meets(blind_condition(Health(0, token_refused=True), 5 * MINUTE_MS, DAY_MS)) == TOLD
    assert story.meets(blind_condition(Health(DAY_MS), 5 * MINUTE_MS, DAY_MS)) == FELL


def test_a_clock_set_back_is_not_blind() -> None:
    assert Story().meets(blind_condition(Health(DAY_MS), 5 * MINUTE_MS, 0)) == BELOW


# A forecast: once a period, and withdrawn when it is not so any more

WARNS = Forecast(44_000_000, 41_000_000, 50_000_000, 0.95, NOVEMBER.end_ms - 4 * DAY_MS, alert=True)
CALM = Forecast(30_000_000, 25_000_000, 36_000_000, 0.02, None, alert=False)
WITHDRAWN = ("resolved", Reason.CAUSE_GONE)


@dataclass
class Foretold(Story):
    """A story whose readings have an outlook."""

    def sees(self, percent: float, outlook: Outlook, *, period: Period = NOVEMBER) -> tuple[str | None, Reason]:
        reading = replace(meter(percent * 0.4, period=period), outlook=outlook)
        return self.meets(ladder_condition(reading, AlertRules(), complete=True))


@pytest.mark.parametrize(
    "polls",
    [
        pytest.param([(30, WARNS, new("forecast")), (31, WARNS, TOLD), (81, WARNS, new("used 80"))], id="then a level"),
        pytest.param(
            [(30, WARNS, new("forecast")), (30, CALM, FALLING), (30, CALM, WITHDRAWN), (30, CALM, TOLD)],
            id="withdrawn when two polls agree",
        ),
        pytest.param(
            [(30, WARNS, new("forecast")), (30, CALM, FALLING), (30, CALM, WITHDRAWN), (40, WARNS, TOLD)],
            id="and not told again in this period",
        ),
        pytest.param(
            [
                *((30, WARNS, new("forecast")), (30, CALM, FALLING), (30, CALM, WITHDRAWN)),
                *((81, CALM, new("used 80")), (100, CALM, new("exhausted"))),
            ],
            id="what is above it is still told",
        ),
        pytest.param(
            [(30, WARNS, new("forecast")), (30, CALM, FALLING), (30, WARNS, TOLD), (30, CALM, FALLING)],
            id="a mind that changes back withdraws nothing",
        ),
        pytest.param(
            [(30, WARNS, new("forecast")), (30, CALM, FALLING), (30, NOTHING_YET, TOLD), (30, CALM, FALLING)],
            id="nor does what is not known",
        ),
        pytest.param(
            [(81, CALM, new("used 80")), (81, WARNS, TOLD), (60, WARNS, FALLING), (60, WARNS, FELL), (60, WARNS, TOLD)],
            id="never after a level",
        ),
    ],
)
def test_a_forecast_is_told_once_a_period(polls: list[tuple[float, Outlook, tuple[str | None, Reason]]]) -> None:
    story = Foretold()
    assert [story.sees(percent, outlook) for percent, outlook, _ in polls] == [said for _, _, said in polls]


def test_a_forecast_that_flaps_for_a_day_tells_once() -> None:
    story = Foretold()
    said = [story.sees(50, WARNS if poll % 6 < 3 else CALM)[0] for poll in range(288)]
    assert [word for word in said if word] == ["forecast", "resolved"]


def test_a_new_period_may_be_forecast_anew() -> None:
    story = Foretold()
    story.sees(50, WARNS)
    assert story.sees(10, WARNS, period=DECEMBER) == new("forecast")
