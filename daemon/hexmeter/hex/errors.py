"""What can go wrong between us and Hex, as types.

HexError
 ├── Unreachable      no connection, no answer in time, or one cut short      retryable
 ├── TokenRefused     401
 ├── Forbidden        403: the role may not do this
 ├── NotFound         404
 ├── BadRequest       400 and other 4xx; for a listing: its cursor is refused
 ├── RateLimited      429, with what Retry-After said                         retryable
 │    └── Held        not asked, for that pause is not over
 ├── ServerError      5xx                                                     retryable
 ├── Redirected       3xx: never followed, for the token would travel
 └── BadAnswer        200, but not what Hex's API promises
"""


class HexError(Exception):
    """A request that brought no answer we can use; the message is one clean line in plain words."""

    retryable = False
    hint = "see the log; the next poll tries again"


class Unreachable(HexError):
    """Nothing usable came back: no connection, no answer in time, or one that was cut short."""

    retryable = True
    hint = "check the network, and [hex] base_url"


class TokenRefused(HexError):
    """401: Hex does not take the token (any more)."""

    hint = "make a new token in Hex and set HEX_TOKEN or [hex] token_file"


class Forbidden(HexError):
    """403: the token's role may not do this."""

    hint = "it needs a token of a Manager or Admin, or a workspace token"


class NotFound(HexError):
    """404: Hex has no such thing, or does not show it to this token."""

    hint = "check the address, and that the token may see it"


class BadRequest(HexError):
    """400, or another refusal of what was asked; a listing's cursor that is no longer taken, for one."""


class RateLimited(HexError):
    """429: too many requests. `retry_after_ms` is what Hex asked to wait, None when it did not say."""

    retryable = True
    hint = "lower [poll] requests_per_minute if other tools share the token"

    def __init__(self, message: str, retry_after_ms: int | None) -> None:
        super().__init__(message)
        self.retry_after_ms = retry_after_ms


class Held(RateLimited):
    """Nothing was asked: the pause that an earlier 429 asked for is not over."""

    hint = "wait; hexmeter asks again by itself"


class ServerError(HexError):
    """5xx: Hex's own fault."""

    retryable = True
    hint = "it is Hex's fault; the next poll tries again"


class Redirected(HexError):
    """3xx: another address answered, to which the token must not go."""

    hint = "check [hex] base_url"


class BadAnswer(HexError):
    """The answer is not what Hex's API promises: not JSON, too large, of another shape, or a listing without end."""

    hint = "is [hex] base_url Hex's API? If so, Hex has changed: please report it"
