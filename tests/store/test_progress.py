"""What a restarted daemon goes on with: requests, listings, tracked threads, how polling went, people."""

from pathlib import Path

import pytest

from builders import ED, NOVEMBER, NOW_MS
from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hexmeter.core.model import Identity, Person
from hexmeter.core.periods import Period
from hexmeter.store.progress import EVERYBODY, Access, LastPoll, Listing, Tracked
from hexmeter.store.roster import Calibration
from hexmeter.store.store import Store

DI = Person("u-di", "di@acme.test", "Di", "EXPLORER")
START, END = NOVEMBER.start_ms, NOVEMBER.end_ms


# Requests


def test_requests_are_numbered_over_restarts_and_never_reuse_a_number(path: Path) -> None:
    store = Store.open(path)
    assert [store.progress.write_request(NOW_MS + number) for number in range(3)] == [1, 2, 3]
    assert store.progress.requests_since(NOW_MS + 2 * HOUR_MS) == []
    store.close()
    again = Store.open(path)
    assert again.progress.write_request(NOW_MS) == 4
    again.close()


def test_requests_are_told_from_an_instant_on_and_old_ones_forgotten(store: Store) -> None:
    for minutes in (-121, -60, -59, 0):
        store.progress.write_request(NOW_MS + minutes * MINUTE_MS)
    assert store.progress.requests_since(NOW_MS - HOUR_MS) == [NOW_MS + at * MINUTE_MS for at in (-60, -59, 0)]
    (kept,) = store.database.connection.execute("SELECT count(*) FROM requests").fetchone()
    assert kept == 3


# Listings and tracked threads


def test_a_listing_is_stored_whole(store: Store) -> None:
    whole = Listing("u-ed", 1, 2, "cursor", 3, True, 4, "sweep")
    store.progress.save_listing(whole)
    assert store.progress.listing("u-ed") == whole
    assert store.progress.listing(EVERYBODY) == Listing(EVERYBODY)
    store.progress.save_listing(Listing("u-ed"))
    assert store.progress.listing("u-ed") == Listing("u-ed")


def test_a_thread_is_tracked_once_with_its_problem(store: Store) -> None:
    assert [store.progress.track(id, at) for id, at in (("b", 1), ("a", 2), ("b", 3))] == [True, True, False]
    store.progress.note_problem("b", "gone")
    assert store.progress.tracked() == [Tracked("b", "gone"), Tracked("a", None)]
    store.progress.note_problem("b", None)
    assert [store.progress.untrack("b"), store.progress.untrack("b")] == [True, False]
    assert store.progress.tracked() == [Tracked("a", None)]


# Polls


def test_only_a_good_poll_moves_the_last_good_one(store: Store) -> None:
    assert (store.progress.last_poll(), store.progress.good_at_ms()) == (None, None)
    store.progress.note_poll(LastPoll(5, True, None, 2))
    bad = LastPoll(9, False, "Hex answered with 503", 3)
    store.progress.note_poll(bad)
    assert (store.progress.last_poll(), store.progress.good_at_ms()) == (bad, 5)


@pytest.mark.parametrize("person", [ED, None])
def test_who_we_are_and_what_we_may_is_remembered(store: Store, person: Person | None) -> None:
    assert (store.progress.identity(), store.progress.access()) == (None, Access())
    identity = Identity("org-1", person, 1_800_000_000_000)
    store.progress.save_identity(identity)
    store.progress.save_access(Access(threads=False))
    assert (store.progress.identity(), store.progress.access()) == (identity, Access(False, True))


def test_the_first_start_is_told_once(store: Store) -> None:
    assert not store.progress.baseline_done()
    store.progress.end_baseline()
    assert store.progress.baseline_done()


# People


def test_the_roster_keeps_those_who_left(store: Store) -> None:
    store.roster.save([ED, DI], START, whole=True)
    store.roster.save([DI], START + 1, whole=True)
    assert (store.roster.listed(), store.roster.everybody()) == ([DI], [DI, ED])
    assert store.roster.by_email("ED@acme.test") == ED
    assert (store.roster.by_id("u-ed"), store.roster.by_id("nobody"), store.roster.by_email("x@y")) == (ED, None, None)


def test_a_part_of_the_roster_says_nothing_of_the_others(store: Store) -> None:
    store.roster.save([ED, DI], START, whole=True)
    store.roster.save([ED], START + 1, whole=False)
    assert store.roster.listed() == [DI, ED]


def test_of_two_with_one_email_the_one_still_there_is_meant(store: Store) -> None:
    former = Person("u-old", "ed@acme.test", "Ed the former", "EDITOR")
    store.roster.save([former], START, whole=True)
    store.roster.save([ED], START + 1, whole=True)
    assert store.roster.by_email("ed@acme.test") == ED


@pytest.mark.parametrize(
    ("history", "roles"),
    [
        pytest.param([(START - DAY_MS, "EDITOR")], ["EDITOR"], id="held from before"),
        pytest.param([(START, "EDITOR")], ["EDITOR"], id="from its very start"),
        pytest.param([(END - 1, "EDITOR")], ["EDITOR"], id="joined in its last moment"),
        pytest.param([(END, "EDITOR"), (END + 1, "EXPLORER")], ["EDITOR"], id="first seen after it"),
        pytest.param([(START - DAY_MS, "EDITOR"), (START, "EXPLORER")], ["EXPLORER"], id="changed at its start"),
        pytest.param([(START - DAY_MS, "EDITOR"), (START + 1, "EXPLORER")], ["EDITOR", "EXPLORER"], id="changed in it"),
        pytest.param([(START - DAY_MS, "EDITOR"), (START + 1, None)], ["EDITOR"], id="left in it"),
        pytest.param([(START - DAY_MS, "EDITOR"), (START - 1, None)], None, id="left before it"),
        pytest.param(
            [(START - 2, "EDITOR"), (START - 1, None), (START + 1, "EXPLORER")], ["EXPLORER"], id="left and came back"
        ),
        pytest.param([(START + 1, "A"), (START + 2, "B"), (START + 3, "A")], ["A", "A", "B"], id="there and back"),
    ],
)
def test_the_roles_of_a_period_are_all_that_were_held_in_it(
    store: Store, history: list[tuple[int, str | None]], roles: list[str] | None
) -> None:
    for at_ms, role in history:
        people = [] if role is None else [Person("u-ed", "ed@acme.test", "Ed", role)]
        store.roster.save(people, at_ms, whole=True)
    found = store.roster.roles_in(NOVEMBER).get("u-ed")
    assert (sorted(found) if found else None) == roles


def test_who_is_listed_later_than_the_others_has_joined(store: Store) -> None:
    store.roster.save([DI], START + 1, whole=False)
    store.roster.save([DI, ED], START + 2, whole=True)
    assert store.roster.joined_in(NOVEMBER) == set()
    late = Person("u-late", "late@acme.test", "Late", "EDITOR")
    store.roster.save([DI, ED, late], END - 1, whole=True)
    assert store.roster.joined_in(NOVEMBER) == {"u-late"}


def test_a_role_that_did_not_change_is_noted_once(store: Store) -> None:
    for at_ms in range(5):
        store.roster.save([ED], at_ms, whole=True)
    (rows,) = store.database.connection.execute("SELECT count(*) FROM roles").fetchone()
    assert rows == 1


def test_the_newest_calibration_of_the_period_holds(store: Store) -> None:
    for key, at_ms, used in [("a", START - 1, 1), ("a", START, 2), ("a", END - 1, 3), ("a", END, 4), ("b", START, 5)]:
        store.roster.calibrate(key, Calibration(at_ms, used, used * 10))
    assert store.roster.calibrations_in(NOVEMBER) == {
        "a": Calibration(END - 1, 3, 30),
        "b": Calibration(START, 5, 50),
    }
    assert store.roster.calibrations_in(Period(0, START - 1)) == {}
