"""What the dashboard keeps of what it read, and for how long."""

import contextlib
from pathlib import Path

from hexmeter.service.dashboard.kept import Kept
from hexmeter.store.store import Store


def test_an_answer_is_kept_until_something_is_stored_or_taken_back(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "hexmeter.db")
    asked: list[tuple[str, int]] = []

    def read(name: str, number: int) -> list[str]:
        asked.append((name, number))
        return [name] * number

    kept = Kept(store.revision)
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
