"""What the pages show is what the commands print, and what alerts say."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "docs"))

import make_output  # noqa: E402 (the path is set above)

from hexmeter.core.alerts import Kind  # noqa: E402

SHOWING = [page for page in make_output.PAGES if make_output.shows(page.read_text(encoding="utf-8"))]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[make_output.Opens]:
    with make_output.workspace(tmp_path_factory.mktemp("workspace")) as opened:
        yield opened


@pytest.mark.parametrize("page", SHOWING, ids=lambda page: str(page.name))
def test_the_output_shown_is_real(page: Path, workspace: make_output.Opens) -> None:
    text = page.read_text(encoding="utf-8")
    with workspace() as run:
        assert make_output.written(text, run) == text, "run docs/make_output.py"


def test_every_kind_of_alert_is_shown_with_its_text() -> None:
    page = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
    kinds = [kind.value for kind in Kind]
    assert [kind for kind in kinds if f"| `{kind}` |" not in page] == []
    shown = [kind for kind in kinds if f"```alert {kind}" in page]
    assert set(kinds) - set(shown) == {"report", "test"}, "a report is shown as it was told"
