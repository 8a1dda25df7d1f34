"""An Editor or Explorer, whom Hex shows no list: said plainly, with what works instead; and calibration."""

import json
import logging
from typing import Any

import pytest

from hexmeter.core.instants import DAY_MS, HOUR_MS
from hexmeter.hex.simulator.faults import parse_fault

from .bench import INTERVAL_MS, START_MS, TEAM, Bench, micro, small_world
from .conftest import MakeBench

NOTE = (
    "Hex lists threads only for Managers, Admins and workspace tokens, so this token sees just the threads"
    " named with `hexmeter track URL`; `hexmeter calibrate` sets the grant to what Hex's own page shows."
)


@pytest.fixture
def editor(make_bench: MakeBench) -> Bench:
    return make_bench(small_world(), "ed", TEAM)


def post(watching: Bench, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
    return watching.ask("POST", path, json.dumps(body).encode())


def figures(watching: Bench) -> tuple[Any, ...]:
    meter = watching.meter("ed@acme.test")
    return tuple(meter[name] for name in ("used", "remaining", "state", "bound", "adjustment"))


UNKNOWN = (None, None, "unknown", "at_least", 0.0)


def test_a_list_that_is_refused_is_explained_in_a_note_and_the_log(
    editor: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert editor.poll().failure is None
    assert editor.status()["notes"] == [NOTE]
    assert [record.getMessage() for record in caplog.records] == [
        "Hex does not list threads for this role, so only tracked threads are read:"
        " Hex answered GET /threads with 403: Insufficient access: Requires the Manager role or higher"
    ]
    assert figures(editor) == UNKNOWN


def test_the_refused_list_is_not_asked_for_again_within_the_hour(editor: Bench) -> None:
    for _ in range(5):
        editor.later()
    assert editor.requests() == ["GET /users/me", "GET /threads"]


@pytest.mark.parametrize("refusals", [1, 2], ids=["once", "twice"])
def test_a_list_that_was_shown_before_and_is_refused_in_passing_fails_polls_and_nothing_more(
    make_bench: MakeBench, refusals: int
) -> None:
    admin = make_bench(small_world(), "ada", TEAM + '[watch]\nusers = "everyone"\n')
    admin.poll_until_read()
    before = admin.status()["meters"]
    admin.sim.faults.arm(parse_fault(f"403@/threads:{refusals}"))
    for _ in range(refusals):
        failure = admin.poll().failure
        assert failure is not None
        assert "GET /threads with 403" in failure.message
        assert (admin.status()["meters"], admin.status()["notes"]) == (before, [])
    assert admin.poll().failure is None
    assert admin.store.progress.access().threads


def test_a_list_that_is_refused_for_the_third_time_is_taken_for_one_the_role_may_not_see(make_bench: MakeBench) -> None:
    admin = make_bench(small_world(), "ada", TEAM)
    admin.poll_until_read()
    admin.world.set_role("ada@acme.test", "EDITOR")
    assert [admin.poll().failure is None for _ in range(4)] == [False, False, True, True]
    assert admin.status()["notes"][0] == NOTE
    assert admin.requests()[-3:] == ["GET /threads"] * 3


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("ed-new", id="an id"),
        pytest.param("https://app.hex.tech/acme/thread/ed-new", id="a link"),
        pytest.param("app.hex.tech/acme/thread/ed-new?x=1#y", id="a link without scheme"),
    ],
)
def test_a_tracked_thread_counts_as_at_least(editor: Bench, link: str) -> None:
    status, answer = post(editor, "/v1/track", threads=[link])
    assert (status, answer["added"], answer["tracked"]) == (
        200,
        ["ed-new"],
        [{"thread": "ed-new", "title": None, "credits": 3.27, "problem": None}],
    )
    assert figures(editor) == (3.27, 36.73, "ok", "at_least", 0.0)
    editor.world.grow("ed-new", micro("1"), editor.now_ms)
    editor.later()
    assert figures(editor) == (4.27, 35.73, "ok", "at_least", 0.0)


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        pytest.param("no-such-thread", "Hex answered GET /threads/no-such-thread with 404: Not found", id="unknown"),
        pytest.param(
            "eve-new", "Hex answered GET /threads/eve-new with 403: Insufficient access", id="somebody else's"
        ),
    ],
)
def test_a_thread_that_cannot_be_read_is_said_and_leaves_the_figure_unknown(
    editor: Bench, link: str, problem: str
) -> None:
    status, answer = post(editor, "/v1/track", threads=[link])
    assert (status, answer["poll"]["ok"]) == (200, True)
    assert answer["tracked"] == [{"thread": link, "title": None, "credits": None, "problem": problem}]
    assert figures(editor) == UNKNOWN


@pytest.mark.parametrize(
    "link",
    [
        "",
        " ",
        "https://",
        "hello",
        "https://app.hex.tech/acme",
        "two words",
        "../..",
        "a/\x1b[2J",
        "x" * 201,
        "http://[",
        "-rf",
        "hxtp_sim_ed",
        "https://app.hex.tech/acme/thread/hxtw_sim_workspace",
    ],
)
def test_garbage_is_no_thread_and_nothing_is_tracked(editor: Bench, link: str) -> None:
    status, answer = post(editor, "/v1/track", threads=["ed-new", link])
    assert (status, answer["error"]["code"], answer["error"]["exit_code"]) == (400, "bad_thread", 2)
    assert "_sim_" not in json.dumps(answer), "a token that was pasted by mistake is shown to nobody"
    assert editor.query("SELECT * FROM tracked") == []


def test_before_a_tracked_thread_was_read_the_figure_is_unknown_not_zero(editor: Bench) -> None:
    editor.poll()
    editor.sim.faults.arm(parse_fault("503@/threads"))
    _, answer = post(editor, "/v1/track", threads=["ed-new"])
    assert answer["poll"]["ok"] is False
    assert figures(editor) == UNKNOWN


def test_what_a_tracked_thread_used_stays_when_it_can_no_longer_be_read_or_is_tracked_no_more(editor: Bench) -> None:
    post(editor, "/v1/track", threads=["ed-new"])
    editor.world.delete_thread("ed-new", editor.now_ms)
    editor.later()
    assert editor.store.progress.tracked()[0].problem is not None
    assert figures(editor)[0] == 3.27
    assert post(editor, "/v1/untrack", threads=["ed-new"]) == (200, {"schema": 1, "tracked": []})
    editor.later()
    assert figures(editor)[0] == 3.27


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"used": "12.5"}, (12.5, 27.5, "ok", "at_least", 12.5), id="used"),
        pytest.param({"remaining": "27.5"}, (12.5, 27.5, "ok", "at_least", 12.5), id="remaining"),
        pytest.param({"used": 12.5}, (12.5, 27.5, "ok", "at_least", 12.5), id="a JSON number"),
        pytest.param({"used": 32}, (32.0, 8.0, "warning", "at_least", 32.0), id="a whole number"),
        pytest.param({"used": "45"}, (45.0, 0.0, "exhausted", "at_least", 45.0), id="beyond the grant"),
        pytest.param({"used": "0"}, (0.0, 40.0, "ok", "at_least", 0.0), id="nothing used"),
        pytest.param(
            {"meter": "GRANT:Ed@acme.test", "used": "0.333333"}, (0.333333, 39.666667, "ok", "at_least", 0.333333),
            id="by name",
        ),
    ],
)  # fmt: skip
def test_calibration_anchors_the_meter(editor: Bench, given: dict[str, Any], expected: tuple[Any, ...]) -> None:
    status, answer = post(editor, "/v1/calibrate", **given)
    assert (status, answer["meter"]["id"]) == (200, "grant:ed@acme.test")
    assert figures(editor) == expected


@pytest.mark.parametrize(
    ("used", "insist", "stored"),
    [
        pytest.param("7.2", False, True, id="within a credit"),
        pytest.param("7.1", False, False, id="below"),
        pytest.param("7.1", True, True, id="insisted on"),
        pytest.param("9", False, True, id="above"),
    ],
)
def test_a_figure_far_below_what_was_seen_is_asked_about(editor: Bench, used: str, insist: bool, stored: bool) -> None:
    editor.world.set_credits("ed-new", micro("8.2"), editor.now_ms)
    post(editor, "/v1/track", threads=["ed-new"])
    status, answer = post(editor, "/v1/calibrate", used=used, insist=insist)
    assert (status, bool(editor.query("SELECT * FROM calibrations"))) == ((200, True) if stored else (400, False))
    if not stored:
        assert (answer["error"]["code"], answer["error"]["exit_code"]) == ("far_below", 2)
        assert "7.1 used is far below the 8.2" in answer["error"]["message"]


def test_a_figure_a_hundred_times_the_limit_is_asked_about(editor: Bench) -> None:
    status, answer = post(editor, "/v1/calibrate", used="4000.01")
    assert (status, answer["error"]["code"], answer["error"]["exit_code"]) == (400, "far_above", 2)
    assert (
        "4000.01 used is more than a hundred times the limit of 40; nothing was changed" in answer["error"]["message"]
    )
    assert editor.query("SELECT * FROM calibrations") == []
    assert post(editor, "/v1/calibrate", used="4000")[0] == 200
    assert post(editor, "/v1/calibrate", used="4000.01", insist=True)[0] == 200


def test_where_nothing_is_known_the_forecast_names_the_way_to_a_figure(editor: Bench) -> None:
    editor.poll()
    way = "it has no figure: hexmeter calibrate takes the one that Hex's own page shows"
    assert editor.meter("ed@acme.test")["forecast"] == {"unknown": way}
    assert editor.ask("GET", "/v1/afford", prompts="3")[1]["reason"] == f"What is left is not known: {way}."
    post(editor, "/v1/calibrate", used="12.5")
    assert editor.meter("ed@acme.test")["forecast"] != {"unknown": way}


def test_an_editor_without_any_thread_has_used_at_least_nothing(editor: Bench) -> None:
    editor.poll()
    document = editor.ask("GET", "/v1/usage", by="user")[1]
    assert (document["rows"], document["total"]) == ([], {"credits": 0.0, "bound": "at_least"})


def test_a_figure_that_cannot_be_costs_no_request(editor: Bench) -> None:
    post(editor, "/v1/calibrate", used="much")
    assert editor.requests() == []


def test_after_calibration_only_growth_is_added_and_the_next_period_starts_anew(editor: Bench) -> None:
    post(editor, "/v1/track", threads=["ed-new"])
    post(editor, "/v1/calibrate", used="20")
    assert figures(editor) == (20.0, 20.0, "ok", "at_least", 16.73)
    editor.world.grow("ed-new", micro("1.5"), editor.now_ms)
    editor.later()
    assert figures(editor) == (21.5, 18.5, "ok", "at_least", 16.73)
    post(editor, "/v1/calibrate", used="21")
    assert figures(editor)[::4] == (21.0, 16.23)
    editor.later(9 * DAY_MS)
    assert figures(editor) == (0.0, 40.0, "ok", "at_least", 0.0)


@pytest.mark.parametrize(
    ("given", "code", "status"),
    [
        pytest.param({"remaining": "40.01"}, "bad_amount", 400, id="more than the grant"),
        pytest.param({"used": "-1"}, "bad_amount", 400, id="negative"),
        pytest.param({"used": "much"}, "bad_amount", 400, id="no number"),
        pytest.param({"used": "nan"}, "bad_amount", 400, id="not a number"),
        pytest.param({"used": "1e300"}, "bad_amount", 400, id="absurd"),
        pytest.param({"used": "9" * 500_000}, "bad_amount", 400, id="endless"),
        pytest.param({"used": "x" * 500_000}, "bad_amount", 400, id="a long text"),
        pytest.param({"used": True}, "bad_request", 400, id="a boolean"),
        pytest.param({"used": ["1"]}, "bad_request", 400, id="a list"),
        pytest.param({"used": "1", "remaining": "1"}, "bad_request", 400, id="two figures"),
        pytest.param({}, "bad_request", 400, id="no figure"),
        pytest.param({"used": "1", "insist": "yes"}, "bad_request", 400, id="insisting with a text"),
        pytest.param({"used": "1", "meter": 7}, "bad_request", 400, id="a meter that is no text"),
        pytest.param({"used": "1", "meter": "grant:eve@acme.test"}, "no_such_meter", 404, id="somebody else's meter"),
        pytest.param({"used": "1", "meter": "spend"}, "no_such_meter", 404, id="no such meter"),
        pytest.param({"used": "1", "meter": "pool"}, "no_figure", 400, id="a pool nobody sees"),
    ],
)
def test_a_calibration_that_cannot_be_is_refused_and_nothing_is_stored(
    editor: Bench, given: dict[str, Any], code: str, status: int
) -> None:
    answered, answer = post(editor, "/v1/calibrate", **given)
    assert (answered, answer["error"]["code"], answer["error"]["exit_code"]) == (status, code, 2)
    assert len(answer["error"]["message"]) < 300
    assert editor.query("SELECT * FROM calibrations") == []


@pytest.mark.parametrize(("fault", "exit_code"), [("503", 1), ("401", 3)])
def test_when_the_poll_of_a_calibration_fails_nothing_is_stored(editor: Bench, fault: str, exit_code: int) -> None:
    editor.poll()
    post(editor, "/v1/track", threads=["ed-new"])
    editor.sim.faults.arm(parse_fault(fault))
    status, answer = post(editor, "/v1/calibrate", used="20")
    assert (status, answer["error"]["code"], answer["error"]["exit_code"]) == (502, "poll_failed", exit_code)
    assert editor.query("SELECT * FROM calibrations") == []


def test_calibration_that_lifts_over_a_level_tells_once(editor: Bench) -> None:
    editor.poll()
    for _ in range(3):
        post(editor, "/v1/calibrate", used="33")
        editor.later(HOUR_MS)
    assert editor.alerts() == [("used", 80, "grant:ed@acme.test", "firing")]
    post(editor, "/v1/calibrate", used="40")
    editor.later(HOUR_MS)
    assert [alert[0] for alert in editor.alerts()] == ["used", "exhausted"]


def test_a_tier_that_is_not_known_leaves_the_limit_unknown(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "ed", '[plan]\ntimezone = "UTC"\n')
    status, answer = post(watching, "/v1/calibrate", remaining="5")
    assert (status, answer["error"]["code"]) == (400, "no_limit")
    status, answer = post(watching, "/v1/calibrate", used="5")
    assert (status, answer["meter"]["used"], answer["meter"]["limit"], answer["meter"]["state"]) == (
        200, 5.0, None, "unknown",
    )  # fmt: skip
    assert answer["meter"]["note"] == "the workspace's tier is not known; set [plan] tier or [plan] grant"


def test_a_thread_tracked_after_a_calibration_that_held_it_is_not_counted_twice(make_bench: MakeBench) -> None:
    world = small_world()
    world.add_thread("ed@acme.test", START_MS - 3 * DAY_MS, micro("8.16"), thread_id="old")
    watching = make_bench(world, "ed", TEAM)
    watching.poll()
    assert watching.ask("POST", "/v1/calibrate", json.dumps({"used": "12.5"}).encode())[0] == 200
    watching.clock.advance(INTERVAL_MS)
    assert (
        watching.ask("POST", "/v1/track", json.dumps({"threads": ["https://app.hex.tech/acme/thread/old"]}).encode())[0]
        == 200
    )
    assert watching.used("ed@acme.test") == 12.5
    watching.world.grow("old", micro("1.5"), watching.now_ms)
    watching.later()
    assert watching.used("ed@acme.test") == 14.0
