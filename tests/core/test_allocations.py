"""Allocations: what their members used beyond their grants, and how sure that is."""

import pytest

from builders import NOVEMBER, NOW_MS, credits
from hexmeter.core.allocations import Allocation, Members, NotKnown, Overdraw, allocation_meter
from hexmeter.core.meters import Bound, Meter, State

EDS = Allocation("ed@acme.test", credits(25), ("ed@acme.test",))
ANALYSTS = Allocation("group:Analysts", credits(200), ("ed@acme.test", "eve@acme.test"))
OF_HEX = Allocation("group:Finance", credits(200), group_id="g-1")
DRAWN = {"u-ed": Overdraw(credits(10)), "u-eve": Overdraw(credits(2.5), estimated=True), "u-xi": Overdraw(credits(7))}


def meter(allocation: Allocation, members: Members | NotKnown, *, sees_all: bool = True, offset: float = 0) -> Meter:
    return allocation_meter(
        allocation, members, DRAWN, NOVEMBER, NOW_MS, sees_all=sees_all, adjustment_micro=credits(offset)
    )


@pytest.mark.parametrize(
    ("allocation", "members", "sees_all", "used", "bound"),
    [
        pytest.param(EDS, Members(("u-ed",)), True, 10, Bound.EXACT, id="a person"),
        pytest.param(EDS, Members(("u-al",)), True, 0, Bound.EXACT, id="a person within the grant"),
        pytest.param(EDS, Members(("u-ed",)), False, 10, Bound.AT_LEAST, id="threads may be missing"),
        pytest.param(ANALYSTS, Members(("u-ed", "u-eve")), True, 12.5, Bound.ESTIMATED, id="a group"),
        pytest.param(ANALYSTS, Members(("u-ed",), missing=("eve@acme.test",)), True, 10, Bound.AT_LEAST, id="a typo"),
        pytest.param(OF_HEX, Members(("u-ed",), changed=True), True, 10, Bound.ESTIMATED, id="a group that changed"),
        pytest.param(OF_HEX, Members(()), True, 0, Bound.EXACT, id="a group of nobody"),
    ],
)
def test_an_allocation_is_used_by_what_its_members_draw(
    allocation: Allocation, members: Members, sees_all: bool, used: float, bound: Bound
) -> None:
    made = meter(allocation, members, sees_all=sees_all)
    assert (made.used_micro, made.bound, made.limit_micro) == (credits(used), bound, allocation.limit_micro)
    assert made.period == NOVEMBER


@pytest.mark.parametrize(
    ("allocation", "members", "note"),
    [
        pytest.param(EDS, NotKnown("nothing was read yet"), "nothing was read yet", id="not read"),
        pytest.param(
            EDS, Members((), missing=EDS.emails), "nobody in the workspace has the email ed@acme.test", id="nobody"
        ),
    ],
)
def test_what_is_not_known_is_unknown_and_says_why(
    allocation: Allocation, members: Members | NotKnown, note: str
) -> None:
    made = meter(allocation, members)
    assert (made.used_micro, made.state, made.note) == (None, State.UNKNOWN, note)


def test_a_member_whose_grant_is_not_known_makes_the_allocation_unknown() -> None:
    drawn = {"u-ed": Overdraw(credits(1)), "u-eve": Overdraw(unknown="the tier is not known")}
    made = allocation_meter(ANALYSTS, Members(("u-ed", "u-eve")), drawn, NOVEMBER, NOW_MS, sees_all=True)
    assert (made.used_micro, made.note) == (None, "the tier is not known")


def test_a_calibration_moves_the_figure_and_never_below_nothing() -> None:
    assert meter(EDS, Members(("u-ed",)), offset=3).used_micro == credits(13)
    assert meter(EDS, Members(("u-ed",)), offset=-30).used_micro == 0


def test_meters_are_called_by_what_was_configured_and_kept_by_hexs_ids() -> None:
    named = [meter(EDS, Members(("u-ed",))), meter(OF_HEX, Members(())), meter(EDS, Members((), missing=EDS.emails))]
    assert [(made.id, made.key, made.label) for made in named] == [
        ("allocation:ed@acme.test", "allocation:user:u-ed", "Allocation ed@acme.test"),
        ("allocation:group:Finance", "allocation:group:Finance", "Allocation Finance"),
        ("allocation:ed@acme.test", "allocation:ed@acme.test", "Allocation ed@acme.test"),
    ]
