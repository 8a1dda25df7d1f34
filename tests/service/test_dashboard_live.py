"""The dashboard's live pages: what changed is sent, to each page what it lacks, and rendered once for all."""

from typing import Any

import pytest

from hexmeter.core.instants import DAY_MS
from hexmeter.page.view import View
from hexmeter.service.dashboard.access import Session
from hexmeter.service.dashboard.http import MOST_STREAMS
from hexmeter.service.dashboard.pages import Pages

from .browsing import Browser, assert_strict


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Renderings follow each other at once."""
    monkeypatch.setattr("hexmeter.service.dashboard.live.AT_MOST_EVERY_S", 0.0)
    monkeypatch.setattr("hexmeter.service.dashboard.live.REST_FACTOR", 0)


def test_a_changed_figure_sends_its_section_and_no_other(browser: Browser) -> None:
    bench = browser.bench
    before = browser.ask("/").body
    browser.listen()
    bench.daemon.publish()  # The page shows it all, and nothing changed: nothing is sent yet.
    bench.world.grow("ed-new", 2_000_000, bench.now_ms)
    bench.later()
    changed = {section["id"]: section["html"] for section in browser.heard()}
    old, new = sections_of(before), sections_of(browser.ask("/").body)
    assert changed
    assert changed == {name: html for name, html in new.items() if html != old[name]}


def sections_of(page: str) -> dict[str, str]:
    """The page's sections by their ids."""
    parts = [f"<section {part.partition('</section>')[0]}</section>" for part in page.split("<section ")[1:]]
    return {part.partition('id="')[2].partition('"')[0]: part for part in parts}


def test_a_page_is_sent_sections_as_it_shows_them(browser: Browser) -> None:
    bench = browser.bench
    assert "ed@acme.test" not in browser.ask("/?names=hidden").body
    browser.listen("?names=hidden")
    bench.world.grow("ed-new", 2_000_000, bench.now_ms)
    bench.later()
    sent = browser.heard()
    assert "roster" in {section["id"] for section in sent}
    assert all("ed@acme.test" not in section["html"] for section in sent)


def test_a_page_that_connects_again_is_sent_all(browser: Browser) -> None:
    page = browser.ask("/").body
    browser.listen()
    browser.leave()
    browser.listen()
    assert [section["id"] for section in browser.heard()] == list(sections_of(page))


def test_a_change_between_the_page_and_its_stream_is_sent(browser: Browser) -> None:
    bench = browser.bench
    browser.ask("/")
    bench.world.grow("ed-new", 2_000_000, bench.now_ms)
    bench.later()
    browser.listen()
    assert browser.heard()


def test_of_two_pages_that_differ_each_is_sent_what_it_may_lack() -> None:
    session = Session("", 0)
    session.load(View(), {"meters": "old", "days": "same"})
    session.load(View(), {"meters": "new", "days": "same"})
    assert session.loaded == {View(): {"days": hash("same")}}


def test_many_pages_of_one_view_are_rendered_once(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[View] = []
    real = Pages.sections

    def counted(pages: Pages, document: Any, view: View) -> Any:
        rendered.append(view)
        return real(pages, document, view)

    bench, other = browser.bench, Browser(browser.bench, browser.port).enter()
    for one in (browser, browser, other, other):
        one.listen()
    for one, of in ((browser, 0), (browser, 1), (other, 0), (other, 1)):
        assert one.heard(of)
    monkeypatch.setattr(Pages, "sections", counted)
    bench.world.grow("ed-new", 2_000_000, bench.now_ms)
    bench.later()
    for one, of in ((browser, 0), (browser, 1), (other, 0), (other, 1)):
        assert one.heard(of)
    assert len(rendered) <= 2, "a poll publishes a page, and its end"


def test_a_stream_ends_with_its_session(browser: Browser) -> None:
    bench = browser.bench
    browser.listen()
    assert browser.heard()
    bench.clock.advance(DAY_MS)
    bench.world.grow("ed-new", 2_000_000, bench.now_ms)
    bench.later()
    assert bench.run(browser.streams[0][0].read()) == b"", "it ends without another figure"


def test_a_browser_has_so_many_live_pages_that_it_can_still_load_one(browser: Browser) -> None:
    for _ in range(MOST_STREAMS):
        assert browser.listen().status == 200
    assert browser.listen().status == 503
    browser.leave()
    assert browser.listen().status == 200


def test_the_stream_has_the_strict_headers_too(browser: Browser) -> None:
    head = browser.listen()
    assert head.headers["content-type"] == "text/event-stream"
    assert_strict(head)
