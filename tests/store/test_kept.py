"""What is kept of what was worked out, and for how long."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from hexmeter.store.store import Store


def test_an_answer_is_kept_until_something_is_stored_or_taken_back(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "hexmeter.db")
    asked: list[tuple[str, int]] = []

    def read(name: str, number: int) -> list[str]:
        asked.append((name, number))
        return [name] * number

    kept = store.kept
    assert [kept.ask(read, "a", 2), kept.ask(read, "b", 1), kept.ask(read, "a", 2)] == [["a", "a"], ["b"], ["a", "a"]]
    assert asked == [("a", 2), ("b", 1)]
    store.database.bind("acme")
    kept.ask(read, "a", 2)
    with contextlib.suppress(ValueError), store.transaction():
        raise ValueError
    kept.ask(read, "a", 2)
    kept.ask(read, "a", 2)
    assert asked == [("a", 2), ("b", 1), ("a", 2), ("a", 2)]
    store.close()


@dataclass(frozen=True)
class Reader:
    words: str

    def read(self) -> list[str]:
        return [self.words]


def test_one_answer_is_nobody_elses(tmp_path: Path) -> None:
    """A reload reads the same database by another configuration."""
    store = Store.open(tmp_path / "hexmeter.db")
    one, other = Reader("one"), Reader("other")
    assert [store.kept.ask(one.read), store.kept.ask(other.read), store.kept.ask(one.read)] == [
        ["one"], ["other"], ["one"],
    ]  # fmt: skip
    store.close()
