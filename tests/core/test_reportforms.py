"""A report as Markdown and HTML: what strangers wrote is shown, and does nothing."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import BERLIN
from hexmeter.core.outlooktexts import SO_LITTLE, SO_MUCH
from hexmeter.core.reportforms import html, markdown
from hexmeter.core.reportpage import marked, report_page

NASTY = "<script>alert(1)</script>|[x](javascript:a)`*_\"'&lt;"
NOTHING = {"credits": 0.0, "bound": "exact", "before": 0.0, "before_bound": "exact"}
RUNS = {"runs": 3, "minutes": 1.5, "failures": 1}
FORECAST = {
    "expected_total": 41.0,
    "low": 30.0,
    "high": 50.0,
    "exhaust_at": "2026-11-28T10:00:00Z",
    "probability": 0.7,
}


def document(text: str, url: str | None = None) -> dict[str, Any]:
    """A report in which a stranger chose every text."""
    thread = {"thread": "t1", "title": text, "url": url, "user": text, "model": text, "credits": 12.345678}
    thread["bound"] = "exact"
    return {
        "report": "week",
        "as_of": "2026-11-22T12:00:00Z",
        "since": "2026-11-15T23:00:00Z",
        "until": "2026-11-22T12:00:00Z",
        "total": {"credits": 12.5, "before": 10.0, "prompts": 3, "bound": "at_least", "before_bound": "exact"},
        "days": [{"day": "2026-11-16", "credits": 12.5}, {"day": "2026-11-17", "credits": 0.0}],
        "users": [
            {"user": text, "credits": 12.5, "bound": "at_least", "before": 10.0, "before_bound": "estimated"},
            {"user": "new", "credits": 1.0, "bound": "exact", "before": 0.0, "before_bound": "exact"},
        ],
        "models": [{"model": text, **NOTHING}],
        "sources": [],
        "topics": [{"topic": text, "threads": 1, **NOTHING}],
        "threads": [thread],
        "prompts": [{**thread, "at": "2026-11-20T10:00:00Z"}],
        "alerts": [{"fired_at": "2026-11-20T10:00:00Z", "title": text, "state": "firing"}],
        "meters": [
            {
                "kind": "grant",
                "label": text,
                "used": 8.0,
                "limit": None,
                "remaining": None,
                "state": "unknown",
                "bound": "at_least",
                "period": None,
                "forecast": {"unknown": text},
            },
            {
                "kind": "pool",
                "label": "Add-on pool",
                "used": 8.0,
                "limit": 40.0,
                "remaining": 32.0,
                "state": "ok",
                "bound": "estimated",
                "period": None,
                "forecast": FORECAST,
            },
        ],
        "runs": {
            "as_of": "2026-11-22T10:00:00Z",
            "problem": None,
            "limit": 500,
            "total": RUNS,
            "before": {**RUNS, "runs": 1},
            "projects": [{"project": "p", "title": text, "owner": text, **RUNS}],
        },
    }


class Reader(HTMLParser):
    """Reads a page back: its elements, its links and its words."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.words += data


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40) | st.just(NASTY))
def test_no_text_of_a_stranger_becomes_an_element_or_a_link(text: str) -> None:
    plain = Reader(html(report_page(document("x"), BERLIN)))
    read = Reader(html(report_page(document(text), BERLIN)))
    assert (read.tags, read.attributes, read.links) == (plain.tags, plain.attributes, [])
    assert "script" not in read.tags
    assert text in read.words


def test_the_page_says_what_was_used_against_before() -> None:
    page = report_page(document("Ed"), BERLIN)
    assert page.title == "Hex credits: Mon 16 Nov to Sun 22 Nov 13:00"
    assert page.lead[0] == "At least 12.5 credits were used, 10 in the week before (+25 %)."
    who = page.sections[0]
    assert [[cell.text for cell in row] for row in who.rows] == [
        ["Ed", "at least 12.5", "about 10", "+25 %"],
        ["new", "1", "0", "new"],
    ]
    pool = next(section for section in page.sections if section.title.startswith("Now")).rows[0]
    texts = [cell.text for cell in pool]
    assert texts[:4] == ["Add-on pool", "about 8", "40", "about 32"]
    assert texts[-1] == "probably ends Sat 28 Nov; about 41 by then (30 to 50)"


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        pytest.param("exact", "exact", False, id="all is known"),
        pytest.param("at_least", "at_least", False, id="threads may be missing"),
        pytest.param("estimated", "exact", True, id="some of now is of an unknown time"),
        pytest.param("exact", "estimated", True, id="some of before is"),
    ],
)
def test_a_report_says_that_an_order_may_be_another(now: str, before: str, said: bool) -> None:
    shown = document("Ed")
    shown["total"] = {**shown["total"], "bound": now, "before_bound": before}
    assert any("the order may be another" in line for line in report_page(shown, BERLIN).lead) is said


def test_what_is_not_known_yet_says_so() -> None:
    shown = {**document("Ed"), "prompts": [], "runs": {"as_of": None, "problem": None}}
    notes = {section.title: section.note for section in report_page(shown, BERLIN).sections}
    assert notes["Dearest prompts"] == "No prompt is known by itself: its thread must be seen before and after it."
    assert notes["Project runs"] == "Not known: the projects are not read yet."


@pytest.mark.parametrize(
    ("url", "link"),
    [
        pytest.param("https://app.hex.tech/acme/thread/1", True, id="of Hex"),
        pytest.param("https://app.hex.tech.evil.test/1", False, id="of a host that looks like it"),
        pytest.param("javascript:alert(1)", False, id="a script"),
        pytest.param(None, False, id="none"),
    ],
)
def test_only_links_to_hex_are_links(url: str | None, link: bool) -> None:
    page = report_page(document("Ed", url), BERLIN, "https://app.hex.tech")
    assert Reader(html(page)).links == ([url, url] if link else [])
    assert ("](<https://app.hex.tech/acme" in markdown(page)) is link


def test_runs_are_at_least_so_many_now_and_before() -> None:
    notes = {section.title: section.note for section in report_page(document("Ed"), BERLIN).sections}
    assert notes["Project runs"] == (
        "At least 3 runs and 1.5 minutes, against at least 1 run before, as seen by the API on Sun 22 Nov 11:00;"
        " 500 in 7 days are in the budget."
    )


def test_markdown_shows_a_strangers_marks_as_they_are() -> None:
    text = markdown(report_page(document(NASTY), BERLIN))
    row = next(line for line in text.splitlines() if "alert" in line)
    assert re.sub(r"\\(.)", "", row).count("|") == 5
    assert "<script>" not in text
    assert "\n## Who\n" in text


def test_the_page_loads_nothing_and_knows_light_and_dark() -> None:
    text = html(report_page(document("Ed"), BERLIN))
    assert "default-src 'none'" in text
    assert "prefers-color-scheme:dark" in text
    assert "http:" not in text
    assert len(text.encode()) < 20_000


@pytest.mark.parametrize(
    ("bound", "shown"), [("exact", "12.35"), ("estimated", "about 12.35"), ("at_least", "at least 12.35")]
)
def test_a_row_is_marked_by_its_bound(bound: str, shown: str) -> None:
    found = document("x")
    row = {**found["threads"][0], "bound": bound, "before": 1.0, "before_bound": "at_least"}
    page = report_page({**found, "users": [row], "threads": [row]}, BERLIN)
    credits = [section.rows[0][number].text for section, number in ((page.sections[0], 1), (page.sections[4], 2))]
    assert credits == [shown] * 2
    assert page.sections[0].rows[0][2].text == "at least 1"


@pytest.mark.parametrize(
    ("marks", "amount", "bound", "text"),
    [
        pytest.param(SO_MUCH, 0.0, "exact", "0", id="none used"),
        pytest.param(SO_MUCH, 0.0, "estimated", "0", id="none used, as far as is known when"),
        pytest.param(SO_MUCH, 0.0, "at_least", "at least 0", id="none seen"),
        pytest.param(SO_LITTLE, 0.0, "at_least", "0", id="none left"),
        pytest.param(SO_LITTLE, 2.0, "at_least", "at most 2", id="little left"),
        pytest.param(SO_MUCH, None, "at_least", "–", id="not known"),
    ],
)
def test_nothing_is_marked_where_more_may_be_missing(
    marks: dict[str, str], amount: float | None, bound: str, text: str
) -> None:
    assert marked(marks, amount, bound) == text
