"""A new store for each test, in a file of its own."""

from collections.abc import Iterator
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
