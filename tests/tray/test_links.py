"""Which links a tray opens: https to the configured host, nothing that could mislead."""

import pytest

from hexmeter_tray.links import local, openable

HEX = "https://app.hex.tech"


@pytest.mark.parametrize(
    ("link", "allowed"),
    [
        pytest.param("https://app.hex.tech/hex/thread/1?x=1#y", True, id="a page of Hex"),
        pytest.param("https://APP.HEX.TECH/", True, id="hosts have no case"),
        pytest.param("https://app.hex.tech:443/", True, id="the usual port"),
        pytest.param("https://app.hex.tech:8443/", False, id="another port"),
        pytest.param("http://app.hex.tech/", False, id="not encrypted"),
        pytest.param("https://app.hex.tech.evil.test/", False, id="a longer host"),
        pytest.param("https://evil.test/app.hex.tech", False, id="another host"),
        pytest.param("https://app.hex.tech@evil.test/", False, id="the host as a user"),
        pytest.param("https://ed@app.hex.tech/", False, id="a user"),
        pytest.param("https://evil.test\\@app.hex.tech/", False, id="a backslash"),
        pytest.param("https://app.hex.tech/\n--help", False, id="a new line"),
        pytest.param("https://app.hex.tech:port/", False, id="no number"),
        pytest.param("--help", False, id="an option"),
        pytest.param("file:///etc/passwd", False, id="a file"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_only_https_links_to_hex_are_opened(link: str, allowed: bool) -> None:
    assert openable(link, HEX) is allowed


def test_no_link_is_opened_while_the_host_is_not_known() -> None:
    assert not openable("https://app.hex.tech/", None)


@pytest.mark.parametrize(
    ("link", "allowed"),
    [
        pytest.param("http://127.0.0.1:8377/open?once=x", True, id="served here"),
        pytest.param("http://[::1]:8377/", True, id="served here on IPv6"),
        pytest.param("http://evil.test:8377/", False, id="served elsewhere"),
        pytest.param("http://127.0.0.1@evil.test:8377/", False, id="this machine as a user"),
        pytest.param("http://127.0.0.1:99999/", False, id="no port"),
        pytest.param("file:///etc/passwd", False, id="a file"),
        pytest.param("--help", False, id="an option"),
    ],
)
def test_a_dashboard_is_a_page_of_this_machine(link: str, allowed: bool) -> None:
    assert local(link) is allowed
