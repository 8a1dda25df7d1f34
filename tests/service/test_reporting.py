"""Reports on a schedule: sent once for each week or month that Hexmeter saw the end of, whatever happens meanwhile."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hexmeter.hex.simulator.faults import parse_fault
from receiver import Receiver, receiver

from .bench import TEAM, Bench, add, micro, small_world
from .conftest import MakeBench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'
MONDAY_NINE_MS = 21 * HOUR_MS
"""From the bench's start, Sunday noon, to Monday at nine."""


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


def planned(hook: Receiver, more: str = 'every = "week"') -> str:
    return f'{EVERYONE}[alerts]\nused = []\nforecast = false\nexhausted = false\n[notify]\nurls = ["{hook.url}"]\n' + (
        f"[report]\n{more}\n"
    )


def go(watching: Bench, hook: Receiver, *, by_ms: int) -> list[str]:
    """Let time pass, poll, send; the titles that came of it."""
    before = len(hook.titles)
    watching.later(by_ms)
    watching.run(watching.daemon.sender.send_due())
    return hook.titles[before:]


def reports(watching: Bench) -> list[tuple[Any, ...]]:
    return [alert for alert in watching.alerts() if alert[0] == "report"]


@pytest.fixture
def weekly(make_bench: MakeBench, hook: Receiver) -> Bench:
    watching = make_bench(small_world(), "workspace", planned(hook))
    watching.poll_until_read()
    return watching


def test_a_week_is_reported_on_monday_at_nine_and_once(weekly: Bench, hook: Receiver) -> None:
    assert go(weekly, hook, by_ms=MONDAY_NINE_MS - MINUTE_MS) == []
    assert go(weekly, hook, by_ms=MINUTE_MS) == ["Hex credits, Mon 16 Nov to Sun 22 Nov"]
    for _ in range(3):
        assert go(weekly, hook, by_ms=2 * DAY_MS) == []
    assert go(weekly, hook, by_ms=DAY_MS) == ["Hex credits, Mon 23 Nov to Sun 29 Nov"]
    assert len(reports(weekly)) == 2


def test_no_week_from_before_the_first_start_is_reported(make_bench: MakeBench, hook: Receiver) -> None:
    watching = make_bench(small_world(), "workspace", planned(hook))
    watching.clock.advance(MONDAY_NINE_MS - HOUR_MS)
    watching.poll_until_read()
    assert go(watching, hook, by_ms=2 * HOUR_MS) == []
    assert go(watching, hook, by_ms=7 * DAY_MS) == ["Hex credits, Mon 23 Nov to Sun 29 Nov"]


def test_restarts_repeat_nothing_and_lose_nothing(weekly: Bench, hook: Receiver) -> None:
    weekly.clock.advance(MONDAY_NINE_MS)
    weekly.restart()
    assert go(weekly, hook, by_ms=0) == ["Hex credits, Mon 16 Nov to Sun 22 Nov"]
    for _ in range(3):
        weekly.restart()
        assert go(weekly, hook, by_ms=HOUR_MS) == []


def test_a_crash_before_sending_sends_it_afterwards(weekly: Bench, hook: Receiver) -> None:
    weekly.later(MONDAY_NINE_MS)
    assert hook.titles == []
    weekly.restart()
    assert go(weekly, hook, by_ms=MINUTE_MS) == ["Hex credits, Mon 16 Nov to Sun 22 Nov"]


def test_a_fault_in_the_report_costs_no_poll_and_no_report(
    weekly: Bench, hook: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(weekly.daemon.documents, "audit", lambda days, now_ms: {})
        assert go(weekly, hook, by_ms=MONDAY_NINE_MS) == []
    assert "the report met a fault of Hexmeter's own" in caplog.text
    assert weekly.status()["stale"] is False
    assert go(weekly, hook, by_ms=MINUTE_MS) == ["Hex credits, Mon 16 Nov to Sun 22 Nov"]


def test_after_weeks_of_sleep_the_last_week_alone_is_reported(weekly: Bench, hook: Receiver) -> None:
    assert go(weekly, hook, by_ms=MONDAY_NINE_MS + 15 * DAY_MS) == ["Hex credits, Mon 30 Nov to Sun 6 Dec"]
    assert go(weekly, hook, by_ms=DAY_MS) == []


def test_while_hex_is_out_of_sight_it_waits_for_figures(weekly: Bench, hook: Receiver) -> None:
    weekly.sim.faults.arm(parse_fault("503"))
    weekly.clock.advance(MONDAY_NINE_MS)
    assert weekly.poll().failure is not None
    weekly.sim.faults.clear()
    assert go(weekly, hook, by_ms=6 * HOUR_MS) == ["Hex credits, Mon 16 Nov to Sun 22 Nov"]


def test_a_month_is_reported_on_the_reset_day_or_on_the_weekday_after(make_bench: MakeBench, hook: Receiver) -> None:
    watching = make_bench(small_world(), "workspace", planned(hook, 'every = "month"\nat = "07:30"'))
    watching.poll_until_read()
    assert go(watching, hook, by_ms=8 * DAY_MS + 19 * HOUR_MS) == []
    assert go(watching, hook, by_ms=HOUR_MS) == ["Hex credits, Sun 1 Nov to Mon 30 Nov"]
    watching.restart(planned(hook, 'every = "month"\nday = "wednesday"'))
    assert go(watching, hook, by_ms=31 * DAY_MS) == [], "Friday 1 January"
    assert go(watching, hook, by_ms=5 * DAY_MS + 2 * HOUR_MS) == ["Hex credits, Tue 1 Dec to Thu 31 Dec"]


def test_a_plan_made_later_reports_what_ends_from_then_on(make_bench: MakeBench, hook: Receiver) -> None:
    watching = make_bench(small_world(), "workspace", planned(hook, 'at = "09:00"'))
    watching.poll_until_read()
    assert go(watching, hook, by_ms=3 * DAY_MS) == []
    watching.restart(planned(hook))
    assert go(watching, hook, by_ms=HOUR_MS) == [], "the last week was over before"
    assert go(watching, hook, by_ms=5 * DAY_MS) == ["Hex credits, Mon 23 Nov to Sun 29 Nov"]
    watching.restart(planned(hook, 'every = "month"'))
    assert go(watching, hook, by_ms=HOUR_MS) == [], "October was over before"
    assert go(watching, hook, by_ms=DAY_MS) == ["Hex credits, Sun 1 Nov to Mon 30 Nov"]


def test_quiet_hours_hold_it_back_and_a_mute_keeps_it(make_bench: MakeBench, hook: Receiver) -> None:
    toml = planned(hook).replace("[alerts]", '[alerts]\nquiet_hours = "22:00-10:00"')
    watching = make_bench(small_world(), "workspace", toml)
    watching.poll_until_read()
    assert go(watching, hook, by_ms=MONDAY_NINE_MS) == []
    assert go(watching, hook, by_ms=HOUR_MS) == ["Hex credits, Mon 16 Nov to Sun 22 Nov"]
    watching.daemon.attending.mute("report", watching.now_ms)
    assert go(watching, hook, by_ms=7 * DAY_MS) == []
    assert [kind for kind, *_ in reports(watching)] == ["report", "report"]


def test_it_says_what_was_used_by_whom_what_is_to_come_and_what_to_mend(weekly: Bench, hook: Receiver) -> None:
    weekly.world.grow("ed-new", micro("6.5"), weekly.now_ms)
    weekly.later()
    go(weekly, hook, by_ms=MONDAY_NINE_MS)
    told = hook.told[-1]
    lines = told["body"].split("\n")
    assert lines == [
        "About 22.17 credits were used, 0 in the week before (new). 1 prompt is known one by one. "
        "“About”: when some of it was used is not known, so the order may be another.",
        "Most by ed@acme.test (about 18.27), unattributed (about 2.5), eve@acme.test (about 1) and 1 more.",
        "Dearest prompt: 6.5, by ed@acme.test on Sun 22 Nov.",
        "None of 5 grants is seen to end before the reset.",
        "Audit: paid seats without use or login (2), grants that lapsed unused (5). More: hexmeter audit",
        "The whole: hexmeter report --week --last",
    ]
    assert told["severity"] == "info"
    assert [alert["kind"] for alert in told["alerts"]] == ["report"]


def test_the_desktop_is_told_in_short_where_it_is_named(make_bench: MakeBench, hook: Receiver) -> None:
    watching = make_bench(small_world(), "workspace", planned(hook, 'every = "week"\nto = ["desktop", "webhook"]'))
    watching.poll_until_read()
    assert go(watching, hook, by_ms=MONDAY_NINE_MS) == ["Hex credits, Mon 16 Nov to Sun 22 Nov"]
    _, claimed = watching.ask("POST", "/v1/deliveries/claim", b'{"channel": "desktop", "claimant": "a tray"}')
    (notice,) = claimed["notices"]
    long = hook.told[-1]["body"].split("\n")
    assert notice["body"].split("\n") == [long[0], long[-1]]
    assert len(long) > 2


def test_nobody_who_is_told_of_their_own_meters_gets_it(make_bench: MakeBench, hook: Receiver) -> None:
    with receiver() as eds:
        toml = planned(hook) + f'[notify.users]\n"ed@acme.test" = ["{eds.url}&ed"]\n'
        watching = make_bench(small_world(), "workspace", toml)
        watching.poll_until_read()
        assert go(watching, hook, by_ms=MONDAY_NINE_MS) != []
        watching.run(watching.daemon.send_report("week", None, last=True))
        assert eds.requests == []
        status, refused = watching.ask("POST", "/v1/report/send", b'{"channel": "webhook:127.0.0.1:nobody"}')
        assert (status, refused["error"]["code"]) == (400, "no_such_channel")


def test_it_stands_for_a_day(weekly: Bench, hook: Receiver) -> None:
    go(weekly, hook, by_ms=MONDAY_NINE_MS)
    weekly.run(weekly.daemon.upkeep.run())
    assert reports(weekly)[0][-1] == "firing"
    weekly.clock.advance(DAY_MS)
    weekly.run(weekly.daemon.upkeep.run())
    assert reports(weekly)[0][-1] == "resolved"


def test_why_it_was_told_can_be_asked(weekly: Bench, hook: Receiver) -> None:
    go(weekly, hook, by_ms=MONDAY_NINE_MS)
    _, told = weekly.ask("GET", "/v1/alerts/why", id="1")
    assert told["history"][-1]["line"] == (
        "Mon 23 Nov 09:00: the report of the week from Mon 16 Nov 00:00 was due Mon 23 Nov 09:00;"
        " report was told, for a higher rung was reached."
    )


@pytest.mark.parametrize(
    ("body", "title"),
    [
        pytest.param(b"{}", r"Hex credits, Sun 15 Nov 12:00 to Sun 22 Nov 12:00", id="the week that runs"),
        pytest.param(b'{"last": true}', r"Hex credits, Mon 9 Nov to Sun 15 Nov", id="the last week"),
        pytest.param(b'{"span": "month"}', r"Hex credits, Sun 1 Nov to Sun 22 Nov 12:00", id="the month"),
    ],
)
def test_one_can_be_sent_at_once_even_in_quiet_hours(
    make_bench: MakeBench, hook: Receiver, body: bytes, title: str
) -> None:
    toml = planned(hook, 'at = "08:00"').replace("[alerts]", '[alerts]\nquiet_hours = "00:00-23:59"')
    watching = make_bench(small_world(), "workspace", toml)
    watching.poll_until_read()
    status, told = watching.ask("POST", "/v1/report/send", body)
    assert (status, told["ok"], [one["ok"] for one in told["results"]]) == (200, True, [True])
    assert re.fullmatch(title, hook.titles[-1])
    assert watching.alerts()[-1][-1] == "resolved"


@pytest.mark.parametrize("body", [b'{"span": "year"}', b'{"last": 1}', b'{"channel": 7}'])
def test_what_cannot_be_sent_is_refused(weekly: Bench, body: bytes) -> None:
    assert weekly.ask("POST", "/v1/report/send", body)[0] == 400


def test_no_plan_sends_nothing(make_bench: MakeBench, hook: Receiver) -> None:
    watching = make_bench(small_world(), "workspace", planned(hook, 'at = "08:00"'))
    watching.poll_until_read()
    assert go(watching, hook, by_ms=8 * DAY_MS) == []


def test_large_workspaces_are_told_of_what_ends_alone(make_bench: MakeBench, hook: Receiver) -> None:
    world = small_world()
    for number in range(7):
        world.add_person(f"p{number}@acme.test", "EDITOR")
        add(world, f"p{number}", 2, "1" if number == 0 else "41")
    watching = make_bench(world, "workspace", planned(hook))
    watching.poll_until_read()
    go(watching, hook, by_ms=MONDAY_NINE_MS)
    body = hook.told[-1]["body"]
    assert body.count(": 0 of 40 left, used up.\n") == 5
    assert "p0@acme.test: " not in body
    assert "\nAnd 1 more: hexmeter status\n" in body
    assert " and 8 more." in body
