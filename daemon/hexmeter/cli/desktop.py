"""Whether this desktop session shows tray icons and notifications, asked on its D-Bus."""

import asyncio
import os
from pathlib import Path
from typing import Literal

_TIMEOUT_S = 3.0
_HOST, _NOTIFICATIONS = "org.kde.StatusNotifierWatcher", "org.freedesktop.Notifications"

Found = tuple[str, Literal["ok", "warning"], str, str]
"""Name, state, message and mend."""


def desktop_checks() -> list[Found]:
    """The checks of the tray's host and of the notification service."""
    if not _has_session():
        none = "there is no desktop session here (no D-Bus session bus)"
        mend = "fine on a server; else run it in your desktop session"
        return [("tray", "warning", none, mend), ("notifications", "warning", none, mend)]
    try:
        owned, startable = asyncio.run(asyncio.wait_for(_names(), _TIMEOUT_S))
    except Exception as error:  # whatever is wrong with the bus, it is the answer
        words = f"the D-Bus session bus does not answer ({type(error).__name__})"
        mend = "log out and in again"
        return [("tray", "warning", words, mend), ("notifications", "warning", words, mend)]
    return [_tray(owned), _notifications(owned, startable)]


def _tray(owned: set[str]) -> Found:
    if _HOST in owned:
        return "tray", "ok", "this desktop shows tray icons", ""
    mend = "on GNOME install the AppIndicator extension; KDE, Xfce and others have a tray for their panel"
    return "tray", "warning", "nothing here shows tray icons", mend


def _notifications(owned: set[str], startable: set[str]) -> Found:
    if _NOTIFICATIONS in owned | startable:
        return "notifications", "ok", "this desktop shows notifications", ""
    return "notifications", "warning", "nothing here shows notifications", "install one, such as dunst"


def _has_session() -> bool:
    if os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return True
    return Path(os.environ.get("XDG_RUNTIME_DIR", "/nowhere"), "bus").exists()


async def _names() -> tuple[set[str], set[str]]:
    """The names that are owned, and those that the bus would start."""
    from dbus_fast import Message
    from dbus_fast.aio import MessageBus

    bus = await MessageBus().connect()
    try:
        answers = []
        for member in ("ListNames", "ListActivatableNames"):
            answer = await bus.call(
                Message(
                    destination="org.freedesktop.DBus",
                    path="/org/freedesktop/DBus",
                    interface="org.freedesktop.DBus",
                    member=member,
                )
            )
            answers.append(set(answer.body[0]) if answer is not None else set())
        return answers[0], answers[1]
    finally:
        bus.disconnect()
