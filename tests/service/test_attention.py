"""What people do with alerts: told once, then as they say, over restarts and resets, and taken back as easily."""

import json
from typing import Any

import pytest

from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hexmeter.hex.simulator.faults import parse_fault

from .bench import START_MS, Bench, micro
from .conftest import MakeBench
from .test_settle import ED, fail, notices, one_thread, spent

GRANT = "grant:ed@acme.test"
USED_80 = "ed@acme.test: about 80 % used"


@pytest.fixture
def told(make_bench: MakeBench) -> Bench:
    """ed at 80 % of 40 credits, of which the tray told; it is alert 1."""
    watching = make_bench(one_thread("24"), "ada", ED)
    watching.poll_until_read()
    spent(watching, "32")
    assert notices(watching) == [USED_80]
    return watching


def ask(watching: Bench, path: str, **body: Any) -> dict[str, Any]:
    status, document = watching.ask("POST", f"/v1/{path}", json.dumps(body).encode())
    assert status == 200, document
    return document


def refusal(watching: Bench, path: str, **body: Any) -> tuple[int, str]:
    status, document = watching.ask("POST", f"/v1/{path}", json.dumps(body).encode())
    assert document["error"]["hint"]
    assert document["error"]["exit_code"] == 2
    return status, document["error"]["message"]


def tick(watching: Bench, by_ms: int) -> list[str]:
    """Let time pass, poll, and show what that leads to."""
    assert watching.later(by_ms).failure is None
    return notices(watching)


def idle(watching: Bench, by_ms: int) -> list[str]:
    """Let time pass, see what that leads to without a poll, and show it."""
    watching.clock.advance(by_ms)
    watching.daemon.check_blind()
    return notices(watching)


def standing(watching: Bench) -> dict[str, Any]:
    return watching.daemon.documents.standing(watching.now_ms)


def state(watching: Bench) -> str:
    newest = watching.daemon.documents.alerts(watching.now_ms)["alerts"][0]
    return str(newest["state"])


# Acknowledge


def test_an_acknowledged_alert_is_withdrawn_and_a_higher_rung_still_tells(told: Bench) -> None:
    assert standing(told)["withdrawn"] == []
    assert ask(told, "alerts/ack", alert=1)["result"] == "acknowledged"
    assert (state(told), standing(told)["withdrawn"]) == ("acknowledged", [1])
    assert ask(told, "alerts/ack", alert=1)["result"] == "already_acknowledged"
    spent(told, "40")
    assert notices(told) == ["ed@acme.test: the grant is used up"]


def test_an_acknowledgement_is_taken_back(told: Bench) -> None:
    ask(told, "alerts/ack", alert=1)
    assert ask(told, "alerts/unack", alert=1)["alert"]["state"] == "firing"
    assert ask(told, "alerts/unack", alert=1)["result"] == "already_firing"
    assert notices(told) == [], "who takes it back knows of it"


def test_what_is_acknowledged_before_a_tray_came_is_not_shown(make_bench: MakeBench) -> None:
    watching = make_bench(one_thread("33"), "ada", ED)
    watching.poll_until_read()
    ask(watching, "alerts/ack", alert=1)
    assert notices(watching) == []


def test_what_is_over_or_never_was_cannot_be_acknowledged(told: Bench) -> None:
    assert refusal(told, "alerts/ack", alert=9) == (404, "there is no alert 9")
    spent(told, "40")
    assert refusal(told, "alerts/ack", alert=1) == (400, "alert 1 is over already")
    assert refusal(told, "alerts/snooze", alert=1, until="1h") == (400, "alert 1 is over already")


# Snooze


def test_a_snoozed_alert_is_told_again_when_its_time_has_come_over_a_restart(told: Bench) -> None:
    answer = ask(told, "alerts/snooze", alert=1, until="1h")
    assert (answer["result"], answer["alert"]["state"]) == ("snoozed", "snoozed")
    assert (state(told), standing(told)["withdrawn"]) == ("snoozed", [1])
    told.restart()
    assert tick(told, HOUR_MS - 1) == []
    assert tick(told, 1) == [USED_80]
    assert (state(told), standing(told)["withdrawn"]) == ("firing", [])
    assert tick(told, HOUR_MS) == []


def test_a_snooze_until_tomorrow_ends_at_nine_local(make_bench: MakeBench) -> None:
    berlin = ED.replace('"UTC"', '"Europe/Berlin"')
    watching = make_bench(one_thread("33"), "ada", berlin)
    watching.poll_until_read()
    assert ask(watching, "alerts/snooze", alert=1, until="tomorrow")["until"] == "2026-11-23T08:00:00Z"


def test_a_snooze_over_a_reset_has_nothing_left_to_tell(told: Bench) -> None:
    assert ask(told, "alerts/snooze", alert=1, until="10d")["until"] == "2026-12-02T12:05:00Z"
    told.later(9 * DAY_MS)
    assert state(told) == "resolved"
    assert tick(told, 2 * DAY_MS) == []


def test_a_snooze_until_the_reset_ends_with_it_and_the_level_tells_anew(told: Bench) -> None:
    assert ask(told, "alerts/snooze", meter=GRANT, until="reset")["until"] == "2026-12-01T00:00:00Z"
    spent(told, "40")
    assert (notices(told), state(told)) == ([], "snoozed")
    told.later(9 * DAY_MS)
    assert (notices(told), state(told)) == ([], "resolved")
    told.world.grow("main", micro("32"), told.now_ms)
    told.later()
    assert notices(told) == ["ed@acme.test: 80 % used"]


def test_a_snoozed_meter_tells_what_stands_when_its_time_has_come(told: Bench) -> None:
    ask(told, "alerts/snooze", meter=GRANT, until="1h")
    spent(told, "41")
    assert notices(told) == []
    assert tick(told, HOUR_MS) == ["ed@acme.test: the grant is used up"]
    assert told.daemon.documents.alerts(told.now_ms)["silences"] == []


def test_a_snooze_is_listed_and_taken_back(told: Bench) -> None:
    ask(told, "alerts/snooze", meter=GRANT, until="1d")
    [silence] = told.daemon.documents.alerts(told.now_ms)["silences"]
    assert (silence["scope"], silence["what"], silence["until"]) == ("meter", GRANT, "2026-11-23T12:05:00Z")
    assert ask(told, "alerts/unsnooze", meter=GRANT)["result"] == "unsnoozed"
    assert (state(told), ask(told, "alerts/unsnooze", meter=GRANT)["result"]) == ("firing", "already_unsnoozed")
    ask(told, "alerts/snooze", alert=1, until="1d")
    assert ask(told, "alerts/unsnooze", alert=1)["alert"]["snoozed_until"] is None
    assert tick(told, 2 * DAY_MS) == []


@pytest.mark.parametrize(
    ("first", "second", "silent_h", "told_h"),
    [
        pytest.param({"meter": GRANT, "until": "1h"}, "2h", 1, 1, id="a longer snooze of the meter"),
        pytest.param({"meter": GRANT, "until": "2h"}, "1h", 0.5, 0.5, id="a shorter snooze of the meter"),
        pytest.param({"alert": 1, "until": "1h"}, "2h", 1, 1, id="the alert for less long"),
        pytest.param({"alert": 1, "until": "2h"}, "1h", 1, 1, id="the alert for longer"),
    ],
)
def test_a_second_snooze_tells_what_stands_when_it_ends(
    told: Bench, first: dict[str, Any], second: str, silent_h: float, told_h: float
) -> None:
    ask(told, "alerts/snooze", **first)
    ask(told, "alerts/snooze", meter=GRANT, until=second)
    assert tick(told, round(silent_h * HOUR_MS)) == []
    assert tick(told, round(told_h * HOUR_MS)) == [USED_80]


@pytest.mark.parametrize("what", ["used", GRANT])
def test_a_mute_that_is_taken_back_leaves_a_snooze_as_it_was(told: Bench, what: str) -> None:
    ask(told, "alerts/snooze", alert=1, until="1h")
    ask(told, "alerts/mute", what=what)
    ask(told, "alerts/unmute", what=what)
    assert state(told) == "snoozed"
    assert tick(told, HOUR_MS) == [USED_80]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"alert": 1, "until": "soon"}, "'soon' is no time to come"),
        ({"alert": 1}, "until is not a text"),
        ({"until": "1h"}, "it takes one alert or one meter"),
        ({"alert": 1, "meter": GRANT, "until": "1h"}, "it takes one alert or one meter"),
    ],
)
def test_a_snooze_that_cannot_be_says_what_is_wrong(told: Bench, body: dict[str, Any], message: str) -> None:
    assert refusal(told, "alerts/snooze", **body) == (400, message)


# Mute


@pytest.mark.parametrize("what", ["exhausted", GRANT])
def test_what_is_muted_is_kept_and_not_told_until_that_is_taken_back(told: Bench, what: str) -> None:
    assert ask(told, "alerts/mute", what=what)["result"] == "muted"
    assert ask(told, "alerts/mute", what=what)["result"] == "already_muted"
    told.restart()
    spent(told, "40")
    assert notices(told) == []
    [newest, *_] = told.daemon.documents.alerts(told.now_ms)["alerts"]
    assert (newest["kind"], newest["state"], newest["muted"], newest["deliveries"]) == ("exhausted", "firing", True, [])
    assert told.daemon.documents.alerts(told.now_ms)["silences"][0]["until"] is None
    assert ask(told, "alerts/unmute", what=what)["result"] == "unmuted"
    assert ask(told, "alerts/unmute", what=what)["result"] == "already_unmuted"
    assert notices(told) == []


def test_a_mute_withdraws_what_is_shown(told: Bench) -> None:
    ask(told, "alerts/mute", what="used")
    assert standing(told)["withdrawn"] == [1]
    ask(told, "alerts/unmute", what="used")
    assert standing(told)["withdrawn"] == []


def test_a_tray_hears_what_is_muted_and_snoozed_though_no_alert_stands(told: Bench) -> None:
    for credits in ("20", "20"):
        spent(told, credits)
    assert standing(told)["active"] == []
    assert standing(told)["silences"] == []
    ask(told, "alerts/mute", what="burn")
    ask(told, "alerts/snooze", meter=GRANT, until="1h")
    heard = standing(told)["silences"]
    assert [(silence["scope"], silence["what"], silence["until"] is None) for silence in heard] == [
        ("kind", "burn", True),
        ("meter", GRANT, False),
    ]
    assert heard == told.daemon.documents.alerts(told.now_ms)["silences"]


def test_what_is_neither_a_kind_nor_a_meter_is_refused_with_what_there_is(told: Bench) -> None:
    assert refusal(told, "alerts/mute", what="grants") == (404, "there is no meter 'grants' and no such kind")


def test_a_mute_takes_the_email_that_status_prints_and_is_taken_back_by_it(told: Bench) -> None:
    assert ask(told, "alerts/mute", what="Ed@acme.test")["what"] == GRANT
    assert ask(told, "alerts/unmute", what="ed@acme.test")["result"] == "unmuted"
    assert ask(told, "alerts/snooze", meter="ed@acme.test", until="1h")["meter"] == GRANT
    assert ask(told, "alerts/unsnooze", meter="ed@acme.test")["result"] == "unsnoozed"


# Quiet hours

QUIET = ED + '[alerts]\nquiet_hours = "11:00-13:30"\n'


def test_quiet_hours_hold_back_what_happens_in_them_over_a_restart(make_bench: MakeBench) -> None:
    watching = make_bench(one_thread("24"), "ada", QUIET)
    watching.poll_until_read()
    spent(watching, "33")
    assert (notices(watching), standing(watching)["pending"]) == ([], 0)
    assert watching.daemon.documents.alerts(watching.now_ms)["quiet"]["until"] == "2026-11-22T13:30:00Z"
    watching.restart()
    assert tick(watching, START_MS + 90 * MINUTE_MS - 1 - watching.now_ms) == []
    assert tick(watching, 1) == ["ed@acme.test: about 82 % used"]


def test_critical_ones_pass_quiet_hours_where_that_is_set(make_bench: MakeBench) -> None:
    watching = make_bench(one_thread("33"), "ada", QUIET + "quiet_critical = true\n")
    watching.poll_until_read()
    assert notices(watching) == []
    spent(watching, "40")
    assert notices(watching) == ["ed@acme.test: the grant is used up"]


def test_what_is_over_before_quiet_hours_end_is_never_told(make_bench: MakeBench) -> None:
    watching = make_bench(one_thread("24"), "ada", QUIET)
    watching.poll_until_read()
    for credits in ("33", "20", "20"):
        spent(watching, credits)
    assert tick(watching, 2 * HOUR_MS) == []


# Pause


def test_a_pause_is_shown_and_blinds_nobody(told: Bench) -> None:
    assert ask(told, "pause", until="2h")["paused_until"] == "2026-11-22T14:05:00Z"
    told.restart()
    assert (told.daemon.paused, told.status()["paused_until"]) == (True, "2026-11-22T14:05:00Z")
    for _ in range(23):
        assert idle(told, 5 * MINUTE_MS) == []
    idle(told, 5 * MINUTE_MS)
    assert (told.daemon.paused, told.status()["paused_until"]) == (False, None)
    assert idle(told, 5 * MINUTE_MS) == []
    assert [kind for kind, *_ in told.alerts()] == ["used"]


def test_a_poll_on_demand_works_while_polls_are_paused(told: Bench) -> None:
    ask(told, "pause", until="2h")
    assert ask(told, "poll")["ok"]


def test_polls_go_on_at_once_when_resumed_and_silence_counts_from_then(told: Bench) -> None:
    begun: list[int] = []
    told.daemon.poll_soon = lambda: begun.append(told.now_ms)
    assert ask(told, "resume")["result"] == "already_resumed"
    ask(told, "pause", until="1d")
    told.clock.advance(12 * HOUR_MS)
    assert ask(told, "resume")["result"] == "resumed"
    assert begun == [told.now_ms]
    told.sim.faults.arm(parse_fault("503"))
    assert told.later().failure is not None
    assert [kind for kind, *_ in told.alerts()] == ["used"]
    told.sim.faults.clear()
    fail(told, "503", 4)
    assert [kind for kind, *_ in told.alerts()] == ["used", "blind"]
