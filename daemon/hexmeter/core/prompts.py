"""Prompts: which blocks of a thread are a user's messages, whose prompt an increase was, and what each one cost.

Hex tells a running total per thread and, apart from it, what was said; neither says which message cost what.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from hexmeter.core.ledger import Basis, Usage

_LOOKED_AT = 200

# The role stands at the very beginning. After it comes what closes its brackets or its emphasis, a colon, or the end
# of the line: anything else is a sentence that begins with the word.
_USER = re.compile(
    r"""[\s#>*_|\[({<"'`\ufeff\u200b]*
        (?:(?:b|strong)>)?
        (?:role\s*[:=]\s*)?
        (?:user|human)
        (?:[ ](?:message|prompt|query|turn))?
        (?:[ ]?\([^()\n]{0,80}\))?
        (?: [*_"'`]* [ \t]* [\])}>|:：] | [*_]{2} | </(?:b|strong)> | [ \t]* (?:[\r\n]|$) )""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place in a thread's messages from which to count on: Hex's cursor, and the user's messages before it."""

    cursor: str
    messages: int


@dataclass(frozen=True, slots=True)
class Count:
    """The user's messages in a thread, all of them; `anchor` is where the next count may begin (None: at the end)."""

    messages: int
    anchor: Anchor | None = None


@dataclass(frozen=True, slots=True)
class Attributed:
    """An increase with its prompts, and the messages of its thread that are accounted for since (None: not known)."""

    row: Usage
    messages: int | None


@dataclass(frozen=True, slots=True)
class Spending:
    """What belongs together in one thread: the row of one or more prompts (None: how many is not known) and those that
    followed without a new message, or were taken back and restored in its interval."""

    prompts: int | None
    rows: tuple[Usage, ...]

    @property
    def at_ms(self) -> int:
        """When it was seen first."""
        return self.rows[0].at_ms

    @property
    def spent_ms(self) -> int:
        """The last instant at which its first row can have been spent, which tells the period it counts in."""
        first = self.rows[0]
        return first.at_ms - (first.after_ms < first.at_ms)

    @property
    def credits_micro(self) -> int:
        """What it cost in all."""
        return sum(row.credits_micro for row in self.rows)


def is_user_message(block: str) -> bool:
    """Whether a text block of `GET /threads/{id}/messages` is a user's message.

    Hex says that each block begins with its author's role, and that thinking and error blocks are tagged, but not in
    which form: so case, brackets, emphasis, a colon or a line break are all taken for one.
    """
    return _USER.match(block[:_LOOKED_AT]) is not None


def count_user_messages(blocks: Iterable[str]) -> int:
    """How many of the text blocks are a user's messages."""
    return sum(map(is_user_message, blocks))


def attributed(row: Usage, before: int | None, counted: int | None) -> Attributed:
    """The increase `row` with its prompts.

    `before`: the user's messages that earlier rows of the thread account for (None: not known). `counted`: those there
    are now (None, or none at all: they could not be read). `counted` was read after the figure, so a message whose
    cost is not in it yet counts here already, and the growth that follows belongs to it.
    """
    if row.prompts is None:
        # So long an interval holds messages that stay without a row, so the count has to begin anew.
        return Attributed(row, None)
    if not counted:
        # One prompt per increase; it accounts for one message, or the next count would count that again.
        return Attributed(row, None if before is None else before + row.prompts)
    if before is None:
        return Attributed(row, counted)
    new = max(0, counted - before)
    return Attributed(replace(row, prompts=new, basis=Basis.SHARED if new > 1 else Basis.MESSAGES), counted)


def spendings(rows: Sequence[Usage]) -> list[Spending]:
    """All usage of one thread, in the order it was stored, as what its prompts cost; no row is left out."""
    groups: list[list[Usage]] = []
    by_interval: dict[tuple[int, int], list[Usage]] = {}
    for row in rows:
        interval = row.after_ms, row.at_ms
        moved = row.basis in (Basis.FALL, Basis.RESTORED)
        group = by_interval.get(interval) if moved else groups[-1] if row.prompts == 0 and groups else None
        if group is None:
            group = []
            groups.append(group)
        group.append(row)
        if not moved:
            by_interval[interval] = group
    # A group that begins with nothing but a follow-up belongs to a prompt from before the ledger.
    return [Spending(group[0].prompts or None, tuple(group)) for group in groups]


def even_parts(credits_micro: int, count: int) -> list[int]:
    """`credits_micro` in `count` parts as equal as can be, that sum exactly."""
    return [credits_micro * (number + 1) // count - credits_micro * number // count for number in range(count)]


def costs(spent: Iterable[Spending]) -> list[int]:
    """What each known prompt cost in micro-credits; what was refunded whole is no prompt any more."""
    return [
        part
        for spending in spent
        if spending.prompts and spending.credits_micro > 0
        for part in even_parts(spending.credits_micro, spending.prompts)
    ]
