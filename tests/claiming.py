"""A tray without a screen: claims over the socket, shows, confirms, and counts, through any number of crashes."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hexmeter.wire.client import Client, ClientError

_PAUSE_S = 0.05


class ClaimingTray:
    """Does what a tray does: each delivery that it claims is shown unless it was already, then confirmed."""

    def __init__(self, client: Callable[[], Client]) -> None:
        self._client = client
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="claiming tray")
        self.shown: list[dict[str, Any]] = []
        """The notices that were shown, oldest first."""
        self.given_again: Counter[int] = Counter()
        """Deliveries that were given out again although their hand-over had been confirmed."""
        self._seen: set[int] = set()
        self._confirmed: set[int] = set()

    def _run(self) -> None:
        while not self._ended.wait(_PAUSE_S):
            try:
                self._claim_once()
            except ClientError:
                continue  # The daemon is away; it comes again.

    def _claim_once(self) -> None:
        client = self._client()
        body = {"channel": "desktop", "claimant": "a tray"}
        for notice in client.post("/v1/deliveries/claim", body)["notices"]:
            deliveries = set(notice["deliveries"])
            self.given_again.update(deliveries & self._confirmed)
            if not deliveries <= self._seen:
                self.shown.append(notice)
                self._seen |= deliveries
        for delivery in sorted(self._seen - self._confirmed):
            confirmation = {"deliveries": [delivery], "state": "handed_over", "claimant": "a tray"}
            client.post("/v1/deliveries/confirm", confirmation)
            self._confirmed.add(delivery)

    @property
    def all_confirmed(self) -> bool:
        """Whether what was shown is confirmed too."""
        return self._seen == self._confirmed

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()


@contextmanager
def claiming_tray(client: Callable[[], Client]) -> Iterator[ClaimingTray]:
    """A tray that claims as long as the block lasts."""
    tray = ClaimingTray(client)
    tray.start()
    try:
        yield tray
    finally:
        tray.end()
