"""The page as its reader gets it: whole, escaped, and loading nothing but its own files."""

import re
from itertools import pairwise
from typing import Any

import pytest

from hexmeter.core.strings import clean
from hexmeter.page.assets import icon, script, style
from hexmeter.page.page import page
from hexmeter.page.view import View

from .documents import alert, days, document, meter, thread
from .outline import Outline

NASTY = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>\x1b[31m\u202e"


def test_a_page_is_whole_and_loads_only_its_own_files() -> None:
    made = page(document(meter()), View(), live=True).html()
    outline = Outline(made)
    loaded = [attrs.get("src") or attrs.get("href") for tag, attrs in outline.found if tag in ("script", "link", "img")]
    assert loaded == ["/icon.svg", "/style.css", "/live.js"]
    assert not [tag for tag, attrs in outline.found if "style" in attrs or any(name.startswith("on") for name in attrs)]
    assert not re.search(r"<style|<script>", made)


def test_a_page_that_is_not_live_has_no_script() -> None:
    assert "<script" not in page(document(meter()), View(), live=False).html()


def test_ids_are_unique_and_what_names_them_is_there() -> None:
    others = [meter(1.0 * number, id=f"grant:p{number}@acme.test", label=f"p{number}@acme.test") for number in range(9)]
    outline = Outline(page(document(meter(), *others), View(), live=True).html())
    ids = [attrs["id"] for _, attrs in outline.found if "id" in attrs]
    assert len(ids) == len(set(ids))
    named = " ".join(attrs.get("aria-labelledby") or "" for _, attrs in outline.found).split()
    assert set(named) <= set(ids)


def test_headings_come_in_their_order() -> None:
    outline = Outline(page(document(meter()), View(), live=True).html())
    levels = [int(tag[1]) for tag, _ in outline.found if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def full(words: str, url: str | None = "https://app.hex.tech/acme/thread/t1") -> dict[str, Any]:
    """A page of which a stranger chose every text."""
    found: dict[str, Any] = {"title": words, "url": url, "user": words, "model": words, "source": words}
    series = [{"name": words, "credits": [1.0, 2.0]}]
    return document(
        meter(label=words, id=f"grant:{words}", note=words, forecast={"unknown": words}),
        meter(label="eve@acme.test", id="grant:eve@acme.test"),
        meter(label=words, kind="pool", id="pool", period=None),
        identity={"email": words, "role": words, "org": "o1"},
        last_poll={"at": "2026-11-22T12:00:00Z", "ok": False, "error": words, "requests": 2},
        notes=[words],
        days={**days(1.0, 3.0), "by": dict.fromkeys(("model", "source", "user"), series)},
        prompts={"since": "2026-10-23T12:00:00Z", "prompts": 1, "edges": [1, 2], "counts": [0, 1, 0]}
        | {"dearest": [thread(**found)]},
        threads={"since": "2026-11-15T12:00:00Z", "rows": [thread(**found)]},
        alerts=[alert(title=words, body=words, why=[words], meter=f"grant:{words}")],
    )


@pytest.mark.parametrize("names", [True, False])
@pytest.mark.parametrize("by", ["model", "user"])
def test_what_strangers_wrote_does_nothing(names: bool, by: str) -> None:
    made = page(full(NASTY, NASTY), View(names=names, by=by, find=""), live=True).html()
    outline = Outline(made)
    tags = [tag for tag, _ in outline.found]
    assert tags.count("script") == 1
    assert "img" not in tags
    assert not [name for _, attrs in outline.found for name in attrs if name.startswith("on")]
    assert "\x1b" not in made
    assert "\u202e" not in made


def test_what_is_looked_for_does_nothing() -> None:
    outline = Outline(page(full("x"), View(find=NASTY), live=True).html())
    assert "img" not in [tag for tag, _ in outline.found]
    assert [attrs["value"] for tag, attrs in outline.found if attrs.get("name") == "find"] == [clean(NASTY)]


@pytest.mark.parametrize(
    ("url", "leads"),
    [
        ("https://app.hex.tech/acme/thread/t1", True),
        ("https://app.hex.tech.evil.test/acme", False),
        ("http://app.hex.tech/acme", False),
        ("javascript:alert(1)", False),
        ("//app.hex.tech/acme", False),
        (None, False),
    ],
)
def test_links_lead_to_hex_alone(url: str | None, leads: bool) -> None:
    outline = Outline(page(full("x", url), View(), live=True).html())
    hrefs = [attrs["href"] or "" for tag, attrs in outline.found if tag == "a"]
    assert [href for href in hrefs if not href.startswith(("?", "#", "/#"))] == ([url, url] if leads else [])


def test_hidden_names_are_nowhere_on_the_page() -> None:
    people = [meter(id=f"grant:{name}@acme.test", label=f"{name}@acme.test") for name in ("ed", "eve")]
    shown = full("ed@acme.test: eve@acme.test, <who@elsewhere.test>")
    shown["threads"]["rows"] = shown["prompts"]["dearest"] = [thread(title="For ed@acme.test", user="eve@acme.test")]
    shown |= {"meters": people, "identity": {"email": "ed@acme.test", "role": "EDITOR", "org": "o1"}}
    shown["alerts"] = [alert(title="ed@acme.test: 80 % used", body="Ask eve@acme.test. Or who@else.test.")]
    for by in ("model", "user"):
        made = page({**shown, "days": days(1.0)}, View(names=False, by=by), live=True)
        assert "@" not in Outline(made.html()).text
        assert "Person 1" in made.sections["meters"]
    assert "Person 1: 80 % used" in Outline(made.sections["alerts"]).text
    assert "Ask Person 2. Or Somebody." in Outline(made.sections["alerts"]).text


def test_an_unknown_figure_is_called_unknown() -> None:
    made = page(document(meter(None)), View(), live=False).sections["meters"]
    assert "<strong>unknown</strong>" in made
    assert "<svg" not in made


@pytest.mark.parametrize(
    ("bound", "words"),
    [
        ("exact", "<strong>27.5</strong> of 40 left"),
        ("at_least", "<strong>At most 27.5</strong>"),
        ("estimated", "<strong>About 27.5</strong>"),
    ],
)
def test_what_is_left_is_marked_by_its_bound(bound: str, words: str) -> None:
    assert words in page(document(meter(bound=bound)), View(), live=False).sections["meters"]


def test_stale_figures_say_since_when() -> None:
    old = document(meter(), stale=True, as_of="2026-11-22T09:30:00Z")
    assert "as of Sun 22 Nov 10:30" in page(old, View(), live=False).sections["meters"]


def test_the_files_that_a_page_links_are_there() -> None:
    assert b"prefers-color-scheme" in style()
    assert b"EventSource" in script()
    assert icon().startswith(b"<svg")
