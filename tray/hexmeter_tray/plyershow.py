"""Shows one notice with plyer, in a process of its own: `{"title", "body"}` in JSON on standard input; 0 if shown."""

import json
import subprocess
import sys
from typing import Any

from hexmeter_tray import texts


def main() -> int:
    """Show what standard input says; the exit code."""
    words = json.load(sys.stdin)
    try:
        _notification().notify(
            title=_argument(words["title"]), message=_argument(words["body"]), app_name=texts.APP_NAME
        )
    except Exception as error:  # whatever a platform's libraries raise: the tray hears one line
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def _argument(text: str) -> str:
    """A text that notify-send does not take for an option, wherever it stands."""
    return f" {text}" if text.startswith("-") else text


def _notification() -> Any:
    if sys.platform != "linux":
        from plyer import notification

        return notification
    # Of plyer's three ways this is the one that takes any text.
    from plyer.platforms.linux.notification import NotifySendNotification

    # plyer does not look how notify-send ended; this process does nothing else.
    subprocess.call = _run  # type: ignore[assignment]
    return NotifySendNotification()


def _run(command: list[str]) -> int:
    return subprocess.run(command, check=True).returncode  # noqa: S603 (plyer's own: notify-send and the two texts)


if __name__ == "__main__":
    sys.exit(main())
