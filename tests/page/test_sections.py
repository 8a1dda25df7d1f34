"""What the sections say and draw, where known figures put it."""

from typing import Any

import pytest

from hexmeter.page.days import Bar, bars
from hexmeter.page.names import Names
from hexmeter.page.page import page
from hexmeter.page.prompts import in_words
from hexmeter.page.roster import SHOWN, sort, sparkline
from hexmeter.page.view import View

from .documents import alert, days, document, meter, thread
from .outline import Outline


def said(shown: dict[str, Any], name: str, **view: Any) -> str:
    """The text of a section."""
    return Outline(page(shown, View(**view), live=False).sections[name]).text


def person(name: str, used: float | None, limit: float | None = 40.0, **fields: Any) -> dict[str, Any]:
    return meter(used, limit, id=f"grant:{name}@acme.test", label=f"{name}@acme.test", **fields)


# Days


def test_a_bar_is_stacked_from_the_ground_up_and_ends_with_what_is_in_no_series() -> None:
    found = bars(days(10.0, 5.0)["rows"], [[6.0, 0.0], [2.0, 5.0]])
    assert found == [
        Bar(((40.0, 60.0), (20.0, 20.0), (0.0, 20.0)), unseen=False),
        Bar(((100.0, 0.0), (50.0, 50.0), (50.0, 0.0)), unseen=False),
    ]


def test_a_day_that_was_not_read_is_not_drawn_as_none_used() -> None:
    rows = [{"day": "2026-11-21", "credits": 0.0, "bound": "at_least"}, *days(4.0)["rows"]]
    assert [bar.unseen for bar in bars(rows, [])] == [True, False]
    shown = document(meter(), days={"rows": rows, "by": {"model": [], "source": [], "user": []}})
    assert "Sat 21 Nov: not read" in said(shown, "days")
    assert "Sun 22 Nov: 4" in said(shown, "days")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        pytest.param(days(), "Nothing was used.", id="no days"),
        pytest.param(days(0.0, 0.0), "Nothing was used.", id="nothing used"),
        pytest.param(days(0.0, 0.0, bound="at_least"), "Nothing was read of these days so far.", id="nothing read"),
    ],
)
def test_days_without_use_have_no_picture(rows: dict[str, Any], words: str) -> None:
    assert said(document(meter(), days=rows), "days") == f"Use by day{words}"


@pytest.mark.parametrize(("bound", "mark"), [("exact", ""), ("estimated", "about "), ("at_least", "at least ")])
def test_the_sums_by_colour_are_no_surer_than_the_days(bound: str, mark: str) -> None:
    shown = said(document(meter(), days=days(1.5, 4.0, bound=bound, opus=[1.5, 3.0])), "days")
    assert f"opus {mark}4.5" in shown


@pytest.mark.parametrize(("bound", "mark"), [("exact", ""), ("estimated", "about "), ("at_least", "at least ")])
def test_the_highest_day_is_no_surer_than_it_was_seen(bound: str, mark: str) -> None:
    made = page(document(meter(), days=days(1.5, 4.0, bound=bound)), View(), live=False).sections["days"]
    assert f'<text x="0" y="10">{mark}4</text>' in made
    assert f"The most, {mark}4, on Sun 22 Nov." in made


def test_the_days_are_told_in_figures_too() -> None:
    words = said(document(meter(), days=days(1.5, 4.0, opus=[1.5, 3.0])), "days")
    assert "opus 4.5" in words
    assert "other 1" in words
    assert "Sun 22 Nov431" in words  # All, opus, other.


# Prompts and threads


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (
            [5, 5, 0],
            "10 prompts in the last 30 days are known: half of them cost less than 1, nine of ten cost less than 2.",
        ),
        ([1, 0, 9], "10 prompts in the last 30 days are known."),
        ([0, 10, 0], "10 prompts in the last 30 days are known: nine of ten cost less than 2."),
        ([0, 1, 0], "1 prompt in the last 30 days is known."),
    ],
)
def test_the_costs_of_prompts_are_said_as_far_as_the_bars_tell(counts: list[int], words: str) -> None:
    assert in_words([1, 2], counts) == words.replace("…", "in the last 30 days")


def test_the_dearest_come_first_and_lead_to_hex() -> None:
    shown = document(meter(), threads={"since": "2026-11-16T00:00:00Z", "rows": [thread(9.0), thread(2.5)]})
    section = page(shown, View(), live=False).sections["threads"]
    assert section.count('<a href="https://app.hex.tech/acme/thread/t1"') == 2
    assert section.index(">9<") < section.index(">2.5<")


def test_a_list_that_is_cut_leads_to_all_of_it() -> None:
    rows = [thread() for _ in range(9)]
    shown = document(
        meter(),
        threads={"since": "2026-11-16T00:00:00Z", "rows": rows},
        prompts={"since": "2026-10-23T12:00:00Z", "prompts": 9, "edges": [1], "counts": [9, 0], "dearest": rows},
        alerts=[alert(id=number) for number in range(6)],
        standing=20,
    )
    for name, many in (("threads", 9), ("prompts", 9), ("alerts", 6)):
        cut, whole = (page(shown, View(all=asked), live=False).sections[name] for asked in (False, True))
        assert f'<a href="?all=1#{name}">Show {many}</a>' in cut
        assert "Show" not in whole
    assert said(shown, "alerts", all=True).endswith("14 more stand: hexmeter alerts")
    assert said({**shown, "standing": 6}, "alerts", all=True).endswith("rung was reached.")


def test_an_amount_that_is_not_sure_says_so() -> None:
    rows = [thread(9.0, bound="estimated"), thread(2.5, bound="at_least")]
    words = said(document(meter(), threads={"since": "2026-11-16T00:00:00Z", "rows": rows}), "threads")
    assert "about 9" in words
    assert "at least 2.5" in words


# Alerts


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "warning"),
        ({"severity": "critical"}, "critical"),
        ({"state": "resolved"}, "over"),
        ({"state": "acknowledged"}, "acknowledged"),
        ({"state": "snoozed", "snoozed_until": "2026-11-23T08:00:00Z"}, "snoozed until Mon 23 Nov 09:00"),
        ({"muted": True}, "muted"),
    ],
)
def test_an_alert_says_how_it_stands(fields: dict[str, Any], state: str) -> None:
    assert f" {state} ed@acme.test: 80 % used8 of 40 left." in said(
        document(meter(), alerts=[alert(**fields)]), "alerts"
    )


@pytest.mark.parametrize(("standing", "words"), [(1, "1 alert stands"), (3, "3 alerts stand")])
def test_the_top_says_how_many_alerts_stand(standing: int, words: str) -> None:
    assert words in said(document(meter(), standing=standing), "now")
    assert "alert" not in said(document(meter()), "now")


def test_an_alert_says_why_it_was_told() -> None:
    assert "for a higher rung was reached" in said(document(meter(), alerts=[alert()]), "alerts")


# People


def test_one_person_alone_has_no_list_of_people() -> None:
    assert "roster" not in page(document(meter()), View(), live=False).sections


@pytest.mark.parametrize(
    ("by", "order"),
    [("near", "bca"), ("name", "abc"), ("used", "acb"), ("left", "cab"), ("forecast", "cab")],
)
def test_people_are_sorted_as_asked_and_those_not_known_come_last(by: str, order: str) -> None:
    forecasts = {"b": {"unknown": "learning"}, "c": {"expected_total": 30.0}, "a": {"expected_total": 20.0}}
    people = [
        person(name, used, limit, forecast=forecasts[name])
        for name, used, limit in (("b", None, 40.0), ("c", 9.0, 10.0), ("a", 12.0, 40.0))
    ]
    names = Names(document(*people), View())
    assert "".join(str(one["label"])[0] for one in sort(people, by, names)) == order


def test_people_are_found_by_a_part_of_their_name() -> None:
    shown = document(person("ed", 1.0), person("eve", 2.0), person("xi", 3.0))
    words = said(shown, "roster", find="E")
    assert "eve@acme.test" in words
    assert said(shown, "roster", find="xi@").endswith("1, of 3 in all people.")
    assert "Nobody is called so." in said(shown, "roster", find="nobody")


def test_a_name_that_is_hidden_cannot_be_found_out_by_looking_for_it() -> None:
    shown = document(person("ed", 1.0), person("eve", 2.0))
    assert "Nobody is called so." in said(shown, "roster", find="eve", names=False)


def test_a_long_list_of_people_is_cut_until_all_are_asked_for() -> None:
    shown = document(*(person(f"p{number}", 1.0) for number in range(SHOWN + 5)))
    assert said(shown, "roster").endswith(f"{SHOWN} of {SHOWN + 5} people. Show all")
    assert said(shown, "roster", all=True).endswith(f"{SHOWN + 5} people.")


def test_what_is_not_known_of_a_person_is_called_unknown() -> None:
    unknown: dict[str, Any] = {"forecast": {"unknown": "no seat"}}
    words = said(document(person("ed", None, **unknown), person("eve", 2.0, None, **unknown)), "roster")
    assert "ed@acme.test? unknownunknownunknown40-" in words
    assert "eve@acme.test? unknown2unknownunknown-" in words


def test_a_sparkline_has_a_bar_for_each_day_with_use() -> None:
    assert 'd="M1 17v-8M7 17v-16"' in sparkline([1.0, 0.0, 2.0])
    assert sparkline([0.0, 0.0]) == ""


# Polling

FAILED = {"at": "2026-11-22T11:00:00Z", "ok": False, "error": "no route", "requests": 1}
FIRST_RUN = {"done": 1200, "of": None, "back_to": "2026-08-12T00:00:00Z", "share": 0.53}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param(
            {"stale": True, "as_of": "2026-11-22T09:30:00Z"}, "Stale: these figures are of Sun 22 Nov 10:30", id="stale"
        ),
        pytest.param(
            {"stale": True, "last_poll": FAILED},
            "Nothing was read from Hex yet. The last poll failed: no route",
            id="never read",
        ),
        pytest.param({"paused_until": "2026-11-23T08:00:00Z"}, "Polls are paused until Mon 23 Nov 09:00", id="paused"),
        pytest.param({"progress": FIRST_RUN}, "Reading the history: 1200 threads so far", id="first run"),
        pytest.param(
            {"stale": True, "last_poll": None, "progress": FIRST_RUN},
            "ed@acme.test (editor) · Hide names▲ Reading the history: 1200 threads so far; figures still grow.",
            id="first run before its first good poll",
        ),
        pytest.param(
            {"stale": True, "last_poll": FAILED, "progress": FIRST_RUN},
            "Hide names▲ The last poll failed: no route▲ Reading the history",
            id="first run that fails",
        ),
    ],
)
def test_what_keeps_figures_from_being_new_is_said_at_the_top(fields: dict[str, Any], words: str) -> None:
    assert words in said(document(meter(), **fields), "now")


def test_polling_says_what_is_left_of_the_budget() -> None:
    polling = {
        "minute": {"sent": 4, "most": 11, "configured": 15},
        "hour": {"sent": 120, "most": 900},
        "held_until": "2026-11-22T12:05:00Z",
    }
    words = said(document(meter(), polling=polling), "polling")
    assert "4 of 11 in the last minute, 120 of 900 in the last hour" in words
    assert "Hex asked for fewer requests, so 11 a minute in place of 15" in words
    assert "Hex asked for a pause until Sun 22 Nov 13:05" in words


# Size


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("by", ["model", "user"])
def test_the_page_of_five_hundred_people_stays_small(everything: bool, by: str) -> None:
    people = [
        person(f"firstname.lastname{number}", 12.34 + number / 7, bound="estimated", course=None)
        | {"days": [number % 7 * 1.5] * 30}
        for number in range(500)
    ]
    points = [[f"2026-11-{day:02}T23:00:00Z", 1.234 * day] for day in range(1, 23)]
    month = {"start": "2026-10-31T23:00:00Z", "end": "2026-11-30T23:00:00Z", "points": points}
    for one in people[:12]:
        one["course"] = {**month, "past": [month] * 3}
    series = [{"name": f"firstname.lastname{number}@acme.test", "credits": [1.2345] * 30} for number in range(6)]
    threads = [thread(title="How did the week go in the north? " * 2) for _ in range(20)]
    shown = document(
        *people,
        days={"rows": days(*[12.345] * 30)["rows"], "by": {"model": series, "user": series, "source": series}},
        prompts={"since": "2026-10-23T12:00:00Z", "prompts": 110, "edges": list(range(1, 11)), "counts": [10] * 11}
        | {"dearest": threads},
        threads={"since": "2026-11-15T12:00:00Z", "rows": threads},
        alerts=[alert(id=number, body="8 of 40 left. " * 20) for number in range(12)],
    )
    assert len(page(shown, View(all=everything, by=by), live=True).html()) < 140_000
