"""What the pages show is what the commands print, and what alerts say."""

import json
import re
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
    with workspace(page) as run:
        assert make_output.written(text, run) == text, "run docs/make_output.py"


def test_every_kind_of_alert_is_shown_with_its_text() -> None:
    page = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
    kinds = [kind.value for kind in Kind]
    assert [kind for kind in kinds if f"| `{kind}` |" not in page] == []
    shown = [kind for kind in kinds if f"```alert {kind}" in page]
    assert set(kinds) - set(shown) == {"report", "test"}, "a report is shown as it was told"


DOCUMENTS = [
    "status",
    *(f"usage --by {by}" for by in ("user", "day", "model", "source", "type", "thread", "prompt")),
    "usage --compare",
    "report",
    "report --month --last",
    "audit",
    "forecast",
    "forecast pool",
    "forecast --score",
    "can-afford 5 --meter pool",
    "alerts",
    "alerts why 1",
    "alerts replay",
]


def test_every_field_of_a_document_is_named_on_the_page_of_the_api(workspace: make_output.Opens) -> None:
    page = ROOT / "docs" / "api.md"
    named = set(re.findall(r'[`"]([a-z][a-z0-9_]*)[`"]', page.read_text(encoding="utf-8")))
    with workspace(page) as run:
        documents = {asked: json.loads(run(f"hexmeter {asked} --json")) for asked in DOCUMENTS}
    unnamed = {asked: sorted(set(_fields(document)) - named) for asked, document in documents.items()}
    assert {asked: fields for asked, fields in unnamed.items() if fields} == {}


def _fields(document: object) -> Iterator[str]:
    if isinstance(document, dict):
        for name, value in document.items():
            yield name
            # Those of facts are as they were stored, and kinds are named by their kinds.
            yield from () if name in ("facts", "kinds") else _fields(value)
    elif isinstance(document, list):
        for value in document:
            yield from _fields(value)
