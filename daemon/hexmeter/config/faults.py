"""What a check of the configuration raises: a value that is not taken, or several of one table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

Value = TypeVar("Value")


class NotAllowed(Exception):
    """A value that a key does not take; the message says what it does take."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One wrong entry of a table whose keys are the user's own words."""

    name: str
    value: Any
    allowed: str


class NotAllowedIn(NotAllowed):
    """A table with wrong entries: all of them."""

    def __init__(self, entries: list[Entry]) -> None:
        super().__init__(f"{len(entries)} of its entries are wrong")
        self.entries = entries


def checked_entries(table: Mapping[str, Any], check: Callable[[str, Any], tuple[str, Value]]) -> dict[str, Value]:
    """The table with each entry as `check` gives its name and value. Raises NotAllowedIn with all that are wrong."""
    found: dict[str, Value] = {}
    wrong: list[Entry] = []
    for name, value in table.items():
        try:
            checked_name, checked = check(name, value)
            if checked_name in found:
                raise NotAllowed("there once: upper and lower case make no difference")
            found[checked_name] = checked
        except NotAllowed as error:
            wrong.append(Entry(name, value, str(error)))
    if wrong:
        raise NotAllowedIn(wrong)
    return found
