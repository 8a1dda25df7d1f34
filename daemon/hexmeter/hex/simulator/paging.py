"""Pages of a listing and their cursors.

A cursor holds a position counted from the newest, so pages shift when something new arrives: it is seen twice at
the seam, and nothing that was there is missed. What is deleted keeps its position, or its going would hide another.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from hexmeter.hex.simulator.documents import Document, HexError

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Place:
    """Which page is asked for: at most `limit` items from `position` on, or, `backwards`, those just before it."""

    listing: str
    position: int
    limit: int
    backwards: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """The items of a page, and the `pagination` that leads on from it."""

    items: list[Item]
    pagination: Document


def asked_place(query: Mapping[str, str], listing: str, most: int) -> Place:
    """The page that `limit` (1 to `most`, default 25), `after` and `before` ask for; raises HexError 400."""
    limit = asked_integer(query, "limit", 25, most)
    after, before = query.get("after"), query.get("before")
    if after is not None and before is not None:
        raise HexError(400, "Invalid input data", "Only one of after and before may be given")
    cursor = after if after is not None else before
    position = 0 if cursor is None else _position(listing, cursor)
    return Place(listing, position, limit, backwards=before is not None)


def asked_integer(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    """A parameter that is an integer from 1 to `most`; raises HexError 400."""
    text = query.get(name)
    if text is None:
        return default
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 1 <= number <= most:
        raise HexError(400, "Invalid input data", f"{name}: expected an integer from 1 to {most}, got {text[:40]!r}")
    return number


def page_at(place: Place, item_at: Callable[[int], Item | None], wanted: Callable[[Item], bool]) -> Page[Item]:
    """The page at `place` of those `wanted`; `item_at` gives what stands at a position, None past the end."""
    step = -1 if place.backwards else 1
    found = _scan(place.position - (1 if place.backwards else 0), step, place.limit, item_at, wanted)[::step]
    if not found:
        return Page([], {"before": None, "after": None})
    first, last = found[0][0], found[-1][0]
    return Page(
        [item for _, item in found],
        {
            "before": cursor(place.listing, first) if _scan(first - 1, -1, 1, item_at, wanted) else None,
            "after": cursor(place.listing, last + 1) if _scan(last + 1, 1, 1, item_at, wanted) else None,
        },
    )


def cursor(listing: str, position: int) -> str:
    """The opaque cursor of a position."""
    return base64.urlsafe_b64encode(f"{listing}:{position}".encode()).decode().rstrip("=")


def _position(listing: str, text: str) -> int:
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True).decode("ascii")
        name, _, position = plain.partition(":")
        if name == listing and position.isascii() and position.isdigit() and len(position) < 12:
            return int(position)
    except (binascii.Error, ValueError):
        pass
    raise HexError(400, "Invalid input data", "Invalid cursor")


def _scan(
    start: int, step: int, limit: int, item_at: Callable[[int], Item | None], wanted: Callable[[Item], bool]
) -> list[tuple[int, Item]]:
    found: list[tuple[int, Item]] = []
    position = start
    while len(found) < limit and position >= 0 and (item := item_at(position)) is not None:
        if wanted(item):
            found.append((position, item))
        position += step
    return found
