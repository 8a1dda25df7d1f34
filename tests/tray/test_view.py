"""The view as tables: what a status document looks like in the tray."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hexmeter.core.instants import parse_iso, to_iso
from hexmeter_tray.lines import changes_at
from hexmeter_tray.model import Facts, Gauge, IconState, Refresh
from hexmeter_tray.view import view

from .fake_daemon import meter, status

BERLIN = ZoneInfo("Europe/Berlin")
NOW_MS = parse_iso("2026-11-22T14:10:00Z")
ENDS = {"exhaust_at": "2026-11-26T10:00:00Z", "probability": 0.9}
LASTS = {"exhaust_at": None, "probability": 0.07}
POOL = meter(id="pool", kind="pool", label="Add-on pool", limit=500.0, remaining=404.0, period=None)
NOTHING: dict[str, Any] = {"limit": None, "used": None, "remaining": None, "state": "unknown"}
MENU_END = ["---", "Refresh now", "Pause", "Open Hex", "---", "About Hexmeter", "Quit"]


def shown(document: dict[str, Any] | None, **facts: Any) -> list[str]:
    """The menu's labels."""
    menu = view(Facts(document, **facts), NOW_MS, BERLIN).menu
    return [item.label or "---" for item in menu]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        pytest.param(meter(), "Grant 27.5 of 40 left", id="exact"),
        pytest.param(meter(bound="estimated"), "Grant about 27.5 of 40 left", id="estimated"),
        pytest.param(meter(bound="at_least"), "Grant at most 27.5 of 40 left", id="used at least"),
        pytest.param(
            meter(used=43.2, remaining=0.0, state="exhausted"), "Grant 0 of 40 left (43.2 used)", id="overdrawn"
        ),
        pytest.param(
            meter(used=40.0, remaining=0.0, state="exhausted", bound="at_least"), "Grant 0 of 40 left", id="used up"
        ),
        pytest.param(meter(used=39.999, remaining=0.001), "Grant less than 0.01 of 40 left", id="a trace is not none"),
        pytest.param(meter(remaining=1 / 3), "Grant 0.33 of 40 left", id="two decimals"),
        pytest.param(meter(**NOTHING), "Grant unknown", id="unknown is no zero"),
        pytest.param(meter(state="unknown"), "Grant unknown", id="unknown though figures are there"),
        pytest.param(meter(**{**NOTHING, "used": 12.5}), "Grant 12.5 used, limit unknown", id="used without a limit"),
        pytest.param(
            meter(forecast=ENDS), "Grant 27.5 of 40 left · ends Thu 26 Nov, 5 days before the reset", id="will run out"
        ),
        pytest.param(
            meter(forecast={**ENDS, "exhaust_at": "2026-11-30T10:00:00Z"}),
            "Grant 27.5 of 40 left · ends Mon 30 Nov, 1 day before the reset",
            id="the last day",
        ),
        pytest.param(
            meter(forecast=LASTS), "Grant 27.5 of 40 left · lasts until the reset on Tue 1 Dec", id="will last"
        ),
        pytest.param(
            meter(forecast=LASTS, state="exhausted", remaining=0.0), "Grant 0 of 40 left", id="nothing left to last"
        ),
        pytest.param(
            meter(forecast={**LASTS, "probability": None}), "Grant 27.5 of 40 left", id="a forecast nobody should see"
        ),
        pytest.param({**POOL, "forecast": ENDS}, "Add-on pool 404 of 500 left · ends Thu 26 Nov", id="no reset"),
        pytest.param(
            {**POOL, "forecast": LASTS},
            "Add-on pool 404 of 500 left · lasts until the month ends",
            id="no reset, lasting",
        ),
        pytest.param(
            meter(forecast={**LASTS, "probability": 0.3}, bound="at_least"),
            "Grant at most 27.5 of 40 left · may last until the reset on Tue 1 Dec, as far as can be seen",
            id="as far as can be seen",
        ),
        pytest.param(
            meter(forecast={**ENDS, "exhaust_at": "2026-11-22T14:00:00Z"}),
            "Grant 27.5 of 40 left · may end any hour",
            id="an end gone by",
        ),
        pytest.param(
            meter(forecast=ENDS, period={"start": "2026-10-01T00:00:00Z", "end": "2026-11-01T00:00:00Z"}),
            "Grant 27.5 of 40 left",
            id="of a period that is over",
        ),
        pytest.param(
            meter(kind="runs", id="runs", label="Project runs"), "Project runs 27.5 of 40 left", id="not a grant"
        ),
        pytest.param(meter(remaining="27"), "Grant unknown", id="a string is no figure"),
        pytest.param(meter(remaining=float("nan")), "Grant unknown", id="not a number is no figure"),
        pytest.param(meter(state="splendid"), "Grant unknown", id="a state of another version"),
    ],
)
def test_a_meter_alone_is_one_true_line(given: dict[str, Any], line: str) -> None:
    assert shown(status(meters=[given])) == [line, *MENU_END]


def test_several_meters_are_told_apart_by_their_labels() -> None:
    assert shown(status(meters=[meter(), POOL]))[:2] == [
        "ed@acme.test: 27.5 of 40 left",
        "Add-on pool: 404 of 500 left",
    ]


def test_of_many_meters_the_five_nearest_their_limit_are_listed() -> None:
    def of(name: str, remaining: float | None, state: str) -> dict[str, Any]:
        return meter(id=f"grant:{name}", label=name, remaining=remaining, state=state)

    meters = [
        of("full", 40.0, "ok"),
        of("blank", None, "unknown"),
        of("half", 20.0, "ok"),
        of("empty", 0.0, "exhausted"),
        of("low", 7.0, "warning"),
        of("forecast", 30.0, "critical"),
        of("third", 13.0, "ok"),
    ]
    labels = shown(status(meters=meters))
    assert [label.partition(":")[0] for label in labels[:6]] == [
        "empty",
        "forecast",
        "low",
        "third",
        "half",
        "and 2 more",
    ]
    assert view(Facts(status(meters=meters)), NOW_MS, BERLIN).icon == IconState(Gauge.EXHAUSTED, 0)


@pytest.mark.parametrize(
    ("changes", "icon"),
    [
        pytest.param({}, IconState(Gauge.OK, 65), id="cut to a step"),
        pytest.param({"remaining": 40.0}, IconState(Gauge.OK, 100), id="full"),
        pytest.param({"remaining": 39.99}, IconState(Gauge.OK, 95), id="nearly full is not full"),
        pytest.param({"remaining": 8.0, "state": "warning"}, IconState(Gauge.WARNING, 20), id="on a step"),
        pytest.param({"remaining": 0.1, "state": "critical"}, IconState(Gauge.CRITICAL, 5), id="a rest is not empty"),
        pytest.param({"remaining": 0.0, "state": "exhausted"}, IconState(Gauge.EXHAUSTED, 0), id="empty"),
        pytest.param(
            {"limit": 0.0, "remaining": 0.0, "state": "exhausted"}, IconState(Gauge.EXHAUSTED, 0), id="no grant"
        ),
        pytest.param(NOTHING, IconState(Gauge.UNKNOWN), id="unknown"),
    ],
)
def test_the_icon_is_the_gauge_of_what_is_left(changes: dict[str, Any], icon: IconState) -> None:
    assert view(Facts(status(meters=[meter(**changes)])), NOW_MS, BERLIN).icon == icon


def test_an_unknown_meter_does_not_hide_a_known_one_in_the_icon() -> None:
    meters = [meter(id="pool", **NOTHING), meter()]
    assert view(Facts(status(meters=meters)), NOW_MS, BERLIN).icon == IconState(Gauge.OK, 65)


@pytest.mark.parametrize(
    ("as_of", "since"),
    [
        pytest.param("2026-11-22T14:02:00Z", "15:02", id="today"),
        pytest.param("2026-11-21T22:30:00Z", "Sat 21 Nov 23:30", id="yesterday"),
    ],
)
def test_stale_figures_say_since_when_in_the_zone_of_the_plan(as_of: str, since: str) -> None:
    seen = view(Facts(status(stale=True, as_of=as_of, meters=[meter(forecast=ENDS)])), NOW_MS, ZoneInfo("Asia/Tokyo"))
    assert [item.label for item in seen.menu][:2] == [
        f"No good reading since {since}",
        f"Grant 27.5 of 40 left (as of {since})",
    ]
    assert seen.icon == IconState(Gauge.STALE, 65)
    assert since in seen.title
    assert any(since in line for line in seen.tooltip)


TOO_OLD_MS = parse_iso("2026-11-22T14:17:00Z")
"""Three intervals after the last good reading of the plain status."""


def test_figures_that_the_daemon_calls_fresh_are_stale_when_it_told_no_newer_ones_for_three_intervals() -> None:
    fresh, stale = (Facts(status(stale=stale, meters=[meter(forecast=ENDS)])) for stale in (False, True))
    assert view(fresh, TOO_OLD_MS - 1, BERLIN).icon == IconState(Gauge.OK, 65)
    assert view(fresh, TOO_OLD_MS, BERLIN) == view(stale, TOO_OLD_MS, BERLIN)
    assert view(stale, TOO_OLD_MS, BERLIN).icon == IconState(Gauge.STALE, 65)


@pytest.mark.parametrize("odd", [{"interval_s": None}, {"interval_s": 0}, {"interval_s": "5m"}, {"as_of": "today"}])
def test_a_daemon_that_does_not_tell_how_often_it_reads_is_believed(odd: dict[str, Any]) -> None:
    assert view(Facts(status(**odd)), NOW_MS + 10**9, BERLIN).icon == IconState(Gauge.OK, 65)


@pytest.mark.parametrize("stale", [False, True])
def test_figures_that_a_pause_lets_stand_still_say_since_when_and_miss_no_reading(stale: bool) -> None:
    document = status(stale=stale, paused_until="2026-11-22T15:10:00Z")
    seen = view(Facts(document), TOO_OLD_MS, BERLIN)
    assert [item.label for item in seen.menu][:3] == [
        "Paused until 16:10: figures stand still",
        "Grant 27.5 of 40 left (as of 15:02)",
        "",
    ]
    assert seen.icon == IconState(Gauge.PAUSED, 65)


@pytest.mark.parametrize(
    ("changes", "after_ms", "at"),
    [
        pytest.param({}, NOW_MS, "2026-11-22T14:17:00Z", id="old after three intervals"),
        pytest.param({}, TOO_OLD_MS, None, id="old already"),
        pytest.param({"stale": True}, NOW_MS, None, id="told to be old"),
        pytest.param({"paused_until": "2026-11-22T14:12:00Z"}, NOW_MS, "2026-11-22T14:12:00Z", id="a pause ends"),
        pytest.param({"paused_until": "2026-11-22T15:00:00Z"}, NOW_MS, "2026-11-22T14:17:00Z", id="in a pause"),
        pytest.param({"paused_until": "2026-11-22T15:00:00Z"}, TOO_OLD_MS, "2026-11-22T15:00:00Z", id="old in a pause"),
        pytest.param({"as_of": None, "stale": None}, NOW_MS, None, id="not told"),
    ],
)
def test_when_a_view_changes_though_nothing_is_told(changes: dict[str, Any], after_ms: int, at: str | None) -> None:
    found = changes_at(status(**changes), after_ms)
    assert (None if found is None else to_iso(found)) == at


def test_a_stale_figure_beyond_its_limit_says_both_in_one_pair_of_brackets() -> None:
    over = meter(used=43.2, remaining=0.0, state="exhausted")
    assert "Grant 0 of 40 left (43.2 used, as of 15:02)" in shown(status(stale=True, meters=[over]))


FAILED_POLL = {"at": "2026-11-22T14:02:00Z", "ok": False, "error": None, "requests": 1}


@pytest.mark.parametrize(
    ("as_of", "last_poll"),
    [
        pytest.param(None, None, id="no time"),
        pytest.param("2026-11-22T14:09:00Z", None, id="no poll yet"),
        pytest.param("2026-11-22T14:02:00Z", FAILED_POLL, id="told right after the first failure"),
        pytest.param("2026-11-22T14:09:00Z", FAILED_POLL, id="told later"),
    ],
)
def test_without_any_good_reading_none_is_invented(as_of: str | None, last_poll: dict[str, Any] | None) -> None:
    seen = view(Facts(status(stale=True, as_of=as_of, last_poll=last_poll, meters=[])), NOW_MS, BERLIN)
    labels = [item.label for item in seen.menu]
    assert labels[0] == "No good reading yet"
    assert "No figures yet" in labels
    assert seen.icon == IconState(Gauge.UNKNOWN)
    assert seen.title == "Hexmeter: No good reading yet"


def test_the_first_reading_is_not_called_a_missing_one() -> None:
    labels = shown(status(stale=True, last_poll=None, progress={"done": 12, "of": 400}))
    assert labels[:2] == ["Reading the history: 12 of 400 threads, figures still grow", "Grant 27.5 of 40 left"]


def test_a_failure_after_a_good_reading_leaves_its_time() -> None:
    labels = shown(status(stale=True, as_of="2026-11-22T13:02:00Z", last_poll=FAILED_POLL))
    assert labels[:3] == [
        "No good reading since 14:02",
        "Last poll failed: unknown",
        "Grant 27.5 of 40 left (as of 14:02)",
    ]


def test_a_failed_poll_and_the_first_reading_are_told() -> None:
    poll = {"at": "2026-11-22T14:02:00Z", "ok": False, "error": "Hex answered 503\nsorry", "requests": 1}
    labels = shown(status(last_poll=poll, progress={"done": 12, "of": None}))
    assert labels[:2] == [
        "Last poll failed: Hex answered 503 sorry",
        "Reading the history: 12 threads so far, figures still grow",
    ]


def test_without_a_daemon_the_menu_says_how_to_start_it() -> None:
    seen = view(Facts(None, refresh=Refresh(at_ms=NOW_MS, error="the daemon is not running")), NOW_MS, BERLIN)
    lines = {item.label: item.enabled for item in seen.menu if item.label}
    assert [label for label, enabled in lines.items() if enabled] == [
        "The daemon is not running",
        "Start it with: hexmeter daemon",
        "About Hexmeter",
        "Quit",
    ]
    assert seen.icon == IconState(Gauge.ABSENT)
    assert seen.title == "Hexmeter: The daemon is not running"


def test_without_the_daemon_of_another_configuration_it_is_that_one_that_is_to_be_started() -> None:
    assert shown(None, config="/home/ed/b.toml")[1] == "Start it with: hexmeter --config /home/ed/b.toml daemon"


def test_a_daemon_that_may_not_be_asked_is_not_called_absent() -> None:
    assert shown(None, trouble="the daemon's socket may not be opened")[0] == "the daemon's socket may not be opened"


@pytest.mark.parametrize(
    ("today", "line"),
    [
        pytest.param({"used": 3.2, "bound": "exact", "dearest": None}, "Today 3.2 used", id="no prompt known"),
        pytest.param(
            {"used": 3.2, "bound": "estimated", "dearest": {"credits": 2.1, "user": "ed@acme.test"}},
            "Today about 3.2 used · dearest prompt 2.1",
            id="one's own",
        ),
        pytest.param({"used": 0, "bound": "exact", "dearest": None}, "Today 0 used", id="nothing yet"),
        pytest.param({"used": 0, "bound": "at_least", "dearest": None}, None, id="nothing at least says nothing"),
        pytest.param({"used": None}, None, id="not known"),
        pytest.param(None, None, id="not told"),
    ],
)
def test_today_is_one_line(today: dict[str, Any] | None, line: str | None) -> None:
    assert [label for label in shown(status(today=today)) if label.startswith("Today")] == ([line] if line else [])


def test_of_several_people_the_dearest_prompt_has_a_name() -> None:
    today = {"used": 30.0, "bound": "exact", "dearest": {"credits": 9.5, "user": "ida@acme.test"}}
    assert "Today 30 used · dearest prompt 9.5 (ida@acme.test)" in shown(status(meters=[meter(), POOL], today=today))


def test_everybodys_meters_begin_with_the_pool_and_end_with_runs() -> None:
    people = [meter(id=f"grant:{name}", label=name, remaining=30.0 - len(name)) for name in ("a", "bb", "ccc", "dddd")]
    runs = meter(id="runs", kind="runs", label="Project runs", state="exhausted", remaining=0.0)
    spend = meter(id="spend", kind="spend", label="Spend limit", remaining=39.0)
    labels = shown(status(meters=[runs, *people, spend, meter(label="ed"), meter(label="full", remaining=40.0), POOL]))
    assert [label.partition(":")[0] for label in labels[:9]] == [
        "Spend limit",
        "Add-on pool",
        "dddd",
        "ccc",
        "ed",
        "bb",
        "a",
        "Project runs",
        "and 1 more",
    ]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"meters": None},
        {"meters": [None, {}, {"label": 7}]},
        {"meters": [{"forecast": 3}], "last_poll": "x"},
        status(meters=[meter(limit=10**400, used=1e308, remaining=-1e308)], today={"used": 10**400}),
    ],
    ids=["empty", "no meters", "odd meters", "odd fields", "numbers beyond all credits"],
)
def test_a_document_of_another_version_never_breaks_the_view(document: dict[str, Any]) -> None:
    assert view(Facts(document), NOW_MS, None).icon == IconState(Gauge.UNKNOWN)


def test_ids_stay_while_labels_change() -> None:
    before, after = (view(Facts(status(meters=[meter(remaining=r)])), NOW_MS, BERLIN) for r in (27.5, 20.0))
    assert [item.id for item in before.menu] == [item.id for item in after.menu]
    assert before.menu != after.menu
