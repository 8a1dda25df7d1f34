"""A row of the local API's table of routes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from hexmeter.service.daemon import Daemon
from hexmeter.service.dashboard.listener import Dashboard
from hexmeter.wire.httpd import Request, Response, Stream


class Serving(Protocol):
    """Who answers: it has the daemon."""

    @property
    def daemon(self) -> Daemon:
        """The daemon whose verbs these are."""
        ...

    @property
    def dashboard(self) -> Dashboard | None:
        """The dashboard that is opened for people; None where there is none."""
        ...


Verbs = TypeVar("Verbs", contravariant=True)


@dataclass(frozen=True, slots=True)
class Route(Generic[Verbs]):
    """One endpoint: the method and path, what it does, and the function that answers."""

    method: str
    path: str
    help: str
    answer: Callable[[Verbs, Request], Awaitable[dict[str, Any] | Stream | Response]]
