"""Meters, their grants and their burn, as tables."""

from dataclasses import replace

import pytest

from builders import ED, NOVEMBER, NOW_MS, credits, meter
from hexmeter.core.burn import Burn, PromptCosts, burn
from hexmeter.core.grants import Grant, NoGrant, Plan, grant_of, highest_grant
from hexmeter.core.instants import DAY_MS, HOUR_MS
from hexmeter.core.meters import Bound, Meter, State, Use, grant_meter
from hexmeter.core.model import Person
from hexmeter.core.periods import Period

TEAM = Plan("team")
SPECIAL = Plan("team", credits(50), {"ed@acme.test": credits(60)})
NO_SEAT = NoGrant(True, "a member has no seat, so no grant")


@pytest.mark.parametrize(
    ("used", "limit", "state", "remaining"),
    [
        pytest.param(0, 40, State.OK, 40, id="nothing used"),
        pytest.param(31.999_999, 40, State.OK, 8.000_001, id="just below 80 per cent"),
        pytest.param(32, 40, State.WARNING, 8, id="80 per cent"),
        pytest.param(37.999_999, 40, State.WARNING, 2.000_001, id="just below 95 per cent"),
        pytest.param(38, 40, State.CRITICAL, 2, id="95 per cent"),
        pytest.param(39.999_999, 40, State.CRITICAL, 0.000_001, id="one micro-credit left"),
        pytest.param(40, 40, State.EXHAUSTED, 0, id="nothing left"),
        pytest.param(55, 40, State.EXHAUSTED, 0, id="beyond the grant"),
        pytest.param(None, 40, State.UNKNOWN, None, id="nothing read"),
        pytest.param(12, None, State.UNKNOWN, None, id="no limit known"),
    ],
)
def test_a_meters_state_follows_from_its_figures(
    used: float | None, limit: float | None, state: State, remaining: float | None
) -> None:
    found = meter(used, limit)
    assert (found.state, found.remaining_micro) == (state, None if remaining is None else credits(remaining))


def built(
    person: Person = ED,
    grant: Grant | NoGrant = Grant(credits(40)),  # noqa: B008 (frozen)
    use: Use | None = Use(credits(10)),  # noqa: B008 (frozen)
    *,
    adjustment: float = 0,
    sees_all: bool = True,
) -> Meter:
    return grant_meter(person, grant, use, NOVEMBER, NOW_MS, adjustment_micro=credits(adjustment), sees_all=sees_all)


@pytest.mark.parametrize(
    ("found", "bound"),
    [
        pytest.param(built(), Bound.EXACT, id="all seen, nothing shared"),
        pytest.param(built(use=Use(1, estimated=True)), Bound.ESTIMATED, id="estimated use"),
        pytest.param(built(grant=Grant(1, estimated=True)), Bound.ESTIMATED, id="estimated grant"),
        pytest.param(built(sees_all=False), Bound.AT_LEAST, id="not all seen"),
        pytest.param(built(use=Use(1, estimated=True), sees_all=False), Bound.AT_LEAST, id="neither"),
    ],
)
def test_a_meter_says_how_far_it_can_be_trusted(found: Meter, bound: Bound) -> None:
    assert found.bound is bound


@pytest.mark.parametrize(
    ("person", "id", "label"),
    [
        pytest.param(ED, "grant:ed@acme.test", "ed@acme.test", id="with an email"),
        pytest.param(replace(ED, email=None), "grant:user:u-ed", "Ed", id="with a name alone"),
        pytest.param(Person("u-ed", None, None, None), "grant:user:u-ed", "u-ed", id="with an id alone"),
    ],
)
def test_a_meter_is_named_for_people_and_keyed_for_machines(person: Person, id: str, label: str) -> None:
    found = built(person)
    assert (found.key, found.id, found.label) == ("grant:user:u-ed", id, label)


def test_a_calibration_is_part_of_the_use_and_shown() -> None:
    found = built(adjustment=2.5)
    assert (found.used_micro, found.adjustment_micro) == (credits(12.5), credits(2.5))


def test_a_calibration_never_makes_a_negative_use() -> None:
    assert built(adjustment=-99).used_micro == 0


def test_without_a_grant_the_meter_says_why() -> None:
    found = built(grant=NO_SEAT)
    assert (found.limit_micro, found.note, found.state) == (None, NO_SEAT.reason, State.UNKNOWN)


@pytest.mark.parametrize(
    ("email", "role", "plan", "grant"),
    [
        pytest.param("x@acme.test", "EDITOR", TEAM, Grant(credits(40)), id="an Editor of Team"),
        pytest.param("x@acme.test", "EDITOR", Plan("professional"), Grant(credits(30)), id="of Professional"),
        pytest.param("x@acme.test", "EDITOR", Plan("enterprise"), Grant(credits(60)), id="of Enterprise"),
        pytest.param("x@acme.test", "ADMIN", TEAM, Grant(credits(40), estimated=True), id="an Admin sits as Editor"),
        pytest.param("x@acme.test", "MANAGER", TEAM, Grant(credits(40), estimated=True), id="a Manager too"),
        pytest.param("x@acme.test", "EXPLORER", Plan(), Grant(credits(10)), id="an Explorer of any tier"),
        pytest.param("x@acme.test", "EXPLORER", SPECIAL, Grant(credits(50)), id="one grant for all seats"),
        pytest.param("ed@acme.test", "EDITOR", SPECIAL, Grant(credits(60)), id="one's own figure wins"),
        pytest.param("ed@acme.test", "MEMBER", SPECIAL, Grant(credits(60)), id="even without a seat"),
        pytest.param(None, "EDITOR", SPECIAL, Grant(credits(50)), id="no email"),
        pytest.param("x@acme.test", "MEMBER", SPECIAL, NO_SEAT, id="a member"),
        pytest.param(
            *("x@acme.test", "EDITOR", Plan()),
            NoGrant(False, "the workspace's tier is not known; set [plan] tier or [plan] grant"),
            id="no tier",
        ),
        pytest.param(
            *("x@acme.test", "OVERLORD", TEAM),
            NoGrant(False, "the grant of the role OVERLORD is not known; set [plan] grant"),
            id="a role nobody has heard of",
        ),
        pytest.param(
            *(None, None, TEAM),
            NoGrant(False, "the grant of the role (none) is not known; set [plan] grant"),
            id="no role",
        ),
        pytest.param(None, "OVERLORD", SPECIAL, Grant(credits(50)), id="an unknown role with one grant for all"),
    ],
)
def test_a_grant_follows_from_the_plan_and_the_role(
    email: str | None, role: str | None, plan: Plan, grant: Grant | NoGrant
) -> None:
    assert grant_of(email, role, plan) == grant


@pytest.mark.parametrize(
    ("grants", "highest"),
    [
        pytest.param([], NoGrant(True, "never had a seat"), id="nothing seen"),
        pytest.param([NO_SEAT], NO_SEAT, id="no seat"),
        pytest.param([Grant(10), Grant(40, True), Grant(30)], Grant(40, True), id="the highest holds"),
        pytest.param([NO_SEAT, Grant(10), NO_SEAT], Grant(10), id="a seat for a while is a seat"),
        pytest.param([Grant(40), Grant(40, True)], Grant(40), id="the first of equals"),
    ],
)
def test_the_highest_grant_of_a_period_holds(grants: list[Grant | NoGrant], highest: Grant | NoGrant) -> None:
    assert highest_grant(grants) == highest


# Burn

TEN_DAYS = Period(0, 10 * DAY_MS)


EIGHT = PromptCosts(8, 3, 2, 7)


@pytest.mark.parametrize(
    ("used", "now_ms", "prompts", "rates"),
    [
        pytest.param(30, 3 * DAY_MS, EIGHT, Burn(EIGHT, 10, 100), id="after three days"),
        pytest.param(30, HOUR_MS, None, Burn(None, 720, 7200), id="after an hour, without prompts"),
        pytest.param(30, HOUR_MS - 1, EIGHT, Burn(EIGHT), id="in the first hour there is no pace"),
        pytest.param(30, -DAY_MS, EIGHT, Burn(EIGHT), id="before the period"),
        pytest.param(30, 99 * DAY_MS, EIGHT, Burn(EIGHT, 3, 30), id="after its end"),
        pytest.param(None, 3 * DAY_MS, EIGHT, Burn(EIGHT), id="use unknown"),
        pytest.param(0, 3 * DAY_MS, None, Burn(None, 0, 0), id="nothing used"),
    ],
)
def test_burn_is_per_prompt_per_day_and_at_this_pace(
    used: int | None, now_ms: int, prompts: PromptCosts | None, rates: Burn
) -> None:
    assert burn(used, TEN_DAYS, now_ms, prompts) == rates
    assert burn(used, TEN_DAYS, now_ms, prompts, EIGHT) == replace(rates, recent=EIGHT)
