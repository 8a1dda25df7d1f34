"""A webhook: one POST of JSON, signed where there is a key, bounded in time, never redirected."""

import asyncio
import hashlib
import hmac
from dataclasses import dataclass

from hexmeter import __version__
from hexmeter.config.channels import Address
from hexmeter.core.instants import SECOND_MS
from hexmeter.core.retries import LONGEST_MS, retry_after_ms
from hexmeter.core.strings import clean
from hexmeter.service.channels.errors import DeliveryError

_PASSING = frozenset({408, 429})


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one delivery: seconds to connect, and in all. Of the answer nothing but its head is read."""

    connect_s: float = 10.0
    whole_s: float = 20.0


def signature(key: bytes, sent_s: int, body: bytes) -> str:
    """What the header Hexmeter-Signature says: HMAC-SHA256 over the time of sending, a dot, and the body."""
    return "sha256=" + hmac.new(key, f"{sent_s}.".encode() + body, hashlib.sha256).hexdigest()


async def post(address: Address, body: bytes, delivery: str, sent_s: int, key: bytes | None, limits: Limits) -> None:
    """Send `body`, JSON, to `address`. `delivery` names it, the same over all tries. Raises DeliveryError."""
    # Only here: whoever has no webhook need not hold it in memory.
    import httpx

    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"hexmeter/{__version__}",
        "Hexmeter-Delivery": delivery,
        "Hexmeter-Timestamp": str(sent_s),
    }
    if key is not None:
        headers["Hexmeter-Signature"] = signature(key, sent_s, body)
    try:
        async with (
            asyncio.timeout(limits.whole_s),
            httpx.AsyncClient(
                timeout=httpx.Timeout(limits.whole_s, connect=limits.connect_s),
                follow_redirects=False,
                # A proxy from the environment sees nothing but TLS; plain http is for this machine alone.
                trust_env=address.lower().startswith("https:"),
            ) as client,
            client.stream("POST", str(address), content=body, headers=headers) as response,
        ):
            status, asked = response.status_code, response.headers.get("Retry-After")
    except (TimeoutError, httpx.TimeoutException):
        raise DeliveryError("the webhook did not answer in time", "is it up?") from None
    except httpx.ConnectError as error:
        why = clean(str(error).replace(address, "…"), 120)
        raise DeliveryError(f"the webhook cannot be reached: {why}", "check its address, and the network") from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):
        raise DeliveryError("the webhook's address is none", "mend it in [notify]", permanent=True) from None
    except httpx.HTTPError as error:
        # By its type alone: a message may quote the address.
        raise DeliveryError(f"the webhook broke off ({type(error).__name__})", "is it up?") from None
    _check(status, retry_after_ms(asked, sent_s * SECOND_MS, LONGEST_MS) or 0)


def _check(status: int, asked_ms: int) -> None:
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise DeliveryError(
            f"the webhook answered {status}: redirects are not followed", "give its final address", permanent=True
        )
    permanent = 400 <= status < 500 and status not in _PASSING
    hint = "check its address, and the key that signs" if permanent else "it is the receiver's fault"
    raise DeliveryError(f"the webhook answered {status}", hint, permanent=permanent, asked_ms=asked_ms)
