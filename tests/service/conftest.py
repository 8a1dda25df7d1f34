"""One bench a test, made on demand."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from .bench import Bench, bench, small_world
from .browsing import EVERYONE, Browser, port_of, show

MakeBench = Callable[..., Bench]


@pytest.fixture
def make_bench(tmp_path: Path) -> Iterator[MakeBench]:
    """`bench` as a function: what it makes lives until the test ends."""
    with ExitStack() as stack:
        yield lambda *values, **options: stack.enter_context(bench(tmp_path, *values, **options))


@pytest.fixture
def stack(make_bench: MakeBench) -> Iterator[ExitStack]:
    """What ends before the benches do."""
    with ExitStack() as made:
        yield made


@pytest.fixture
def shown(make_bench: MakeBench, stack: ExitStack) -> Bench:
    """A bench whose daemon has a dashboard; nobody asked for it yet."""
    made = make_bench(small_world(), "ada", EVERYONE)
    made.poll_until_read()
    show(made, stack)
    return made


@pytest.fixture
def stranger(shown: Bench) -> Browser:
    """A browser without a link, before an open port."""
    return Browser(shown, port_of(shown.ask("POST", "/v1/dashboard")[1]["url"]))


@pytest.fixture
def browser(stranger: Browser) -> Browser:
    """A browser that opened a link."""
    return stranger.enter()


@pytest.fixture(autouse=True)
def _no_tray_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a tray, a test of the desktop's channel would wait for one."""
    monkeypatch.setattr("hexmeter.service.channels.testing.DESKTOP_PATIENCE_S", 0.2)


@pytest.fixture(autouse=True)
def _no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading certificates, which plain http never asks for, would take longer than many a test."""
    monkeypatch.setattr("ssl.SSLContext.load_verify_locations", lambda *_, **__: None)
