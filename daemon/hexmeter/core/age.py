"""How old figures are, and when that is too old."""

TYPE_CHECKING = False  # typing's own costs a status bar its import
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_PATIENCE_INTERVALS = 3


def too_old_at_ms(good_ms: int, interval_ms: int) -> int:
    """From when on figures are stale, and who watches is blind, if no poll is good after the one at `good_ms`."""
    return good_ms + _PATIENCE_INTERVALS * interval_ms


def never_read(document: "Mapping[str, Any]") -> bool:
    """Whether no poll was ever good. Its `as_of` is then the present, so not before the last poll, which failed."""
    last = document.get("last_poll")
    return bool(document["stale"]) and (last is None or (not last["ok"] and document["as_of"] >= last["at"]))
