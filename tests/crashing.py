"""For tests that kill a real daemon at random moments: traffic, faults, and the dice that decide when."""

import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from desktop_bus import wait_until
from hexmeter.wire.client import ClientError
from running_daemon import Home

FAULTS = ("500", "503", "refuse", "reset", "truncated", "html", "gzip", "cursor-loop", "429-none", "refused-cursor")


def dice() -> random.Random:
    """Other chances at each run; a failing test shows the seed, which HEXMETER_SEED sets."""
    seed = int(os.environ.get("HEXMETER_SEED") or random.randrange(1_000_000))
    print(f"the dice of this run: HEXMETER_SEED={seed}")
    return random.Random(seed)


@contextmanager
def polling(made: Home) -> Iterator[None]:
    """A client that asks for polls one after another meanwhile, as `hexmeter poll` does."""
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            with suppress(ClientError):
                made.client.post("/v1/poll", timeout_s=5)
            ended.wait(0.001)

    thread = threading.Thread(target=ask, name="polling")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def poll_well(made: Home) -> None:
    """Poll until one is good and has read everything."""

    def is_good() -> bool:
        seen = made.client.post("/v1/poll", timeout_s=60)
        return bool(seen["ok"] and not seen["more"])

    wait_until(is_good, "a good poll comes", 60)


def some_time(rng: random.Random, longest_s: float) -> None:
    """Let a random time pass: when the kill comes is the point of these tests."""
    threading.Event().wait(rng.uniform(0, longest_s))
