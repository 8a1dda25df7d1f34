"""How old the figures of a status document are."""

TYPE_CHECKING = False  # typing's own costs a status bar its import
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def never_read(document: "Mapping[str, Any]") -> bool:
    """Whether no poll was ever good. Its `as_of` is then the present, so not before the last poll, which failed."""
    last = document.get("last_poll")
    return bool(document["stale"]) and (last is None or (not last["ok"] and document["as_of"] >= last["at"]))
