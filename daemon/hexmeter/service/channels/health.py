"""The document of channels: where warnings go, and how each does."""

from typing import Any

from hexmeter.config.channels import DESKTOP, Channel
from hexmeter.config.model import Config
from hexmeter.core.instants import to_iso
from hexmeter.service.channels import viaapprise
from hexmeter.store.channels import Health
from hexmeter.store.store import Store


def channels_document(config: Config, store: Store) -> dict[str, Any]:
    """`GET /v1/channels`: the desktop first, then as they are configured."""
    health = store.channels.health()
    persons = config.channels.persons()
    rows = [_desktop(store)] if config.notify_desktop else []
    for channel in config.channels.by_name().values():
        found = health.get(channel.name)
        rows.append(
            {
                "channel": channel.name,
                "for": persons.get(channel.name),
                "state": _state(found),
                "at": to_iso(found.at_ms) if found else None,
                "problem": found.problem if found else None,
                "hint": found.hint if found else None,
                "waiting": store.channels.waiting(channel.name),
                **_missing(channel),
            }
        )
    return {"channels": rows}


def channel_notes(config: Config, store: Store) -> list[str]:
    """What `hexmeter status` should say of channels that cannot deliver."""
    health = store.channels.health()
    notes = []
    for channel in config.channels.by_name().values():
        found = health.get(channel.name)
        if missing := _missing(channel):
            notes.append(f"Nothing can be sent to {channel.name}: {missing['problem']} ({missing['hint']}).")
        elif found is not None and found.permanent:
            notes.append(f"Nothing arrives at {channel.name}: {found.problem} ({found.hint}).")
    return notes


def _desktop(store: Store) -> dict[str, Any]:
    waiting, last_ms = store.channels.waiting(DESKTOP), store.channels.last_arrival_ms(DESKTOP)
    return {
        "channel": DESKTOP,
        "for": None,
        "state": "untried" if last_ms is None else "ok",
        "at": None if last_ms is None else to_iso(last_ms),
        "problem": None,
        "hint": None,
        "waiting": waiting,
    }


def _state(health: Health | None) -> str:
    if health is None:
        return "untried"
    if health.problem is None:
        return "ok"
    return "failed" if health.permanent else "retrying"


def _missing(channel: Channel) -> dict[str, Any]:
    """What to say of a channel whose extra is not installed."""
    if channel.is_webhook or viaapprise.is_installed():
        return {}
    return {"state": "failed", "problem": viaapprise.NOT_INSTALLED, "hint": viaapprise.EXTRA}
