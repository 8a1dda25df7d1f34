"""How this desktop session shows the tray's icon and notifications: what `hexmeter-tray --which` finds."""

import json
import subprocess
from typing import Any, Literal

from hexmeter.wire.autostart import tray_command

_TIMEOUT_S = 15.0

Found = tuple[str, Literal["ok", "warning"], str, str]
"""Name, state, message and mend."""

_MENDS = {
    "tray": "fine on a server; GNOME needs its AppIndicator extension, others a tray on their panel",
    "notifications": "fine on a server; a desktop without any can have dunst",
}


def desktop_checks(config: str | None) -> list[Found]:
    """The checks of the tray's icon and of its notifications, for this configuration (None: the one in force)."""
    try:
        # Not imported: what the tray needs is large, and may be missing.
        asked = subprocess.run(  # noqa: S603 (our own program)
            [*tray_command(config), "--which", "--json"],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        document = json.loads(asked.stdout)
        return [_check("tray", document["tray"]), _check("notifications", document["notify"])]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError):
        words, mend = "hexmeter-tray does not say how it would show them", "hexmeter-tray --which"
        return [("tray", "warning", words, mend), ("notifications", "warning", words, mend)]


def _check(name: str, choice: dict[str, Any]) -> Found:
    if choice["problem"]:
        return name, "warning", str(choice["problem"]), _MENDS[name]
    return name, "ok", f"{choice['backend']}: {choice['reason']}", ""
