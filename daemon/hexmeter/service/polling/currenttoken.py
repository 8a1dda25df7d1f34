"""The token in force, and what is done with it once Hex has refused it: nothing."""

import asyncio
import hashlib
from collections.abc import Callable

from hexmeter.config.token import Token, TokenError
from hexmeter.core.instants import HOUR_MS, MINUTE_MS

_FIRST_PAUSE_MS, _LONGEST_PAUSE_MS = MINUTE_MS, HOUR_MS


class AlreadyRefused(TokenError):
    """Hex refused this very token before, so it is not asked again."""


class CurrentToken:
    """The token in force. After Hex refused it nothing is asked until the source gives another one.

    A source is read anew for each poll. A `costly` one, which starts a program or asks the user, is read once, and
    again only after Hex refused what it gave: at growing intervals of the clock `uptime_ms`, or when a person polls.
    """

    def __init__(
        self, source: Callable[[], Token], *, costly: bool = False, uptime_ms: Callable[[], int] = lambda: 0
    ) -> None:
        self._source = source
        self._costly = costly
        self._uptime_ms = uptime_ms
        self._token: Token | None = None
        self._refused: str | None = None
        self._next_look_ms = 0
        self._pause_ms = _FIRST_PAUSE_MS

    def __call__(self) -> str:
        """The token, for a request."""
        assert self._token is not None
        return self._token

    async def refresh(self, *, eager: bool = False) -> bool:
        """Read the source anew; whether the token is another one than before. Raises TokenError.

        `eager`: somebody waits, so a costly source is asked at once for another token than the refused one.
        """
        if self._costly and self._token is not None:
            if self._refused is None:
                return False
            if not eager and self._uptime_ms() < self._next_look_ms:
                raise _already_refused()
            self._next_look_ms = self._uptime_ms() + self._pause_ms
            self._pause_ms = min(2 * self._pause_ms, _LONGEST_PAUSE_MS)
        token = await asyncio.to_thread(self._source) if self._costly else self._source()
        changed, self._token = token != self._token, token
        if self._refused == _fingerprint(token):
            raise _already_refused()
        self._refused = None
        self._pause_ms = _FIRST_PAUSE_MS
        return changed

    def refuse(self) -> None:
        """Note that Hex refused the token in force."""
        assert self._token is not None
        self._refused = _fingerprint(self._token)
        # A token that was just rotated is there at once.
        self._next_look_ms = self._uptime_ms()


def _already_refused() -> AlreadyRefused:
    return AlreadyRefused("Hex refused the token, and it has not changed since", "make a new token in Hex and set it")


def _fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
