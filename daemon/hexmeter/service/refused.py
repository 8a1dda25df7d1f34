"""A verb of the local API that cannot be done."""

from hexmeter.wire.shapes import Failure


class Refused(Exception):
    """`failure` is the API's answer."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def bad(message: str, hint: str) -> Refused:
    """A request that is wrong: what is, and what is allowed."""
    return Refused(Failure("bad_request", message, hint, 2))
