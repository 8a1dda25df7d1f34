"""The dashboard on raw sockets: nothing is shown without a link, under another name, or once it is closed."""

import asyncio
import json
import logging
import socket
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hexmeter.core.instants import DAY_MS, MINUTE_MS
from hexmeter.service.dashboard.access import Access
from hexmeter.wire.httpd import Request, Response

from .bench import TEAM, Bench, FakeClock, small_world
from .browsing import EVERYONE, Answer, Browser, assert_refused, assert_strict, link, port_of, show
from .conftest import MakeBench
from .test_metrics import free_port

# Links and sessions


def test_a_link_opens_once_and_leaves_no_secret_in_the_address(stranger: Browser) -> None:
    path = link(stranger.bench)
    secret = path.partition("?once=")[2]
    assert len(secret) >= 43, "256 bits"
    opened = stranger.ask(path)
    assert (opened.status, opened.headers["location"], opened.body) == (303, "/", "")
    name, _, rest = opened.headers["set-cookie"].partition("=")
    value, *attributes = rest.split("; ")
    assert name == f"hexmeter-{stranger.port}"
    assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Strict"]
    assert value != secret
    assert len(value) >= 43
    assert_strict(opened)
    assert_refused(stranger.ask(path))


def test_the_page_and_its_parts_are_shown_with_the_cookie_alone(browser: Browser) -> None:
    stranger = Browser(browser.bench, browser.port)
    for path, kind in {
        "/": "text/html; charset=utf-8",
        "/style.css": "text/css; charset=utf-8",
        "/live.js": "text/javascript; charset=utf-8",
        "/icon.svg": "image/svg+xml",
    }.items():
        assert_refused(stranger.ask(path))
        shown = browser.ask(path)
        assert (shown.status, shown.headers["content-type"]) == (200, kind)
        assert_strict(shown)
        head = browser.ask(path, "HEAD")
        assert (head.status, head.body, head.headers["content-length"]) == (200, "", str(len(shown.body.encode())))
    assert "ed@acme.test" in browser.ask("/").body
    assert_refused(stranger.ask("/events"))


def test_a_link_is_over_after_two_minutes(stranger: Browser) -> None:
    late, in_time = link(stranger.bench), link(stranger.bench)
    stranger.bench.clock.advance(2 * MINUTE_MS - 1)
    assert stranger.ask(in_time).status == 303
    stranger.bench.clock.advance(1)
    assert_refused(stranger.ask(late))


def test_setting_the_clock_back_revives_no_link(stranger: Browser) -> None:
    path = link(stranger.bench)
    stranger.bench.clock.advance(2 * MINUTE_MS)
    stranger.bench.clock.at_ms -= DAY_MS
    assert_refused(stranger.ask(path))


def test_a_session_is_over_after_a_day(browser: Browser) -> None:
    browser.bench.clock.advance(DAY_MS - 1)
    assert browser.ask("/").status == 200
    browser.bench.clock.advance(1)
    assert_refused(browser.ask("/"))


def test_another_link_prolongs_the_session_of_the_same_browser(browser: Browser) -> None:
    before, bench = browser.cookie, browser.bench
    bench.clock.advance(DAY_MS - 1)
    assert browser.enter().cookie == before
    bench.clock.advance(DAY_MS - 1)
    assert browser.ask("/").status == 200
    bench.clock.advance(1)
    assert browser.enter().cookie != before


def test_only_so_many_links_and_sessions_are_kept() -> None:
    access = Access(FakeClock())
    links = [access.new_link() for _ in range(9)]
    assert [access.enter(one) is None for one in links] == [True] + [False] * 8
    sessions = [access.enter(access.new_link()) for _ in range(17)]
    assert [access.lasts(one) for one in sessions if one] == [False] + [True] * 16


# Who asks


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Host": "evil.test"}, id="a name that was made to lead here"),
        pytest.param({"Host": "127.0.0.1"}, id="no port"),
        pytest.param({"Host": "127.0.0.1:1"}, id="another port"),
        pytest.param({"Host": "127.0.0.1.evil.test:PORT"}, id="a longer name"),
        pytest.param({"Host": "localhost.:PORT"}, id="another spelling"),
        pytest.param({"Host": "ed@127.0.0.1:PORT"}, id="a user"),
        pytest.param({"Host": "[::1]:PORT"}, id="IPv6"),
        pytest.param({"Origin": "https://evil.test"}, id="another origin"),
        pytest.param({"Origin": "null"}, id="no origin that could be told"),
        pytest.param({"Origin": "http://127.0.0.1:1"}, id="another server of this machine"),
        pytest.param({"Origin": "https://127.0.0.1:PORT"}, id="another scheme"),
        pytest.param({"Sec_Fetch_Site": "cross-site"}, id="another site"),
        pytest.param({"Sec_Fetch_Site": "same-site"}, id="another port of this machine"),
    ],
)
def test_others_are_shown_nothing_even_with_the_cookie_or_a_link(browser: Browser, headers: dict[str, str]) -> None:
    sent = {name: value.replace("PORT", str(browser.port)) for name, value in headers.items()}
    path = link(browser.bench)
    for asked in ("/", "/style.css", "/events", path):
        assert_refused(browser.ask(asked, **sent))
    assert browser.ask(path).status == 303, "the link was not used up"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Host": "localhost:PORT"}, id="localhost"),
        pytest.param({"Origin": "http://127.0.0.1:PORT", "Sec_Fetch_Site": "same-origin"}, id="the page itself"),
        pytest.param({"Sec_Fetch_Site": "none"}, id="the address bar"),
    ],
)
def test_a_person_and_the_page_itself_are_shown_it(browser: Browser, headers: dict[str, str]) -> None:
    sent = {name: value.replace("PORT", str(browser.port)) for name, value in headers.items()}
    assert browser.ask("/", **sent).status == 200


@pytest.mark.parametrize(
    "cookie",
    [
        pytest.param("", id="none"),
        pytest.param("hexmeter=VALUE", id="of another name"),
        pytest.param("hexmeter-1=VALUE", id="of another port"),
        pytest.param("hexmeter-PORT=", id="empty"),
        pytest.param("hexmeter-PORT=VALUE2", id="longer"),
        pytest.param("hexmeter-PORT=" + "A" * 43, id="made up"),
        pytest.param("hexmeter-PORT=ä\u20ac", id="no ASCII"),
    ],
)
def test_another_cookie_shows_nothing(browser: Browser, cookie: str) -> None:
    value = browser.cookie.partition("=")[2]
    browser.cookie = cookie.replace("PORT", str(browser.port)).replace("VALUE", value)
    assert_refused(browser.ask("/"))


WORDS = st.text(max_size=30)
PATHS = st.sampled_from(["/", "/open", "/events", "/style.css", "/v1/status"]) | WORDS
HEADERS = st.fixed_dictionaries(
    {"host": st.sampled_from(["127.0.0.1:PORT", "localhost:PORT", "evil.test"]) | WORDS},
    optional={
        "cookie": st.sampled_from(["hexmeter-PORT=", "hexmeter-PORT=x; hexmeter-PORT"]) | WORDS,
        "origin": st.sampled_from(["http://127.0.0.1:PORT", "null"]) | WORDS,
        "sec-fetch-site": st.sampled_from(["none", "same-origin", "cross-site"]) | WORDS,
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["GET", "HEAD", "POST"]) | WORDS, PATHS, st.dictionaries(st.just("once") | WORDS, WORDS), HEADERS
)
def test_whatever_is_asked_without_a_link_or_a_cookie_is_refused(
    stranger: Browser, method: str, path: str, query: dict[str, str], headers: dict[str, str]
) -> None:
    sent = {name: value.replace("PORT", str(stranger.port)) for name, value in headers.items()}
    answer = stranger.bench.run(stranger.bench.dashboard._front.handle(Request(method, path, query, sent)))
    assert isinstance(answer, Response)
    assert answer.status in (403, 405)
    assert "@" not in answer.body.decode()


def test_odd_cookies_of_other_servers_do_not_hide_ours(browser: Browser) -> None:
    browser.cookie = f'other={{"a": "b,c"}}; =; x; {browser.cookie}; z="'
    assert browser.ask("/").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "BREW"])
def test_nothing_but_looking_is_allowed(browser: Browser, method: str) -> None:
    path = link(browser.bench)
    for asked in ("/", path):
        answer = browser.ask(asked, method)
        assert_refused(answer, 405)
        assert answer.headers["allow"] == "GET, HEAD"
    assert browser.ask(path, "HEAD").status != 303
    assert browser.ask(path).status == 303, "the link was not used up"


@pytest.mark.parametrize(
    "path",
    [
        *("/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/style.css/..", "/style.css/", "/style.css%00"),
        *("/./style.css", "/assets/style.css", "/v1/status", "/metrics", "/favicon.ico", "/%2fstyle.css", "/EVENTS"),
    ],
)
def test_there_are_no_other_pages(browser: Browser, path: str) -> None:
    assert_refused(browser.ask(path), 404)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 100_000, 431, id="an endless header"),
        pytest.param(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000, 431, id="headers without end"),
        pytest.param(b"GET /" + b"x" * 100_000, 431, id="an endless path"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, id="two hosts"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", 400, id="no host"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, id="TLS"),
    ],
)
def test_what_is_no_request_is_refused_and_the_next_one_served(browser: Browser, request_: bytes, status: int) -> None:
    answer = browser.raw(request_)
    assert (answer.status, "@" in answer.body) == (status, False)
    assert browser.ask("/").status == 200


# The port


def refused(port: int) -> bool:
    with socket.socket() as dialler:
        return dialler.connect_ex(("127.0.0.1", port)) != 0


def test_no_port_listens_until_it_is_asked_for_nor_once_closed(shown: Bench) -> None:
    bench = shown
    assert bench.ask("POST", "/v1/dashboard/close")[1]["result"] == "already_closed"
    browser = Browser(bench, port_of(bench.ask("POST", "/v1/dashboard")[1]["url"])).enter()
    unused = link(bench)
    assert browser.listen().status == 200
    assert bench.ask("POST", "/v1/dashboard/close")[1]["result"] == "closed"
    bench.run(browser.streams[0][0].read())  # To its end.
    assert refused(browser.port)
    again = Browser(bench, port_of(bench.ask("POST", "/v1/dashboard")[1]["url"]), browser.cookie)
    again.cookie = browser.cookie.replace(str(browser.port), str(again.port))
    assert_refused(again.ask("/"))
    assert_refused(again.ask(unused))


def test_it_listens_on_loopback_alone(stranger: Browser) -> None:
    with socket.socket() as dialler:
        dialler.settimeout(2)
        assert dialler.connect_ex(("127.0.0.2", stranger.port)) != 0


def test_a_port_that_nobody_uses_is_closed_after_half_an_hour(browser: Browser) -> None:
    bench = browser.bench
    for pause_ms in (29 * MINUTE_MS, 29 * MINUTE_MS):
        bench.clock.advance(pause_ms)
        bench.run(bench.dashboard.close_if_unused())
        assert browser.ask("/").status == 200
    bench.clock.advance(29 * MINUTE_MS)
    assert_refused(Browser(bench, browser.port).ask("/"))  # A stranger's request is no use.
    bench.clock.advance(MINUTE_MS)
    bench.run(bench.dashboard.close_if_unused())
    assert refused(browser.port)


def test_a_live_page_keeps_the_port_open(browser: Browser) -> None:
    bench = browser.bench
    browser.listen()
    assert browser.heard()
    bench.clock.advance(60 * MINUTE_MS)
    bench.run(bench.dashboard.close_if_unused())
    assert not refused(browser.port)
    browser.leave()
    bench.clock.advance(29 * MINUTE_MS)
    bench.run(bench.dashboard.close_if_unused())
    assert not refused(browser.port)
    bench.clock.advance(MINUTE_MS)
    bench.run(bench.dashboard.close_if_unused())
    assert refused(browser.port)


def test_the_configuration_opens_its_port_from_the_start_and_keeps_it(make_bench: MakeBench, stack: ExitStack) -> None:
    port = free_port()
    bench = make_bench(small_world(), "ada", f"{TEAM}[dashboard]\nenabled = true\nport = {port}\n")
    show(bench, stack)
    assert_refused(Browser(bench, port).ask("/"))
    bench.clock.advance(DAY_MS)
    bench.run(bench.dashboard.close_if_unused())
    assert Browser(bench, port).enter().ask("/").status == 200


def test_a_taken_port_is_logged_at_the_start_and_told_when_asked_for(
    make_bench: MakeBench, stack: ExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        bench = make_bench(small_world(), "ada", f"{TEAM}[dashboard]\nenabled = true\nport = {port}\n")
        show(bench, stack)
        assert f"no dashboard: 127.0.0.1:{port} cannot be used: " in caplog.text
        status, told = bench.ask("POST", "/v1/dashboard")
    assert (status, told["error"]["code"], told["error"]["exit_code"]) == (400, "port_taken", 1)
    assert "[dashboard] port" in told["error"]["hint"]
    assert bench.ask("POST", "/v1/dashboard")[0] == 200, "once the port is free it is taken"


def test_a_session_outlives_a_reload_unless_the_port_changes(browser: Browser, stack: ExitStack) -> None:
    bench = browser.bench
    stack.close()  # The old daemon's block ends.
    bench.restart()
    show(bench, stack)
    assert "ed@acme.test" in browser.ask("/").body
    stack.close()
    bench.restart(f"{EVERYONE}[dashboard]\nport = {free_port()}\n")
    show(bench, stack)
    assert refused(browser.port)


def test_who_asks_during_a_reload_waits_for_the_new_daemon(browser: Browser, stack: ExitStack) -> None:
    bench = browser.bench
    stack.close()

    async def ask_and_reload() -> Answer:
        asking = asyncio.ensure_future(browser.send(browser.head("/")))
        done, _ = await asyncio.wait({asking}, timeout=0.2)
        assert not done
        async with bench.dashboard.serving(bench.daemon):
            return await asking

    assert bench.run(ask_and_reload()).status == 200


# Secrets


def test_no_secret_is_in_a_log_or_a_table(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bench = browser.bench
    secrets = [browser.cookie.partition("=")[2]]
    for _ in range(3):
        path = link(bench)
        secrets.append(path.partition("?once=")[2])
        browser.ask(path, "POST")
        browser.ask(path, Host="evil.test")
        browser.ask(path)
        browser.ask(path)
    browser.raw(f"GET {path} HTTP/1.1\r\nCookie: {browser.cookie}\r\nbroken\r\n\r\n".encode())
    bench.poll()
    bench.ask("POST", "/v1/dashboard/close")
    documents = [bench.ask("GET", path)[1] for path in ("/v1/status", "/v1/dashboard", "/v1/alerts")]
    dump = "".join(bench.store.database.connection.iterdump())
    for secret in [*secrets, bench.token]:
        assert secret not in caplog.text
        assert secret not in dump
        assert secret not in json.dumps(documents)
    assert "the dashboard is closed" in caplog.text


def test_the_status_says_that_there_is_one_and_has_no_link(shown: Bench) -> None:
    status = shown.status()
    assert status["dashboard"] == {"available": True}
    assert set(status["links"]) == {"hex"}


def test_a_link_is_answered_with_the_time_until_it_works(shown: Bench) -> None:
    _, told = shown.ask("POST", "/v1/dashboard")
    assert told["expires_at"] == "2026-11-22T12:02:00Z"
