"""A webhook's other end: keeps what came, and answers as the test says."""

import asyncio
import hashlib
import hmac
import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hexmeter.wire.httpd import Request, Response
from serving import serving

HANG = 0


@dataclass
class Receiver:
    """`answers` are the statuses of the next requests, HANG for none at all; then 200. `retry_after` goes with all but
    that."""

    url: str = ""
    answers: deque[int] = field(default_factory=deque)
    retry_after: str = ""
    requests: list[Request] = field(default_factory=list)

    @property
    def told(self) -> list[dict[str, Any]]:
        """The documents that came."""
        return [json.loads(request.body) for request in self.requests]

    @property
    def titles(self) -> list[str]:
        """Their titles."""
        return [told["title"] for told in self.told]

    async def answer(self, request: Request) -> Response:
        self.requests.append(request)
        status = self.answers.popleft() if self.answers else 200
        if status == HANG:
            await asyncio.sleep(3600)
        headers = (("Location", "http://127.0.0.1:9/elsewhere"),) if 300 <= status < 400 else ()
        if status != 200 and self.retry_after:
            headers += (("Retry-After", self.retry_after),)
        return Response(status, b"", headers=headers)


@contextmanager
def receiver() -> Iterator[Receiver]:
    """One that lives until the block ends."""
    made = Receiver()
    with serving(made.answer) as url:
        made.url = f"{url}/hook/T0PSECRET-path?key=T0PSECRET-query"
        yield made


def is_signed(request: Request, key: bytes) -> bool:
    """Whether a request has the signature that the documentation describes."""
    signed = request.headers["hexmeter-timestamp"].encode() + b"." + request.body
    wanted = "sha256=" + hmac.new(key, signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(request.headers.get("hexmeter-signature", ""), wanted)
