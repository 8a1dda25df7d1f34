"""The page as its reader gets it: whole, escaped, and loading nothing but its own files."""

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from hexmeter.page.assets import icon, script, style
from hexmeter.page.page import page
from hexmeter.page.view import View

from .documents import document, meter

NASTY = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>\x1b[31m\u202e"
_VOID = frozenset({"meta", "link", "input", "br", "img"})


class Outline(HTMLParser):
    """The elements of a page with their attributes; fails at what is not closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


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


@pytest.mark.parametrize("names", [True, False])
def test_what_strangers_wrote_does_nothing(names: bool) -> None:
    hostile = meter(label=NASTY, id=f"grant:{NASTY}", note=NASTY)
    made = page(document(hostile, meter(label=NASTY, kind="pool", id="pool")), View(names=names), live=True).html()
    tags = [tag for tag, _ in Outline(made).found]
    assert tags.count("script") == 1
    assert "img" not in tags
    assert "\x1b" not in made
    assert "\u202e" not in made


def test_hidden_names_are_nowhere_on_the_page() -> None:
    people = [meter(id=f"grant:{name}@acme.test", label=f"{name}@acme.test") for name in ("ed", "eve")]
    made = page(document(*people), View(names=False), live=True).html()
    assert "@acme.test" not in made
    assert "Person 1" in made


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
