"""The outbox: what was told, and deliveries that are claimed, confirmed, given back or moot."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from builders import NOVEMBER, NOW_MS
from hexmeter.core.alerts import AlertState, Kind, Rung
from hexmeter.core.instants import HOUR_MS
from hexmeter.store.outbox import LEASE_MS, Alert, Claimed, Delivery, NewAlert, Outbox
from hexmeter.store.store import Store

USED_80 = Rung(Kind.USED, Decimal(80))
EXHAUSTED = Rung(Kind.EXHAUSTED)


@pytest.fixture
def outbox(store: Store) -> Outbox:
    return store.outbox


def fire(
    outbox: Outbox,
    rung: Rung = USED_80,
    at_ms: int = NOW_MS,
    *,
    ladder: str = "grant:user:u-ed",
    channels: Sequence[str] = ("desktop",),
    digest: str | None = None,
) -> int:
    alert = NewAlert(ladder, rung, "grant:ed@acme.test", "warning", f"{rung.kind}", "body", channels, digest)
    return outbox.fire(alert, at_ms)


def states(outbox: Outbox) -> list[tuple[str, list[str]]]:
    """Each alert's state with those of its deliveries, oldest first."""
    return [(alert.state, [one.state for one in deliveries]) for alert, deliveries in reversed(outbox.alerts(100))]


def claimed(outbox: Outbox, claimant: str, at_ms: int = NOW_MS) -> list[int]:
    return [one.delivery_id for one in outbox.claim("desktop", claimant, at_ms)]


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(AlertState(), id="nothing"),
        pytest.param(AlertState(NOVEMBER), id="a period"),
        pytest.param(AlertState(NOVEMBER, USED_80, 1), id="a level"),
        pytest.param(AlertState(NOVEMBER, Rung(Kind.USED, Decimal("99.50")), 0), id="a level with decimals"),
        pytest.param(AlertState(NOVEMBER, EXHAUSTED, 1, USED_80), id="a fall to a level"),
        pytest.param(AlertState(None, Rung(Kind.BLIND)), id="without a period"),
    ],
)
def test_a_ladder_remembers_over_a_restart(store: Store, state: AlertState) -> None:
    store.ladders.save("other", AlertState(NOVEMBER, EXHAUSTED))
    store.ladders.save("one", AlertState(NOVEMBER, EXHAUSTED, 1, USED_80))
    store.ladders.save("one", state)
    assert store.ladders.state("one") == state
    assert store.ladders.state("unheard of") == AlertState()


def test_an_alert_is_stored_with_a_delivery_per_channel(outbox: Outbox) -> None:
    assert fire(outbox, channels=("desktop", "mail")) == 1
    alert = Alert(
        *(1, "grant:user:u-ed", "used", "grant:ed@acme.test", Decimal(80), "warning", "firing"),
        *(NOW_MS, None, "used", "body"),
    )
    deliveries = [Delivery(1, "desktop", "pending", NOW_MS), Delivery(2, "mail", "pending", NOW_MS)]
    assert outbox.alerts(10) == [(alert, deliveries)]
    assert outbox.standing() == [alert]
    assert (outbox.waiting("desktop", NOW_MS), outbox.waiting("pigeon", NOW_MS)) == (1, 0)


def test_a_higher_rung_ends_the_lower_and_what_waits_of_it(outbox: Outbox) -> None:
    fire(outbox)
    fire(outbox, EXHAUSTED, NOW_MS + 5)
    assert states(outbox) == [("resolved", ["superseded"]), ("firing", ["pending"])]
    assert outbox.alerts(10)[1][0].resolved_ms == NOW_MS + 5


def test_what_was_handed_over_stays_so_when_the_alert_is_over(outbox: Outbox) -> None:
    fire(outbox)
    outbox.confirm(claimed(outbox, "tray"), "handed_over", "tray", NOW_MS)
    outbox.resolve("grant:user:u-ed", NOW_MS)
    assert states(outbox) == [("resolved", ["handed_over"])]


def test_resolving_touches_no_other_ladder(outbox: Outbox) -> None:
    fire(outbox, ladder="blind")
    outbox.resolve("grant:user:u-ed", NOW_MS)
    assert states(outbox) == [("firing", ["pending"])]


def test_a_claim_gives_all_that_waits_once(outbox: Outbox) -> None:
    fire(outbox, digest="first start")
    (one,) = outbox.claim("desktop", "tray-1", NOW_MS)
    assert one == Claimed(1, "first start", outbox.standing()[0])
    assert outbox.claim("desktop", "tray-2", NOW_MS + LEASE_MS - 1) == []
    assert outbox.claim("desktop", "tray-1", NOW_MS + 1) == []
    assert outbox.waiting("desktop", NOW_MS + 1) == 0


def test_a_lease_that_ran_out_lets_another_claim(outbox: Outbox) -> None:
    fire(outbox)
    assert claimed(outbox, "tray-1") == [1]
    assert claimed(outbox, "tray-2", NOW_MS + LEASE_MS) == [1]
    assert claimed(outbox, "tray-1", NOW_MS + LEASE_MS + 1) == []


@pytest.mark.parametrize("back_ms", [1, HOUR_MS])
def test_a_clock_set_back_locks_nothing_up(outbox: Outbox, back_ms: int) -> None:
    fire(outbox)
    claimed(outbox, "tray-1")
    assert claimed(outbox, "tray-2", NOW_MS - back_ms) == [1]


@pytest.mark.parametrize(
    ("steps", "moved", "state"),
    [
        pytest.param([("handed_over", "tray")], [1], "handed_over", id="handed over"),
        pytest.param([("handed_over", "tray"), ("handed_over", "tray")], [1, 0], "handed_over", id="said twice"),
        pytest.param([("handed_over", "tray"), ("seen", "other")], [1, 1], "seen", id="seen in another place"),
        pytest.param([("seen", "tray"), ("handed_over", "tray")], [1, 0], "seen", id="never backward"),
        pytest.param([("seen", "tray"), ("pending", "tray")], [1, 0], "seen", id="not given back once seen"),
        pytest.param([("handed_over", "late")], [1], "handed_over", id="believed of a tray whose lease ran out"),
        pytest.param([("pending", "other")], [0], "claimed", id="not given back by another"),
        pytest.param([("pending", "tray")], [1], "pending", id="given back"),
        pytest.param([("pending", "tray"), ("pending", "tray")], [1, 0], "pending", id="given back once"),
        pytest.param([("pending", "tray"), ("handed_over", "tray")], [1, 1], "handed_over", id="shown after all"),
    ],
)
def test_a_delivery_moves_forward(outbox: Outbox, steps: list[tuple[str, str]], moved: list[int], state: str) -> None:
    fire(outbox)
    claimed(outbox, "tray")
    assert [outbox.confirm([1], to, claimant, NOW_MS) for to, claimant in steps] == moved
    assert states(outbox) == [("firing", [state])]


@pytest.mark.parametrize("to", ["handed_over", "seen", "pending"])
def test_what_is_moot_is_not_confirmed(outbox: Outbox, to: str) -> None:
    fire(outbox)
    claimed(outbox, "tray")
    outbox.resolve("grant:user:u-ed", NOW_MS)
    assert outbox.confirm([1, 77], to, "tray", NOW_MS) == 0
    assert states(outbox) == [("resolved", ["superseded"])]


def test_what_is_given_back_can_be_claimed_at_once(outbox: Outbox) -> None:
    fire(outbox)
    claimed(outbox, "tray-1")
    outbox.confirm([1], "pending", "tray-1", NOW_MS)
    assert claimed(outbox, "tray-2", NOW_MS) == [1]


def test_a_hand_over_keeps_its_reference_until_another_takes_its_place_or_it_is_seen(outbox: Outbox) -> None:
    def references() -> dict[int, str | None]:
        return {one.delivery_id: one.reference for one in outbox.handed_over("desktop", 10)}

    for ladder in ("a", "b", "c"):
        fire(outbox, ladder=ladder)
    outbox.confirm(claimed(outbox, "tray"), "handed_over", "tray", NOW_MS, "bus :1.5 1")
    assert references() == dict.fromkeys([1, 2, 3], "bus :1.5 1")
    fire(outbox, ladder="d")
    outbox.confirm(claimed(outbox, "tray"), "handed_over", "tray", NOW_MS, "bus :1.5 1")
    assert references() == {1: None, 2: None, 3: None, 4: "bus :1.5 1"}
    assert (outbox.closed([4, 77]), references()[4], states(outbox)[3]) == (1, None, ("firing", ["handed_over"]))
    assert outbox.closed([4]) == 0
    outbox.confirm([4], "seen", "tray", NOW_MS)
    assert references() == dict.fromkeys([1, 2, 3])


def test_reading_changes_no_state(outbox: Outbox) -> None:
    fire(outbox)
    before = outbox.alerts(10)
    outbox.waiting("desktop", NOW_MS)
    outbox.standing()
    assert outbox.alerts(10) == before
