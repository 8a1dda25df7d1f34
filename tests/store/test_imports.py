"""Imported rows are stored once, whatever downloads they come in and in whatever order."""

import random
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import BERLIN, credits, utc
from hexmeter.core.ledger import Basis
from hexmeter.core.logrow import LogRow
from hexmeter.core.model import Person
from hexmeter.core.periods import Period
from hexmeter.core.usagelog import understand
from hexmeter.store.imports import Group, Imports, Standing, Whose
from hexmeter.store.store import Store

ALL = Period(0, utc("2100-01-01"))
HEAD = "time,user,credits\n"


def rows(text: str, head: str = HEAD) -> tuple[LogRow, ...]:
    found = understand(head + text, {}, BERLIN)
    assert not found.bad
    return found.rows


def total(imports: Imports) -> int:
    return sum(imports.of(user, ALL) for user in imports.users())


def test_the_same_rows_again_change_nothing(store: Store) -> None:
    log = rows("2026-11-02T10:00Z,ed,1\n2026-11-02T10:00Z,ed,1\n2026-11-03,eve,2\n,\n".replace(",\n", ""))
    assert store.imports.add(log, 7) == {Standing.NEW: 3}
    changes = store.revision()
    assert store.imports.add(log, 8) == {Standing.KNOWN: 3}
    assert store.revision() == changes
    assert (store.imports.users(), total(store.imports)) == (["ed", "eve"], credits(4))


def test_a_dry_run_stores_nothing(store: Store) -> None:
    log = rows("2026-11-02T10:00Z,ed,1\n")
    assert store.imports.add(log, 7, dry_run=True) == {Standing.NEW: 1}
    assert (store.imports.users(), store.imports.span()) == ([], None)


def test_a_later_download_corrects_rows_with_an_id(store: Store) -> None:
    head = "id,time,user,credits\n"
    store.imports.add(rows("a,2026-11-02T10:00Z,ed,1\nb,2026-11-02T10:00Z,ed,1\n", head), 7)
    assert store.imports.add(rows("a,2026-11-02T10:05Z,ed,0.5\n", head), 8) == {Standing.CHANGED: 1}
    assert total(store.imports) == credits(1.5)


def test_a_day_that_was_not_over_grows_and_never_shrinks(store: Store) -> None:
    early, late = (
        rows("2026-11-02,ed,1\n2026-11-02,ed,3\n"),
        rows("2026-11-02,ed,5\n2026-11-02,ed,3\n2026-11-02,ed,1\n"),
    )
    for log in (early, late, early):
        store.imports.add(log, 7)
    assert total(store.imports) == credits(9)


def test_its_span_goes_from_the_first_to_the_last_row(store: Store) -> None:
    store.imports.add(rows("2026-11-02T10:00Z,ed,1\n2026-09-02T10:00Z,eve,1\n"), 7)
    assert store.imports.span() == Period(utc("2026-09-02T10:00"), utc("2026-11-02T10:00") + 1)


ROW = st.tuples(
    st.integers(0, 5).map(lambda hour: f"2026-11-0{1 + hour // 2}T0{hour}:00Z"),
    st.sampled_from(["ed", "eve"]),
    st.sampled_from(["1", "2.5"]),
)


@settings(max_examples=60)
@given(st.lists(ROW, max_size=14), st.data())
def test_overlapping_downloads_in_any_order_come_to_the_whole(
    lines: list[tuple[str, str, str]], data: st.DataObject
) -> None:
    cuts = data.draw(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=4))
    downloads = [[line for line in lines if low <= int(line[0][12]) < high] for low, high in [*cuts, (0, 6)]]
    shuffling = data.draw(st.randoms(use_true_random=False))
    assert isinstance(shuffling, random.Random)
    shuffling.shuffle(downloads)
    with TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "hexmeter.db")
        for download in downloads:
            shuffling.shuffle(download)
            store.imports.add(rows("\n".join(",".join(line) for line in download)), 7)
        assert total(store.imports) == sum(credits(float(line[2])) for line in lines)
        store.close()


@pytest.mark.parametrize(
    ("ledger", "begins"),
    [
        pytest.param([], None, id="nothing"),
        pytest.param([("2026-11-05T07:00", "2026-11-05T07:00", Basis.BACKFILL)], "2026-11-05", id="backfill"),
        pytest.param([("2026-11-05T07:00", "2026-11-05T08:00", Basis.DELTA)], "2026-11-04", id="growth"),
        pytest.param([("2026-11-01T07:00", "2026-11-05T08:00", Basis.DELTA)], "2026-11-01T07:00", id="long growth"),
    ],
)
def test_the_ledger_begins_no_later_than_anything_it_holds(
    store: Store, ledger: list[tuple[str, str, Basis]], begins: str | None
) -> None:
    connection = store.database.connection
    connection.execute(
        "INSERT INTO threads (key, id, user_id, created_ms, high_micro, look, sensitive)"
        " VALUES (1, 't', 'u', 0, 0, 1, 0)"
    )
    for after, at, basis in ledger:
        connection.execute(
            "INSERT INTO ledger (thread_key, after_ms, at_ms, credits_micro, basis, seen_ms) VALUES (1, ?, ?, 5, ?, 0)",
            (utc(after), utc(at), basis),
        )
    expected = None if begins is None else utc(begins)
    assert store.imports.ledger_begins(Whose(Group.ONE, "u")) == expected
    assert store.imports.ledger_begins(Whose(Group.ALL)) == expected
    assert store.imports.ledger_begins(Whose(Group.UNLISTED)) == expected
    assert store.imports.ledger_begins(Whose(Group.ONE, "v")) is None
    store.roster.save([Person("u", None, None, None)], 7, whole=True)
    assert store.imports.ledger_begins(Whose(Group.UNLISTED)) is None
