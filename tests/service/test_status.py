"""The status that is asked for again and again: worked out anew as soon as anything in it may have changed."""

import contextlib
import json
import sqlite3
from collections.abc import Callable

import pytest

from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hexmeter.core.usagelog import understand
from hexmeter.service.documents.documents import Documents
from hexmeter.service.meters.figures import Figures
from hexmeter.store.store import Store

from .bench import TEAM, Bench, micro, small_world
from .conftest import MakeBench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n[pool]\nbalance = 100\nas_of = 2026-11-01\n'


@pytest.fixture
def acme(make_bench: MakeBench) -> Bench:
    watching = make_bench(small_world(), "ada", EVERYONE)
    watching.poll_until_read()
    return watching


def grow(acme: Bench) -> None:
    acme.world.grow("ed-new", micro("2"), acme.now_ms)
    acme.poll()


def calibrate(acme: Bench) -> None:
    body = json.dumps({"meter": "grant:ed@acme.test", "used": "20"}).encode()
    assert acme.ask("POST", "/v1/calibrate", body)[0] == 200


def take_rows(acme: Bench) -> None:
    rows = understand("time,user,credits\n2026-11-05T09:00Z,eve@acme.test,3\n", {}, acme.daemon.config.zone).rows
    assert acme.ask("POST", "/v1/import", json.dumps({"rows": rows, "dry_run": False}).encode())[0] == 200


def change_a_role(acme: Bench) -> None:
    acme.world.set_role("xi@acme.test", "EDITOR")
    acme.later(HOUR_MS + MINUTE_MS)


def leave_a_minute(acme: Bench) -> None:
    acme.clock.advance(MINUTE_MS)


def begin_a_period(acme: Bench) -> None:
    acme.clock.advance(9 * DAY_MS - 12 * HOUR_MS)


def read_another_configuration(acme: Bench) -> None:
    acme.restart(EVERYONE.replace('"team"', '"enterprise"'))


CHANGES = [grow, calibrate, take_rows, change_a_role, leave_a_minute, begin_a_period, read_another_configuration]


def worked_out_anew(acme: Bench) -> object:
    """The status of one who was never asked before."""
    config = acme.daemon.config
    with contextlib.closing(Store.open_to_read(config.database)) as store:
        return Documents(config, store, Figures(config, store)).status(acme.now_ms)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_whatever_changes_a_meter_is_in_the_very_next_status(acme: Bench, change: Callable[[Bench], None]) -> None:
    before = acme.status()["meters"]
    change(acme)
    assert acme.status() == worked_out_anew(acme)
    assert acme.status()["meters"] != before


def test_what_was_taken_back_is_in_no_status(acme: Bench) -> None:
    before = acme.status()
    with contextlib.suppress(sqlite3.IntegrityError), acme.store.transaction() as connection:
        connection.execute("UPDATE people SET email = 'new-' || email")
        assert acme.status()["meters"] != before["meters"]
        raise sqlite3.IntegrityError
    assert acme.status() == before


def test_within_a_minute_only_its_age_and_what_stands_around_the_meters_moves(acme: Bench) -> None:
    before = acme.status()
    acme.clock.advance(MINUTE_MS - 1)
    assert acme.status() == before
    acme.clock.advance(1 - MINUTE_MS + 3 * acme.daemon.config.poll.interval_ms - 1)
    assert acme.status()["stale"] is False
    acme.clock.advance(1)
    assert acme.status()["stale"] is True
