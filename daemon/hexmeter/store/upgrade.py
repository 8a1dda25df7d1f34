"""Brings a database up to date in a process of its own, whose memory is given back: migrations need much of it."""

import subprocess
import sys
from pathlib import Path

from hexmeter.store.database import Database, StoreError


def upgrade_apart(path: Path) -> None:
    """Make or migrate the database at `path`. What fails is not told here: whoever opens it next meets it again."""
    command = [sys.executable, "-m", "hexmeter.store.upgrade", str(path)]
    subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603 (our own words)


def _main(path: str) -> int:
    try:
        Database.open(Path(path)).close()
    except StoreError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1]))
