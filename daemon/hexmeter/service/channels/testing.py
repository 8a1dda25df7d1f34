"""A message on demand, such as `hexmeter alerts test`: on real channels, and what is known of its arrival."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from hexmeter.config.channels import DESKTOP, named
from hexmeter.core.clock import Clock
from hexmeter.core.instants import to_iso
from hexmeter.service.channels.sender import Sender
from hexmeter.store.outbox import Delivery, NewAlert
from hexmeter.store.store import Store

TEST_LADDER = "test"
DESKTOP_PATIENCE_S = 10.0
"""A tray that listens claims at once; its notification service may take a while."""

PATIENCE_S = 75.0
"""Longer than any channel's own time limit."""

_SETTLED = frozenset({"handed_over", "seen", "failed", "superseded"})


class NoSuchChannel(Exception):
    """No channel of this name is configured, or none at all; the message says which there are."""


def channels_named(wanted: str | None, names: Sequence[str]) -> Sequence[str]:
    """The one of `names` that `wanted` is, or that alone begins so; all for None. Raises NoSuchChannel."""
    if not names:
        raise NoSuchChannel("no channel is configured: [notify] desktop is off, and urls is empty")
    if wanted is None:
        return names
    found = named(wanted, names)
    if found is None:
        few = "more than one channel is" if any(name.startswith(wanted) for name in names) else "there is no channel"
        raise NoSuchChannel(f"{few} called {wanted[:80]!r}; there are: {', '.join(names)}")
    return [found]


async def send_and_see(
    alert: NewAlert,
    store: Store,
    clock: Clock,
    sender: Sender,
    changes: Callable[[], AsyncIterator[None]],
    publish: Callable[[], None],
) -> dict[str, Any]:
    """Send `alert`, of TEST_LADDER, wait for what becomes of it, and say so. Nothing of it is tried again."""
    alert_id = store.outbox.fire(alert, clock.now_ms())
    publish()
    sending = asyncio.create_task(sender.send_due())
    try:
        others = [name for name in alert.channels if name != DESKTOP]
        for patience_s, waited_for in ((PATIENCE_S, others), (DESKTOP_PATIENCE_S, alert.channels)):
            await _settled(store, alert_id, waited_for, changes, patience_s)
        told = [_told(delivery) for delivery in store.outbox.deliveries_of(alert_id)]
    finally:
        # Not cancelled, for it may carry real warnings too.
        await asyncio.wait({sending}, timeout=0)
        # What nobody took must not pop up later, and the test is no warning that stands.
        store.outbox.resolve(TEST_LADDER, clock.now_ms())
        publish()
    return {"ok": all(one["ok"] for one in told), "results": told}


async def _settled(
    store: Store,
    alert_id: int,
    waited_for: Sequence[str],
    changes: Callable[[], AsyncIterator[None]],
    patience_s: float,
) -> None:
    """Wait until it is known what became of the deliveries on these channels, at most so long."""
    try:
        async with asyncio.timeout(patience_s):
            async for _ in changes():
                deliveries = store.outbox.deliveries_of(alert_id)
                if all(_is_settled(one) for one in deliveries if one.channel in waited_for):
                    return
    except TimeoutError:
        return


def _is_settled(delivery: Delivery) -> bool:
    return delivery.state in _SETTLED or delivery.problem is not None


def _told(delivery: Delivery) -> dict[str, Any]:
    arrived = delivery.state in ("handed_over", "seen")
    result, detail, hint = delivery.state, "it arrived", ""
    if delivery.channel == DESKTOP:
        result, detail, hint = _DESKTOP.get(delivery.state, (delivery.state, "another test began", "try again"))
    elif not arrived:
        result, detail = "failed", delivery.problem or "nothing is known of it yet"
        hint = "hexmeter doctor says more" if delivery.problem else "see the daemon's log"
    return {
        "channel": delivery.channel,
        "ok": arrived,
        "result": result,
        "detail": detail,
        "hint": hint,
        "at": to_iso(delivery.at_ms),
    }


_DESKTOP = {
    "seen": ("seen", "it was shown, and clicked or closed", ""),
    "handed_over": ("handed_over", "the tray handed it to the desktop's notification service", ""),
    "claimed": ("claimed", "a tray took it, but could not show it", "is a notification service running?"),
    "pending": ("no_tray", "no tray is listening", "start it with: hexmeter-tray"),
}
