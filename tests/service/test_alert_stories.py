"""Timelines of alerts over a whole daemon: what is told when, whatever Hex, the clock and the configuration do."""

import json
from dataclasses import replace
from typing import Any

import pytest

from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hexmeter.hex.simulator.faults import parse_fault

from .bench import INTERVAL_MS, Bench, add, micro, small_world
from .conftest import MakeBench
from .test_settle import ED, EVERYONE, fail, notices, one_thread, spent


def told(watching: Bench) -> list[tuple[str, Any]]:
    return [(kind, level) for kind, level, _, _ in watching.alerts()]


def test_the_story_of_a_morning(make_bench: MakeBench) -> None:
    watching = make_bench(one_thread("24"), "ada", ED)
    watching.poll_until_read()
    story: list[tuple[str, list[str]]] = []
    for credits in ("31.96", "32.04", "31.96", "restart", "32.04", "failed", "32.04"):
        if credits == "restart":
            watching.restart()
        elif credits == "failed":
            watching.sim.faults.arm(parse_fault("503"))
            watching.later()
            watching.sim.faults.clear()
        else:
            spent(watching, credits)
        story.append((credits, notices(watching)))
    assert story == [
        ("31.96", []),
        ("32.04", ["ed@acme.test: about 80 % used"]),
        *(("31.96", []), ("restart", []), ("32.04", []), ("failed", []), ("32.04", [])),
    ]


def test_a_day_of_flapping_is_one_notice(make_bench: MakeBench) -> None:
    watching = make_bench(one_thread("24"), "ada", ED)
    watching.poll_until_read()
    for poll in range(48):
        watching.world.set_credits("main", micro("32.4" if poll % 2 else "30.4"), watching.now_ms)
        watching.later(30 * MINUTE_MS)
    assert told(watching) == [("used", 80)]


def test_a_jump_is_one_notice(make_bench: MakeBench) -> None:
    watching = make_bench(one_thread("4"), "ada", ED + "[alerts]\nused = [50, 80, 95]\nleft = [5]\n")
    watching.poll_until_read()
    spent(watching, "40")
    assert told(watching) == [("exhausted", None)]


def test_a_sleep_over_several_levels_of_several_people_is_one_digest(make_bench: MakeBench) -> None:
    world = small_world()
    watching = make_bench(world, "ada", EVERYONE + "[alerts]\nused = [50, 80, 95]\n")
    watching.poll_until_read()
    assert notices(watching) == []
    for thread, credits in (("ed-new", "34"), ("eve-new", "39"), ("xi-new", "9")):
        world.set_credits(thread, micro(credits), watching.now_ms)
    watching.clock.sleep(9 * HOUR_MS)
    watching.daemon.woke()
    watching.poll(whole=True)
    assert notices(watching) == ["Hex credits: 3 warnings"]
    watching.later()
    assert notices(watching) == []


def test_a_reset_that_passes_unseen_during_a_sleep_is_told_once(make_bench: MakeBench) -> None:
    watching = make_bench(one_thread("33"), "ada", ED + "[alerts]\nreset = true\n")
    watching.poll_until_read()
    assert notices(watching) == ["ed@acme.test: about 82 % used"]
    watching.clock.sleep(20 * DAY_MS)
    watching.daemon.woke()
    for _ in range(3):
        watching.later()
    assert notices(watching) == ["ed@acme.test: the grant is back"]
    assert watching.alerts() == [
        ("used", 80, "grant:ed@acme.test", "resolved"),
        ("reset", None, "grant:ed@acme.test", "firing"),
    ]


def test_a_clock_set_back_a_day_repeats_nothing(make_bench: MakeBench) -> None:
    watching = make_bench(one_thread("24"), "ada", ED + "[alerts]\nreset = true\nused = [80]\n")
    watching.poll_until_read()
    watching.later(9 * DAY_MS)
    watching.world.grow("main", micro("33"), watching.now_ms)
    watching.later()
    before = watching.alerts()
    assert [kind for kind, *_ in before] == ["reset", "used"]
    for by_ms in (-DAY_MS, INTERVAL_MS, 2 * DAY_MS):
        watching.clock.at_ms += by_ms
        watching.later()
    assert watching.alerts() == before


def test_a_calibration_lifts_and_lowers_a_meter(make_bench: MakeBench) -> None:
    watching = make_bench(one_thread("24"), "ada", ED)
    watching.poll_until_read()

    def calibrate(used: str) -> list[str]:
        body = {"meter": "grant:ed@acme.test", "used": used, "insist": True}
        assert watching.ask("POST", "/v1/calibrate", json.dumps(body).encode())[0] == 200
        return notices(watching)

    assert calibrate("33") == ["ed@acme.test: about 82 % used"]
    assert calibrate("20") == []
    watching.later()
    assert watching.alerts() == [("used", 80, "grant:ed@acme.test", "resolved")]
    assert calibrate("40") == ["ed@acme.test: the grant is used up"]


# Prompts


PROMPTS = ED + "[alerts]\nused = []\nforecast = false\nexhausted = false\nprompt_cost = 5\n"


def prompt(watching: Bench, credits: str) -> list[str]:
    """A message of ed's that costs so much, and what the poll after it tells."""
    if credits != "0":
        watching.world.grow("main", micro(credits), watching.now_ms)
    assert watching.later().failure is None
    return notices(watching)


def test_a_dear_prompt_is_told_when_a_second_poll_still_sees_it_and_one_a_day(make_bench: MakeBench) -> None:
    watching = make_bench(one_thread("1"), "ada", PROMPTS)
    watching.poll_until_read()
    watching.later()
    story = []
    for grown in ("6", "0", "7", "0"):
        story.append(prompt(watching, grown))
    assert story == [[], ["ed@acme.test: one prompt cost 6"], [], []]
    watching.later(DAY_MS)
    assert [prompt(watching, grown) for grown in ("8", "0")] == [[], ["ed@acme.test: one prompt cost 8"]]


def test_what_was_spent_over_a_gap_is_no_prompt(make_bench: MakeBench) -> None:
    watching = make_bench(one_thread("1"), "ada", PROMPTS)
    watching.poll_until_read()
    watching.later()
    watching.world.grow("main", micro("20"), watching.now_ms)
    watching.later(DAY_MS)
    assert [prompt(watching, "0"), prompt(watching, "0")] == [[], []]


@pytest.mark.parametrize("wrong", ["0", "500"])
def test_one_wrong_answer_makes_no_prompt_no_reset_and_no_repeat(make_bench: MakeBench, wrong: str) -> None:
    watching = make_bench(one_thread("29.2"), "ada", PROMPTS + "reset = true\nburn = true\nprompt = true\n")
    watching.poll_until_read()
    watching.later()
    for credits in (wrong, "29.2", wrong, "29.2", "29.2"):
        spent(watching, credits)
    watching.later()
    assert notices(watching) == []
    assert watching.alerts() == []


def test_seventy_three_per_cent_to_nothing_and_back_is_no_story(make_bench: MakeBench) -> None:
    watching = make_bench(one_thread("29.2"), "ada", ED + "[alerts]\nused = [50]\nreset = true\n")
    watching.poll_until_read()
    assert notices(watching) == ["ed@acme.test: about 73 % used"]
    for credits in ("0", "29.2", "0", "29.2"):
        spent(watching, credits)
    assert notices(watching) == []
    assert watching.alerts() == [("used", 50, "grant:ed@acme.test", "firing")]


# The token, and what it was told for


def test_a_token_about_to_expire_is_told_and_another_one_ends_that(make_bench: MakeBench) -> None:
    watching = make_bench(one_thread("1"), "ada", ED)
    watching.poll_until_read()

    def expires_in(days: float) -> list[str]:
        identity = watching.store.progress.identity()
        assert identity is not None
        expires_ms = watching.now_ms + INTERVAL_MS + round(days * DAY_MS)
        watching.store.progress.save_identity(replace(identity, token_expires_ms=expires_ms))
        watching.later()
        return notices(watching)

    assert expires_in(7.5) == []
    assert expires_in(6.5) == ["Hexmeter's token expires within 7 days"]
    assert expires_in(90) == []
    assert watching.alerts() == [("token", 7, None, "resolved")]


def test_what_is_switched_off_is_not_told(make_bench: MakeBench) -> None:
    off = "[alerts]\nused = []\nexhausted = false\nblind = false\nforecast = false\n"
    watching = make_bench(one_thread("41"), "ada", ED + off)
    watching.poll_until_read()
    fail(watching, "503", 4)
    assert watching.alerts() == []


def test_a_day_far_above_the_usual_and_credits_about_to_lapse_are_told_where_that_is_set(make_bench: MakeBench) -> None:
    world = one_thread("0.1")
    for day in range(2, 20):
        add(world, "ed", day, "0.5")
    watching = make_bench(world, "ada", ED + "[alerts]\nburn = true\nunused = 40\nforecast = false\n")
    watching.poll_until_read()
    watching.world.grow("main", micro("1.6"), watching.now_ms)
    watching.later()
    assert notices(watching) == ["ed@acme.test: 1.6 used today, far above the usual"]
    watching.later()
    assert notices(watching) == []
    watching.later(6 * DAY_MS)
    assert notices(watching) == ["ed@acme.test: about 29.3 will lapse"]


# Why, and what other rules would have told


def test_why_says_what_was_read_and_what_followed(make_bench: MakeBench) -> None:
    watching = make_bench(one_thread("24"), "ada", ED)
    watching.poll_until_read()
    for credits in ("33", "20", "20"):
        spent(watching, credits)
    status, document = watching.ask("GET", "/v1/alerts/why", id="1")
    assert (status, document["alert"]["id"]) == (200, 1)
    assert [(change["outcome"], change["reason"]) for change in document["history"]][-3:] == [
        ("fired", "new_rung"),
        (None, "fall_unconfirmed"),
        ("resolved", "fall_confirmed"),
    ]
    fired = document["history"][-3]["line"]
    assert fired.startswith("Sun 22 Nov 12:05: about 33 of 40 used (82.5 %), ")
    assert fired.endswith("; used 80 % was told, for a higher rung was reached.")
    assert document["history"][-3]["facts"]["used_micro"] == 33_000_000


def test_why_of_no_alert_is_refused(make_bench: MakeBench) -> None:
    watching = make_bench(one_thread("24"), "ada", ED)
    assert watching.ask("GET", "/v1/alerts/why", id="1")[0] == 404
    assert watching.ask("GET", "/v1/alerts/why", id="x")[0] == 400


def test_a_replay_of_the_configured_rules_tells_exactly_what_was_told(make_bench: MakeBench) -> None:
    watching = make_bench(one_thread("24"), "ada", ED)
    watching.poll_until_read()
    for credits in ("33", "32", "20", "20", "33", "41", "10"):
        spent(watching, credits)
    watching.later(9 * DAY_MS)
    _, document = watching.ask("GET", "/v1/alerts/replay", since="60d")
    fired = [(row["kind"], row["level"], row["told"]) for row in document["rows"] if row["outcome"] == "fired"]
    assert fired == [("used", 80, True), ("used", 80, True), ("exhausted", None, True)]
    assert document["kinds"] == {
        "exhausted": {"told": 1, "replayed": 1},
        "used": {"told": 2, "replayed": 2},
    }


def test_a_replay_says_how_sure_its_figures_were(make_bench: MakeBench) -> None:
    """What was used before the first look was used nobody knows when; what nobody noted the bound of is no surer."""
    watching = make_bench(one_thread("24"), "ada", ED)
    watching.poll_until_read()
    spent(watching, "33")
    lines = {}
    for bound in ("estimated", "exact", "at_least", None):
        with watching.store.transaction() as connection:
            connection.execute("UPDATE readings SET bound = ?", (bound,))
        (row,) = watching.ask("GET", "/v1/alerts/replay", since="1d")[1]["rows"]
        lines[bound] = row["line"].partition(": ")[2].partition(" (")[0]
    assert watching.query("SELECT DISTINCT bound FROM readings") == [(None,)]
    assert lines == {
        "estimated": "about 33 of 40 used",
        "exact": "33 of 40 used",
        "at_least": "at least 33 of 40 used",
        None: "about 33 of 40 used",
    }


def test_a_replay_of_other_rules_says_what_they_would_have_told(make_bench: MakeBench) -> None:
    watching = make_bench(one_thread("4"), "ada", ED)
    watching.poll_until_read()
    for credits in ("21", "29", "37"):
        spent(watching, credits)
    changed = "used=[70, 90]\nexhausted=false"
    _, document = watching.ask("GET", "/v1/alerts/replay", since="1d", set=changed)
    assert [(row["kind"], row["level"], row["told"]) for row in document["rows"] if row["outcome"] == "fired"] == [
        ("used", 70, False),
        ("used", 90, False),
    ]
    assert document["kinds"]["used"] == {"told": 1, "replayed": 2}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ("used=[101]", "alerts.used = [101]: must be a list of per cents above 0 and up to 100, such as [50, 80]"),
        ("burn=true", "'burn=true' cannot be replayed"),
        ("used=", "'used=' is not a setting"),
        ("[hex]", "'[hex]' cannot be replayed"),
    ],
)
def test_a_replay_of_rules_that_cannot_be_says_what_can(make_bench: MakeBench, changed: str, message: str) -> None:
    watching = make_bench(one_thread("4"), "ada", ED)
    status, document = watching.ask("GET", "/v1/alerts/replay", set=changed)
    assert (status, document["error"]["message"]) == (400, message)
    assert "used=[70, 90]" in document["error"]["hint"]
