"""The export: every row, exact; and with pseudonyms nothing that tells who it was."""

import json
from collections import Counter
from typing import Any

import pytest

from hexmeter.service.api.api import Api
from hexmeter.service.documents.export import COLUMNS, LEFT_OUT
from hexmeter.wire.httpd import Request, Stream

from .bench import TEAM, Bench, add, micro, small_world
from .conftest import MakeBench

EVERYONE = (
    TEAM
    + '[watch]\nusers = "everyone"\n[pool]\nbalance = 500\nas_of = 2026-11-01\n'
    + '[allocations]\n"group:Analysts" = { limit = 5, members = ["ed@acme.test"] }\n'
)


@pytest.fixture
def watching(make_bench: MakeBench) -> Bench:
    """A daemon that has seen backfill, growth and a fall, and has warned of eve."""
    world = small_world()
    add(world, "eve", 2, "38.000001", title="=cmd|eve's secret")
    made = make_bench(world, "workspace", EVERYONE)
    made.poll_until_read()
    world.grow("ed-new", micro("1.5"), made.now_ms)
    made.later()
    world.set_credits("ed-new", micro("4"), made.now_ms)
    made.later()
    return made


def exported(watching: Bench, **query: str) -> tuple[dict[str, Any], list[dict[str, Any]], str]:
    """The head, the rows, and all as text."""

    async def read() -> bytes:
        answer = await Api(watching.daemon).handle(Request("GET", "/v1/export", query))
        assert isinstance(answer, Stream)
        return b"".join([chunk async for chunk in answer.chunks])

    text = watching.run(read()).decode()
    head, *rows, end = [json.loads(line) for line in text.splitlines()]
    assert end == {"end": True, "rows": len(rows)}
    return head, rows, text


def test_the_ledger_sums_to_the_truth_to_the_micro_credit(watching: Bench) -> None:
    _, rows, _ = exported(watching)
    sums: Counter[str | None] = Counter()
    for row in rows:
        sums[row["user_id"]] += round(row["credits"] * 1_000_000)
    assert dict(sums) == watching.world.used_by_user(0, watching.now_ms + 1)
    assert [row["row"] for row in rows] == sorted(row["row"] for row in rows)
    assert {row["basis"] for row in rows} == {"backfill", "delta", "fall"}


@pytest.mark.parametrize("what", list(COLUMNS))
def test_each_export_has_the_columns_it_names(watching: Bench, what: str) -> None:
    head, rows, _ = exported(watching, what=what)
    assert head["columns"] == list(COLUMNS[what])
    assert rows
    assert all(list(row) == head["columns"] for row in rows)
    head, rows, _ = exported(watching, what=what, anonymous="true")
    assert (head["anonymous"], head["left_out"]) == (True, list(LEFT_OUT[what]))
    assert all(list(row) == head["columns"] for row in rows)


@pytest.mark.parametrize("what", list(COLUMNS))
def test_an_anonymous_export_holds_no_name_and_no_id_of_hex(watching: Bench, what: str) -> None:
    _, rows, text = exported(watching, what=what, anonymous="true")
    people = watching.world.people.values()
    names = {word for person in people for word in (person.id, person.email, person.name) if word}
    for word in names | set(watching.world.threads) | {"acme", "secret", "Analysts"}:
        assert f'"{word}"' not in text
        assert "@" not in text
        assert len(word) < 6 or word not in text
    assert rows


def test_pseudonyms_are_the_same_in_every_export_and_tell_people_apart(watching: Bench) -> None:
    _, ledger, _ = exported(watching, anonymous="true")
    by_name = {row["row"]: row["user"] for row in exported(watching)[1]}
    watching.restart()
    _, again, _ = exported(watching, anonymous="true")
    assert ledger == again
    pairs = {(by_name[row["row"]], row["user"]) for row in ledger}
    assert len(pairs) == len(set(by_name.values())) == len({pseudonym for _, pseudonym in pairs})
    eve = dict(pairs)["eve@acme.test"]
    assert f"grant:{eve}" in {row["id"] for row in exported(watching, what="meters", anonymous="true")[1]}
    assert f"grant:{eve}" in {row["meter"] for row in exported(watching, what="alerts", anonymous="true")[1]}


def test_another_database_has_other_pseudonyms(watching: Bench) -> None:
    before = exported(watching, anonymous="true")[1][0]["user"]
    watching.store.database.connection.execute("DELETE FROM meta WHERE name = 'export_key'")
    assert exported(watching, anonymous="true")[1][0]["user"] != before


def test_more_rows_than_a_batch_come_whole(watching: Bench) -> None:
    for number in range(2_100):
        add(watching.world, "ed", 60 + number / 1000, "0.000001")
    watching.poll(whole=True)
    watching.clock.advance(60_000)
    rows = exported(watching)[1]
    assert len(rows) == watching.query("SELECT count(*) FROM ledger")[0][0]


@pytest.mark.parametrize("query", [{"what": "people"}, {"anonymous": "yes"}])
def test_what_cannot_be_exported_is_refused(watching: Bench, query: dict[str, str]) -> None:
    assert watching.ask("GET", "/v1/export", **query)[0] == 400
