"""The token in force, and what is done with it once Hex has refused it: nothing."""

import hashlib
from collections.abc import Callable

from hexmeter.config.token import Token, TokenError


class AlreadyRefused(TokenError):
    """Hex refused this very token before, so it is not asked again."""


class CurrentToken:
    """The token in force. After Hex refused it nothing is asked until the source gives another one."""

    def __init__(self, source: Callable[[], Token]) -> None:
        self._source = source
        self._token: Token | None = None
        self._refused: str | None = None

    def __call__(self) -> str:
        """The token, for a request."""
        assert self._token is not None
        return self._token

    def refresh(self) -> bool:
        """Read the source anew; whether the token is another one than before. Raises TokenError."""
        token = self._source()
        changed, self._token = token != self._token, token
        if self._refused == _fingerprint(token):
            raise AlreadyRefused(
                "Hex refused the token, and it has not changed since", "make a new token in Hex and set it"
            )
        self._refused = None
        return changed

    def refuse(self) -> None:
        """Note that Hex refused the token in force."""
        assert self._token is not None
        self._refused = _fingerprint(self._token)


def _fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
