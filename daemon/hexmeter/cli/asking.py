"""Asking Hex itself who a token is: one GET, for the commands that work without a daemon."""

import asyncio
from collections.abc import Sequence

from hexmeter.config.model import Config
from hexmeter.config.token import Token
from hexmeter.core.budget import Restraint, windows
from hexmeter.core.clock import SystemClock
from hexmeter.core.model import Identity
from hexmeter.hex.client import HexClient, Limits
from hexmeter.hex.pacer import Pacer

_LIMITS = Limits(connect_s=10, read_s=15, whole_s=20)


def who_is(config: Config, token: Token) -> Identity:
    """Whose token it is, as Hex says. Raises HexError."""
    return asyncio.run(_who_is(config, token))


async def _who_is(config: Config, token: Token) -> Identity:
    clock = SystemClock()
    limits = windows(config.poll.requests_per_minute, config.poll.requests_per_hour)
    client = HexClient(config.base_url, lambda: token, Pacer(limits, clock, _Unwritten()), clock, _LIMITS)
    try:
        return (await client.me(tries=1)).value
    finally:
        await client.close()


class _Unwritten:
    """A journal for one request, which no budget has to hold over restarts."""

    def requests_since(self, since_ms: int) -> Sequence[int]:
        return ()

    def write_request(self, sent_ms: int) -> int:
        return 1

    def restraint(self) -> Restraint:
        return Restraint()

    def save_restraint(self, restraint: Restraint) -> None:
        return
