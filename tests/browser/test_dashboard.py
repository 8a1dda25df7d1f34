"""The dashboard in Chromium: at each size and in each light whole, quiet and accessible; live; and for nobody else."""

import json
import subprocess
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, Page, expect

from desktop import require, wait_until
from hexmeter.wire.httpd import Answer, Request, Response
from serving import serving

from .conftest import CHROMIUM, FLAGS, Served, Visiting

pytestmark = pytest.mark.browser

WIDTHS = (360, 768, 1440)
SCHEMES = ("light", "dark")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_is_whole_quiet_and_accessible(served: Served, visit: Visiting, width: int, scheme: str) -> None:
    visited = visit(served.link(), viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = visited.page
    assert urlsplit(page.url)._replace(netloc="") == urlsplit("http:///"), "no secret in the address"
    expect(page.locator("main section").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page is wider than the screen"
    assert page.evaluate(_FURTHEST_OF_PEOPLE) <= width, "people's figures are out of sight"
    found = Axe().run(page).response["violations"]
    grave = [one for one in found if one["impact"] in ("serious", "critical")]
    assert grave == [], json.dumps(grave, indent=1)
    wait_until(visited.is_live, "the page is live")
    assert (visited.said, visited.foreign()) == ([], [])


_FURTHEST_OF_PEOPLE = """() => Math.max(
  ...[...document.querySelectorAll("#roster :is(th, td)")].map((one) => one.getBoundingClientRect().right)
)"""


@pytest.mark.parametrize("width", [360, 1440])
def test_the_keyboard_reaches_every_control_and_shows_where_it_is(served: Served, visit: Visiting, width: int) -> None:
    page = visit(served.link(), viewport={"width": width, "height": 800}).page
    controls = page.evaluate(_MARK_CONTROLS)
    assert controls > 0
    reached = []
    for _ in range(controls):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(_FOCUSED))
    assert [number for number, _ in reached] == [str(number) for number in range(controls)]
    assert all(outlined for _, outlined in reached), "a control does not show that it has the focus"


_MARK_CONTROLS = """() => {
  const all = document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary, [tabindex='0']");
  const seen = [...all].filter((one) => one.checkVisibility());
  seen.forEach((one, place) => { one.dataset.place = place; });
  return seen.length;
}"""
_FOCUSED = """() => {
  const one = document.activeElement, style = getComputedStyle(one);
  return [one.dataset.place, style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0];
}"""


def test_without_scripts_it_shows_the_same_and_its_controls_work(served: Served, visit: Visiting) -> None:
    visited, live = visit(served.link(), java_script_enabled=False), visit(served.link())
    page = visited.page
    names = page.locator("main section").evaluate_all("all => all.map(one => one.id)")
    assert names == live.page.locator("main section").evaluate_all("all => all.map(one => one.id)")
    for name in names:
        assert page.locator(f"#{name}").inner_text() == live.page.locator(f"#{name}").inner_text()
    links = page.locator("a[href]").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    own = sorted({urljoin(page.url, link) for link in links if not link.startswith("https:")})
    for address, place in (link.split("#") for link in own):
        if address != page.url:
            answer = page.goto(address)
            assert answer is not None
            assert answer.status == 200, address
        assert page.locator(f"#{place}").count() == 1, f"{address} leads to #{place}, which is not there"
        assert page.locator("main section").count() == len(names), address
    forms = page.locator("form").count()
    assert forms
    for form in range(forms):
        page.locator("form").nth(form).locator("button, input[type=submit]").first.click()
        expect(page.locator("main section")).to_have_count(len(names))
        assert page.url.startswith(live.page.url), "a form leads back to the page"
    assert not any("/events" in url for url in visited.requests)
    assert visited.foreign() == []


def test_a_new_figure_changes_its_sections_and_leaves_the_others_and_the_reader_alone(
    served: Served, visit: Visiting
) -> None:
    visited, before = visit(served.link()), visit(served.link(), java_script_enabled=False)
    page, old = visited.page, _sections(before.page)
    wait_until(visited.is_live, "the page is live")
    page.locator("details > summary").first.click()
    page.locator("details > summary").first.focus()
    page.evaluate("document.querySelectorAll('main section').forEach((one) => { one.isOld = true; })")
    served.grow("1.5")
    before.page.reload()
    new = _sections(before.page)
    changed = {name for name in new if new[name] != old[name]}
    assert changed
    wait_until(lambda: _replaced(page) == changed, f"{sorted(changed)} are replaced")
    for name in changed:
        assert page.locator(f"#{name}").inner_text() != ""
    assert page.locator("details").first.get_attribute("open") is not None, "what was unfolded stays so"
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY", "the focus stays where it was"
    assert visited.said == []


def _sections(page: Page) -> dict[str, str]:
    found = page.locator("main section").evaluate_all("all => all.map(one => [one.id, one.outerHTML])")
    return {str(name): str(html) for name, html in found}


def _replaced(page: Page) -> set[str]:
    """The sections that are not the ones that were marked."""
    return set(page.evaluate("[...document.querySelectorAll('main section')].filter(s => !s.isOld).map(s => s.id)"))


def test_over_a_reload_of_the_configuration_a_page_stays_live(served: Served, visit: Visiting) -> None:
    visited = visit(served.link())
    page, config = visited.page, served.home.config
    wait_until(visited.is_live, "the page is live")
    config.write_text(config.read_text().replace("monthly_spend_limit = 120", "monthly_spend_limit = 150"))
    assert served.home.ask("reload").code == 0
    expect(page.locator("#live:not(.notice)")).to_contain_text("Connected again")
    expect(page.locator("#meters")).to_contain_text("of 150 left")


def test_any_number_of_links_opens_in_one_browser(served: Served, visit: Visiting) -> None:
    first = visit(served.link()).page
    for _ in range(7):
        page = first.context.new_page()
        page.goto(served.link())
        expect(page.locator("main section").first).to_be_visible()


# For nobody else


def test_without_the_cookie_there_is_nothing(served: Served, visit: Visiting) -> None:
    link = served.link()
    page = visit(link).page
    for url in (link, page.url, f"{page.url}style.css", f"{page.url}events"):
        refused = visit(url).page.locator("body").inner_text()
        assert "hexmeter dashboard" in refused
        assert "@" not in refused


def test_no_secret_is_in_the_history_nor_in_reach_of_scripts(served: Served, visit: Visiting) -> None:
    page = visit(served.link()).page
    assert page.evaluate("[history.length, document.cookie, document.referrer]") == [2, "", ""]
    page.go_back()
    assert page.url == "about:blank"
    page.go_forward()
    expect(page.locator("main section").first).to_be_visible()


def test_a_browser_that_another_program_starts_with_the_link_shows_the_page(served: Served, tmp_path: Path) -> None:
    require(CHROMIUM)
    command = [CHROMIUM, "--headless", *FLAGS, f"--user-data-dir={tmp_path}", "--dump-dom", served.link()]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert '<section id="meters"' in shown, "the cookie came with the redirect"


async def _elsewhere(request: Request) -> Answer:
    """Another server of this machine, whose page tries what it can."""
    target = request.query.get("target", "")
    page = f"""<!doctype html><title>elsewhere</title><a href="{target}">there</a>
        <iframe src="{target}"></iframe><script src="{target}live.js" onerror="window.failed = true"></script>
        <script>fetch("{target}", {{credentials: "include"}}).catch((error) => {{ window.refused = String(error); }});
        </script>"""
    return Response(200, page.encode(), "text/html")


def test_another_server_of_this_machine_reads_nothing_even_in_the_same_browser(served: Served, visit: Visiting) -> None:
    page = visit(served.link()).page
    own, context = page.url, page.context
    with serving(_elsewhere) as url:
        other = context.new_page()
        answers: list[int] = []
        other.on("response", lambda answer: answers.append(answer.status) if answer.url.startswith(own) else None)
        other.goto(f"{url}/?target={own}")
        other.wait_for_function("window.failed && window.refused")
        assert set(answers) == {403}
        other.get_by_text("there").click()
        expect(other.get_by_text("hexmeter dashboard")).to_be_visible()
        assert "@" not in other.content()
        other.goto(own)  # As typed into the address bar.
        expect(other.locator("main section").first).to_be_visible()


def test_once_closed_a_page_says_that_its_figures_may_be_old_and_nothing_is_served(
    served: Served, visit: Visiting
) -> None:
    page = visit(served.link()).page
    own = page.url
    expect(page.locator("main section").first).to_be_visible()
    served.home.client.post("/v1/dashboard/close")
    expect(page.locator("#live.notice")).to_contain_text("may be old")
    with pytest.raises(Error, match="ERR_CONNECTION_REFUSED"):
        page.goto(own)
