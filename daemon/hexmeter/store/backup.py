"""Backups: whole copies of the database beside it, made by a process of their own, and put back when it is damaged.

`python -m hexmeter.store.backup DATABASE COPY` makes one.
"""

import contextlib
import glob
import json
import logging
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

log = logging.getLogger(__name__)

FREE_TIMES = 3
"""A backup is made only where so many times the file's size is free: the disk is others' too."""

_SUFFIXES = ("-wal", "-shm", "")
_DAMAGED_CODES = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_LONGEST_S = 600


def backups_of(path: Path) -> list[Path]:
    """The backups of the database at `path`, newest first."""
    return sorted(path.parent.glob(f"{glob.escape(path.name)}.backup-*Z"), reverse=True)


def made_ms(backup: Path) -> int | None:
    """When a backup was made, by its name."""
    try:
        moment = datetime.strptime(backup.name.rpartition("-")[2], "%Y%m%dT%H%M%S%z")
    except ValueError:
        return None
    return int(moment.timestamp() * 1000)


def next_backup(path: Path, now_ms: int) -> Path:
    """Where a backup that is made now goes."""
    return path.with_name(f"{path.name}.backup-{_stamp(now_ms)}")


def why_not(path: Path) -> str | None:
    """Why no backup can be made now; None when one can."""
    try:
        size = sum(_beside(path, suffix).stat().st_size for suffix in ("", "-wal") if _beside(path, suffix).exists())
        free = shutil.disk_usage(path.parent).free
    except OSError as error:
        return f"{path.parent}: {error.strerror}"
    if free < FREE_TIMES * size:
        return f"{free >> 20} MiB are free in {path.parent}, and {FREE_TIMES * size >> 20} are wanted"
    return None


def command(path: Path, target: Path) -> Sequence[str]:
    """The command that copies the database at `path` to `target`: with exit code 0 whole, else not at all."""
    return sys.executable, "-m", "hexmeter.store.backup", str(path), str(target)


def rotate(path: Path, keep: int) -> None:
    """Remove all but the newest `keep` backups, and what broken ones left."""
    for old in [*backups_of(path)[keep:], *path.parent.glob(f"{glob.escape(path.name)}.backup-*.part*")]:
        with contextlib.suppress(OSError):
            old.unlink()


def back_up_now(path: Path, keep: int, now_ms: int) -> bool:
    """Make a backup and wait for it; whether there is one. Why not is logged."""
    if reason := why_not(path):
        log.warning("no backup was made: %s", reason)
        return False
    try:
        made = subprocess.run(command(path, next_backup(path, now_ms)), capture_output=True, timeout=_LONGEST_S)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        log.warning("no backup was made: %s", error)
        return False
    if made.returncode:
        log.warning("no backup was made: %s", made.stderr.decode(errors="replace").strip()[-300:])
        return False
    rotate(path, keep)
    return True


def mend(path: Path, now_ms: int) -> None:
    """Where the database at `path` is damaged, set it aside and put the newest good backup in its place.

    Without a good backup nothing is touched: opening the file says what is wrong with it. It is read through only
    after an unclean stop, which leaves a write-ahead log behind. What was done stands in the restored database, for
    its daemon to tell.
    """
    ready = _beside(path, ".restoring")
    if not ready.exists():
        backups = backups_of(path)
        problem = damage(path, thorough=_is_filled(_beside(path, "-wal"))) if path.exists() else None
        if problem is None and path.exists() and not path.stat().st_size and backups:
            problem = "the file is empty"
        if problem is None:
            return
        good = _newest_good(backups)
        if good is None:
            return
        _prepare(good, ready, path, problem, now_ms)
    aside = Path(_restored(ready)["set_aside"])
    for suffix in _SUFFIXES:
        with contextlib.suppress(FileNotFoundError):
            os.replace(_beside(path, suffix), _beside(aside, suffix))  # noqa: PTH105
    ready.replace(path)
    log.error("the database %s was damaged: it is set aside as %s, and the newest good backup restored", path, aside)


def way_back(path: Path) -> str:
    """What to do about a damaged database at `path`, in words for its owner."""
    good = _newest_good(backups_of(path))
    if good is None:
        return f"stop the daemon, move {path} away, and start it: it reads the history anew"
    # By hand: a daemon that is stopped ends cleanly, and after that nobody reads the file through. What is left of its
    # log would be written into the copy.
    names = (path, f"{path}.damaged", f"{path}-wal", f"{path}-shm", good)
    broken, aside, log_file, index, copy = (shlex.quote(str(name)) for name in names)
    return f"stop the daemon, then: mv {broken} {aside} && rm -f {log_file} {index} && cp {copy} {broken}"


def _newest_good(backups: Sequence[Path]) -> Path | None:
    return next((backup for backup in backups if damage(backup, thorough=True) is None), None)


def damage(path: Path, *, thorough: bool) -> str | None:
    """What is wrong with the database at `path`; None when nothing is found. `thorough` reads all of it.

    Raises sqlite3.Error where that cannot be told, such as for a file that may not be read.
    """
    try:
        # Read-only, so that the files that are set aside are as they were found.
        source = f"{path.absolute().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(source, uri=True, isolation_level=None, timeout=5.0)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0] if thorough else "ok"
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in _DAMAGED_CODES:
            return str(error)
        raise
    return None if found == "ok" else str(found).splitlines()[-1]


def _prepare(backup: Path, ready: Path, path: Path, problem: str, now_ms: int) -> None:
    """Make a copy of the backup that knows what it is, whole under the name `ready`."""
    part = _beside(ready, ".part")
    with contextlib.suppress(FileNotFoundError):
        part.unlink()
    _copy(backup, part)
    facts = {
        "set_aside": str(_beside(path, f".damaged-{_stamp(now_ms)}")),
        "problem": problem,
        "backup_ms": made_ms(backup),
        "at_ms": now_ms,
    }
    with contextlib.closing(sqlite3.connect(part, isolation_level=None)) as connection:
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('restored', ?)", (json.dumps(facts),))
    part.replace(ready)


def _restored(ready: Path) -> dict[str, str]:
    with contextlib.closing(sqlite3.connect(ready, isolation_level=None)) as connection:
        (text,) = connection.execute("SELECT value FROM meta WHERE name = 'restored'").fetchone()
    facts: dict[str, str] = json.loads(text)
    return facts


def _copy(source: Path, target: Path) -> None:
    """A consistent copy, while others may write to the source; readable by us alone, and on the disk."""
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        contextlib.closing(sqlite3.connect(source, timeout=30.0)) as read,
        contextlib.closing(sqlite3.connect(target, isolation_level=None)) as written,
    ):
        read.backup(written)
        # By itself a copy needs no files beside it.
        written.execute("PRAGMA journal_mode = DELETE")


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _is_filled(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _stamp(now_ms: int) -> str:
    return datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")


def _main(source: str, target: str) -> None:
    """Be the process that makes one backup."""
    os.nice(10)
    part = Path(target + ".part")
    try:
        _copy(Path(source), part)
        if problem := damage(part, thorough=True):
            raise sqlite3.DatabaseError(f"{source} is damaged: {problem}")  # Its copy must not push out a good one.
        part.replace(target)
    except (sqlite3.Error, OSError) as error:
        with contextlib.suppress(OSError):
            part.unlink()
        sys.exit(f"{target}: {error}")


if __name__ == "__main__":
    _main(*sys.argv[1:3])
