"""One row of a usage log: all that the daemon, which takes in what others have understood, need know of them."""

from typing import NamedTuple


class LogRow(NamedTuple):
    """One understood row. `user`: an email in lower case, or Hex's id; "" is nobody.

    `key` is the same in every download; it begins with how rows of one key are merged: see `Merge`.
    """

    key: str
    at_ms: int
    user: str
    credits_micro: int
    thread: str
    model: str
    source: str
    type: str


class Merge:
    """What to do with a row whose key is there already, by the key's first letter."""

    BY_ID = "i"
    """The row has an id of its own: the later import corrects the earlier."""
    BY_CONTENT = "c"
    """The row is known by all it says: it is the same row."""
    BY_DAY = "d"
    """The row names a day alone, which may not have been over in an earlier download: the higher figure holds."""
