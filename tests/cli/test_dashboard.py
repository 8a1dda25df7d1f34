"""`hexmeter dashboard`: the link it opens or prints, what that leads to, and its end; over a reload too."""

import socket
from pathlib import Path

import httpx
import pytest

from desktop_bus import wait_until
from running_daemon import Home, Ran

from .desktop_session import desktop_session
from .test_commands import assert_one_message


@pytest.fixture
def running(admins: Home) -> Home:
    admins.start()
    assert admins.ask("poll").code == 0
    return admins


def link_of(ran: Ran) -> httpx.URL:
    assert ran.code == 0, ran.err
    return httpx.URL(ran.out.strip())


def listens(link: httpx.URL) -> bool:
    with socket.socket() as dialler:
        return dialler.connect_ex((link.host, link.port or 0)) == 0


def test_without_a_desktop_the_link_is_printed_and_opens_the_page_once(running: Home) -> None:
    ran = running.ask("dashboard")
    link = link_of(ran)
    assert "within two minutes; it works once" in ran.err
    assert f"ssh -L {link.port}:127.0.0.1:{link.port} " in ran.err
    with httpx.Client(follow_redirects=True) as browser:
        page = browser.get(link)
        assert (page.status_code, page.url.path, page.url.query) == (200, "/", b"")
        assert "ed@acme.test" in page.text
    again = httpx.get(link)
    assert (again.status_code, "hexmeter dashboard" in again.text, "@" in again.text) == (403, True, False)


def browser(folder: Path, name: str) -> tuple[Path, Path]:
    """A program that stands for a browser, and the file to which it writes the link that it is given."""
    opened, program = folder / "opened", folder / "bin" / name
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$1" > {opened}.new && mv {opened}.new {opened}\n')
    program.chmod(0o755)
    return program, opened


def test_a_browser_is_given_the_link(running: Home) -> None:
    program, opened = browser(running.folder, "a-browser")
    ran = running.ask("dashboard", BROWSER=f"{program} %s")
    assert (ran.code, ran.err) == (0, "")
    assert "?once=" not in ran.out, "a terminal keeps what it shows"
    wait_until(opened.exists, "the browser is started")
    assert httpx.get(opened.read_text().strip()).status_code == 303
    assert link_of(running.ask("dashboard", "--no-open", BROWSER=f"{program} %s")).path == "/open"


@pytest.mark.desktop
def test_the_trays_menu_opens_it_too(admins: Home) -> None:
    program, opened = browser(admins.folder, "xdg-open")
    admins.environ["PATH"] = f"{program.parent}:/usr/bin:/bin"
    with desktop_session(admins) as session:
        session.start_tray()
        wait_until(lambda: session.panel.registered, "the tray is on the panel")
        item = session.panel.item()
        wait_until(lambda: "Open dashboard" in item.menu_labels(), "it is offered")
        item.click("Open dashboard")
        wait_until(opened.exists, "the browser is started")
        assert httpx.get(opened.read_text().strip(), follow_redirects=True).status_code == 200


def test_a_browser_that_does_not_start_is_no_failure(running: Home) -> None:
    ran = running.ask("dashboard", BROWSER="/nowhere/a-browser %s")
    assert link_of(ran).path == "/open"


def test_it_is_closed_by_hand(running: Home) -> None:
    link = link_of(running.ask("dashboard", "--print"))
    assert listens(link)
    ran = running.ask("dashboard", "--close")
    assert (ran.code, ran.out, ran.err) == (0, "the dashboard is closed\n", "")
    assert not listens(link)
    assert running.ask("dashboard", "--close").out == "the dashboard was not open\n"
    assert running.ask("dashboard", "--close", "--json").json["result"] == "already_closed"


def test_a_reload_opens_the_port_and_leaves_open_pages_as_they_are(running: Home) -> None:
    link = httpx.URL(running.ask("dashboard", "--json").json["url"])
    with httpx.Client(follow_redirects=True) as browser:
        assert browser.get(link).status_code == 200
        running.config.write_text(running.config.read_text() + "[dashboard]\nenabled = true\n")
        assert running.ask("reload").out == "taken up: dashboard.enabled\n"
        assert browser.get(f"http://127.0.0.1:{link.port}/").status_code == 200


def test_a_port_of_ones_own_choice_is_had_again_after_a_crash(running: Home) -> None:
    port = link_of(running.ask("dashboard")).port
    assert running.ask("dashboard", "--close").code == 0
    running.config.write_text(running.config.read_text() + f"[dashboard]\nenabled = true\nport = {port}\n")
    assert running.ask("reload").out == "taken up: dashboard.enabled, dashboard.port\n"
    with httpx.Client(follow_redirects=True) as open_page:
        assert open_page.get(link_of(running.ask("dashboard"))).status_code == 200
        running._daemons[0].kill()
    running.start()
    assert link_of(running.ask("dashboard")).port == port
    assert "no dashboard" not in running.said()


def test_no_secret_of_it_is_in_the_log_or_the_database(running: Home) -> None:
    link = link_of(running.ask("dashboard"))
    opened = httpx.get(link)
    secrets = [link.params["once"], next(iter(opened.cookies.values())), str(running.token)]
    assert httpx.get(link).status_code == 403
    assert running.ask("dashboard", "--close").code == 0
    assert running._daemons[0].end() == 0
    stored = b"".join(
        file.read_bytes() for file in running.folder.rglob("*") if file.is_file() and file != running.config
    )
    assert [secret for secret in secrets if secret.encode() in stored] == []
    assert "the dashboard is closed" in running.said()


def test_its_port_goes_with_the_daemon(running: Home) -> None:
    link = link_of(running.ask("dashboard"))
    assert running._daemons[0].end() == 0
    assert not listens(link)
    ran = running.ask("dashboard")
    assert ran.code == 5
    assert_one_message(ran)


def test_a_taken_port_is_told_with_the_way_out(running: Home, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        running.config.write_text(running.config.read_text() + f"[dashboard]\nport = {taken.getsockname()[1]}\n")
        assert running.ask("reload").code == 0
        ran = running.ask("dashboard")
    assert ran.code == 1
    assert_one_message(ran)
    assert "[dashboard] port" in ran.err
