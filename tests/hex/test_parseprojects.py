"""Projects and runs in Hex's JSON: whatever it holds, our types or a bad answer; never another exception."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOW_MS
from hexmeter.core.instants import to_iso
from hexmeter.core.runs import Project, Run, Schedule, Views
from hexmeter.hex.errors import BadAnswer
from hexmeter.hex.parseprojects import projects_page, runs_page

NAMES = st.sampled_from(
    [
        *("id", "title", "owner", "email", "analytics", "appViews", "lastThirtyDays", "lastViewedAt", "schedules"),
        *("cadence", "enabled", "daily", "minute", "hour", "timezone", "dayOfWeek", "custom", "cron"),
        *("runId", "status", "runTrigger", "startTime", "endTime", "elapsedTime", "values", "runs", "nextPage"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**39), 10**39) | st.decimals() | st.text(st.characters(), max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=25,
)
GOOD_PROJECT: dict[str, Any] = {
    "id": "p1",
    "title": "Churn",
    "owner": {"email": "Ed@Acme.test"},
    "createdAt": to_iso(NOW_MS),
    "analytics": {"lastViewedAt": to_iso(NOW_MS), "appViews": {"lastSevenDays": 1, "lastThirtyDays": 3}},
    "schedules": [
        {"cadence": "WEEKLY", "enabled": True, "weekly": {"dayOfWeek": "TUESDAY", "hour": 9, "minute": 5}},
        {"cadence": "LUNAR", "enabled": False},
    ],
}
GOOD_RUN = {
    "runId": "r1",
    "status": "COMPLETED",
    "runTrigger": "API",
    "startTime": to_iso(NOW_MS - 60_000),
    "endTime": to_iso(NOW_MS),
    "elapsedTime": Decimal("59999.5"),
}


def spoilt(good: dict[str, Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(NAMES, JSON, max_size=5).map(lambda other: {**good, **other}) | JSON


@given(JSON | st.fixed_dictionaries({"values": st.lists(spoilt(GOOD_PROJECT), max_size=4)}))
def test_whatever_comes_for_projects_is_projects_or_a_bad_answer(document: Any) -> None:
    try:
        page = projects_page(document)
    except BadAnswer:
        return
    assert len(page.items) + len(page.warnings) == page.size


@given(JSON | st.fixed_dictionaries({"runs": st.lists(spoilt(GOOD_RUN), max_size=4)}, optional={"nextPage": JSON}))
def test_whatever_comes_for_runs_is_runs_or_a_bad_answer(document: Any) -> None:
    try:
        page = runs_page(document)
    except BadAnswer:
        return
    assert len(page.items) + len(page.warnings) == page.size
    assert all(run.took_ms is None or run.took_ms >= 0 for run in page.items)


def test_a_project_is_understood_with_words_we_do_not_know() -> None:
    assert projects_page({"values": [GOOD_PROJECT]}).items == (
        Project(
            "p1",
            "Churn",
            "ed@acme.test",
            NOW_MS,
            NOW_MS,
            Views(seven_days=1, thirty_days=3),
            (Schedule("WEEKLY", True, None, 5, 9, weekday=1), Schedule("LUNAR", False)),
        ),
    )


def test_a_run_is_understood_and_only_what_is_ill_typed_is_left_out() -> None:
    page = runs_page({"runs": [GOOD_RUN, {**GOOD_RUN, "elapsedTime": "long"}, {"runId": "r2"}], "nextPage": "/x"})
    assert page.items == (
        Run("r1", "COMPLETED", "API", NOW_MS - 60_000, NOW_MS, 60_000),
        Run("r2", "UNKNOWN", "UNKNOWN", None, None, None),
    )
    assert page.warnings == ("left out run r1: elapsedTime is 'long', not a span in milliseconds",)
    assert page.more


@pytest.mark.parametrize(
    ("given_ms", "took_ms"),
    [
        pytest.param(90_000, 90_000, id="as Hex says"),
        pytest.param(None, 60_000, id="from its two ends"),
    ],
)
def test_how_long_a_run_took(given_ms: int | None, took_ms: int) -> None:
    (run,) = runs_page({"runs": [{**GOOD_RUN, "elapsedTime": given_ms}]}).items
    assert run.took_ms == took_ms
