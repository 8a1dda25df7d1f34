"""Files with a secret in them: read in one go, and only where nobody but their owner can."""

import os
import stat
from pathlib import Path

LONGEST = 4096


class NotPrivate(Exception):
    """A file that cannot be read, or that others may read too; `hint` says what to try."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def others_may_read(path: Path) -> bool:
    """Whether anybody but its owner can read or write the file at `path`."""
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def read_private(path: Path, what: str, place: str) -> str:
    """What the file at `path` holds, called `what` in messages; `place` is the key that names it. Raises NotPrivate.

    Of one longer than LONGEST a byte more is read, so that whoever checks its length sees that.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(LONGEST + 1)
    except OSError as error:
        raise NotPrivate(f"cannot read the {what} file {path}: {error.strerror}", f"check {place}") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise NotPrivate(f"others may read the {what} file {path}", f"make it yours alone: chmod 600 {path}")
    return content.decode("utf-8", "replace")
