"""The daemon's log on standard error: a line a record, as text or JSON, with the journal's levels under systemd."""

import json
import logging
import os
import sys
from datetime import UTC, datetime

FORMS = ("text", "json")
_CHATTY = ("httpx", "httpcore", "apscheduler", "tzlocal", "asyncio")
_JOURNAL_LEVELS = {"CRITICAL": 2, "ERROR": 3, "WARNING": 4, "INFO": 6, "DEBUG": 7}


def log_to_stderr(level: int, form: str) -> None:
    """Begin to log in one of FORMS."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Journal() if _is_journal() else _Text())
    logging.basicConfig(level=level, handlers=[handler])
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)


class _Text(logging.Formatter):
    """A line a record, whatever strangers put into it; only our own tracebacks take more."""

    def __init__(self, form: str = "%(asctime)s %(levelname)s %(message)s") -> None:
        super().__init__(form)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        return " ".join(super().formatMessage(record).splitlines())


class _Journal(_Text):
    """For the journal, which has its own clock, and reads each line's level from its beginning."""

    def __init__(self) -> None:
        super().__init__("%(message)s")

    def format(self, record: logging.LogRecord) -> str:
        level = f"<{_JOURNAL_LEVELS.get(record.levelname, 6)}>"
        return "\n".join(level + line for line in super().format(record).splitlines())


class _Json(logging.Formatter):
    """An object a line: at, level, logger, message, and the traceback of a fault of our own."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


def _is_journal() -> bool:
    """Whether standard error is the journal itself: JOURNAL_STREAM names its device and inode, and is inherited."""
    try:
        status = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
