"""A new store for each test, in a file of its own."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hexmeter.store.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hexmeter.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = Store.open(path)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        Store.open(path).close()
        yield path


@contextmanager
def copy_of(template: Path) -> Iterator[Store]:
    """A new store; a copy, because making one takes longer than a whole example."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hexmeter.db"
        shutil.copy(template, path)
        store = Store.open(path)
        yield store
        store.close()
