"""The process that Apprise lives in: one message from stdin, what became of it as JSON on stdout.

Apprise's own words are never passed on, for they may quote an address; only the status it met is.
"""

import json
import logging
import re
import sys
from typing import Any

_PASSING = ("408", "429")
_STATUS = re.compile(r"error=(\d{3})\b")


class _Statuses(logging.Handler):
    """Collects the HTTP statuses that Apprise complains of."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen += _STATUS.findall(record.getMessage())


def main() -> None:
    """Read a message, send it, say what became of it."""
    asked = json.load(sys.stdin)
    print(json.dumps(_send(asked)))


def _send(asked: dict[str, str]) -> dict[str, Any]:
    import apprise

    statuses = _Statuses()
    logger = logging.getLogger("apprise")
    logger.addHandler(statuses)
    logger.propagate = False
    kinds = {"critical": apprise.NotifyType.FAILURE, "warning": apprise.NotifyType.WARNING}
    sender = apprise.Apprise()
    if not sender.add(asked["address"]):
        return _said("Apprise does not take this address", "check its form in Apprise's documentation", permanent=True)
    kind = kinds.get(asked["severity"], apprise.NotifyType.INFO)
    if sender.notify(title=asked["title"], body=asked["body"], notify_type=kind, body_format=apprise.NotifyFormat.TEXT):
        return _said(None, "", permanent=False)
    if not statuses.seen:
        return _said("Apprise could not deliver it", "is the service up, and the address right?", permanent=False)
    status = statuses.seen[-1]
    permanent = status.startswith("4") and status not in _PASSING
    hint = "check the address: its token may be revoked" if permanent else "it is the service's fault"
    return _said(f"the service answered {status}", hint, permanent=permanent)


def _said(problem: str | None, hint: str, *, permanent: bool) -> dict[str, Any]:
    return {"problem": problem, "hint": hint, "permanent": permanent}


if __name__ == "__main__":
    main()
