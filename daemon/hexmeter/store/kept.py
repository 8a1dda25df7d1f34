"""What was worked out of the database, kept until something is stored: who asks again waits less."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar, TypeVarTuple

Given = TypeVarTuple("Given")
Read = TypeVar("Read")


class Kept:
    """Answers by what was asked. What is asked must not depend on the time, but for what it is given."""

    def __init__(self, revision: Callable[[], int]) -> None:
        self._revision = revision
        self._read_at = -1
        self._answers: dict[Hashable, Any] = {}

    def ask(self, read: Callable[[*Given], Read], *given: *Given) -> Read:
        """What `read` answers to `given`, which can be hashed. It is everybody's: to be read, and not changed."""
        if self._read_at != self._revision():
            self._read_at, self._answers = self._revision(), {}
        asked = read, given
        if asked not in self._answers:
            self._answers[asked] = read(*given)
        answer: Read = self._answers[asked]
        return answer
