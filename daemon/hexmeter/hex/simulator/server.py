"""The simulated Hex as an HTTP handler: each request goes past faults, token and rate limit to the API."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hexmeter.hex.simulator import api, control, misbehaviour
from hexmeter.hex.simulator.documents import Document, HexError, error, traced_error
from hexmeter.hex.simulator.faults import Fault, Faults
from hexmeter.hex.simulator.jsontext import dumps
from hexmeter.hex.simulator.rates import Limiter, Rates, RetryAfter, too_many
from hexmeter.hex.simulator.world import World
from hexmeter.wire.httpd import Answer, Request, Response

BASE_PATH = "/api/v1"
_LOGGED = 100_000


def system_ms() -> int:
    """The system's clock in Unix milliseconds."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that came, and how it was answered: `status` is None when nothing whole was sent, `fault` its kind."""

    at_ms: int
    method: str
    path: str
    query: dict[str, str]
    status: int | None
    fault: str | None


class Simulator:
    """A world behind HTTP. `clock` gives the present in Unix milliseconds; what is due by then arrives first."""

    def __init__(
        self,
        world: World,
        *,
        rates: Rates | None = None,
        retry_after: RetryAfter = "seconds",
        faults: Iterable[Fault] = (),
        clock: Callable[[], int] = system_ms,
    ) -> None:
        self.world = world
        self.faults = Faults(faults)
        self.limiter = Limiter(rates or Rates())
        self.retry_after: RetryAfter = retry_after
        self.clock = clock
        self.requests: deque[Seen] = deque(maxlen=_LOGGED)
        self.writes_seen = 0
        """Requests to Hex that were not GET: a client that only reads leaves it at 0."""

    async def handle(self, request: Request) -> Answer:
        """Answer one request; for HttpServer."""
        now_ms = self.clock()
        self.world.advance(now_ms)
        if request.path.startswith("/_sim/"):
            return control.answer(self, request, now_ms)
        answer, fault = self._answer(request, now_ms)
        status = answer.status if isinstance(answer, Response) else None
        kind = fault.kind if fault else None
        self.requests.append(Seen(now_ms, request.method, request.path, dict(request.query), status, kind))
        if kind == "timeout":
            await misbehaviour.hang()
        return answer

    def _answer(self, request: Request, now_ms: int) -> tuple[Answer, Fault | None]:
        if request.path != BASE_PATH and not request.path.startswith(BASE_PATH + "/"):
            return _json(404, traced_error("Not found", f"No route for {request.path[:80]}")), None
        path = request.path.removeprefix(BASE_PATH)
        if request.method != "GET":
            self.writes_seen += 1
            return Response(405, dumps(error(405, "Method not supported")).encode(), headers=(("Allow", "GET"),)), None
        fault = self.faults.due(path, lambda fault: misbehaviour.replaces(fault, request.query))
        if fault:
            return misbehaviour.replacement(fault, now_ms), fault
        good, fault = self._hex(request, path, now_ms)
        cutting = self.faults.due(path, misbehaviour.cuts)
        return (misbehaviour.cut_short(cutting, good), cutting) if cutting else (good, fault)

    def _hex(self, request: Request, path: str, now_ms: int) -> tuple[Response, Fault | None]:
        try:
            caller = api.caller_of(self.world, request.headers.get("authorization"), now_ms)
            wait_ms = self.limiter.wait_ms(caller.token.text, now_ms)
            if wait_ms:
                return too_many(self.retry_after, wait_ms, now_ms), None
            document = api.answer(self.world, caller, path, request.query, now_ms)
        except HexError as refusal:
            return _json(refusal.status, refusal.document), None
        fault = self.faults.due(path, lambda fault: misbehaviour.spoils(fault, document))
        if fault:
            misbehaviour.spoil(fault, document, request.query)
        return _json(200, document), fault


def _json(status: int, document: Document) -> Response:
    return Response(status, dumps(document).encode())
