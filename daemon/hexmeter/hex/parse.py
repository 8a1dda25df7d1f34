"""Hex's JSON as our types: unknown fields and words in stride, an ill-typed item left out with a warning."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from hexmeter.core.model import Identity, Person, Thread
from hexmeter.core.prompts import count_user_messages
from hexmeter.core.strings import clean
from hexmeter.hex.errors import BadAnswer
from hexmeter.hex.fields import Unusable, maybe_id, maybe_instant, read_credits, read_id, read_instant, read_text

_LONGEST_WORDS = 10_000
_LONGEST_CURSOR = 4_000
_MOST_TOPICS, _LONGEST_TOPIC = 20, 100

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a listing: what could be used, a warning for each item that could not, the cursor to the next page
    (None: this is the last), and `size`, the number of items Hex sent. `left_out`: whose the unusable items are, by id
    (None: nobody's, or that is not known), where an id can be read."""

    items: tuple[Item, ...]
    warnings: tuple[str, ...]
    next_cursor: str | None
    size: int
    left_out: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class MessagesPage:
    """How many of a page's text blocks are a user's messages, and the cursors to what is older and newer (None: there
    is nothing). What was said is not kept."""

    user_messages: int
    older: str | None
    newer: str | None


def identity(document: Any) -> Identity:
    """`GET /users/me`: a person with a personal token, only the organisation with a workspace token."""
    if not isinstance(document, dict) or not isinstance(document.get("org"), dict):
        raise BadAnswer("Hex's answer about the token names no organisation")
    try:
        org_id = read_id(document["org"], "id")
        who = person(document) if document.get("id") is not None else None
    except Unusable as error:
        raise BadAnswer(f"Hex's answer about the token cannot be used: {error}") from None
    token = document.get("token")
    expires_s = token.get("exp") if isinstance(token, dict) else None
    return Identity(org_id, who, _expiry(expires_s))


def people_page(document: Any) -> Page[Person]:
    """`GET /users`."""
    return read_page(document, "values", person, "user")


def threads_page(document: Any) -> Page[Thread]:
    """`GET /threads`."""
    return read_page(document, "threads", thread, "thread")


def single_thread(document: Any) -> Thread:
    """`GET /threads/{id}`, which calls the id `threadId`."""
    if not isinstance(document, dict):
        raise BadAnswer("Hex's answer about a thread is not an object")
    try:
        return thread({**document, "id": document.get("threadId", document.get("id"))})
    except Unusable as error:
        raise BadAnswer(f"Hex's answer about a thread cannot be used: {error}") from None


def messages_page(document: Any) -> MessagesPage:
    """`GET /threads/{id}/messages`, counted. One block that cannot be read makes the count unknown, so it is an error;
    its message quotes nothing of what was said."""
    content = document.get("content") if isinstance(document, dict) else None
    if not isinstance(content, list):
        raise BadAnswer("Hex's answer about a thread's messages has no list named content")
    texts: list[str] = []
    for block in content:
        if not isinstance(block, dict) or not isinstance(block.get("type"), str):
            raise BadAnswer("Hex's answer about a thread's messages has a block without a type")
        if block["type"] == "text":
            if not isinstance(block.get("text"), str):
                raise BadAnswer("Hex's answer about a thread's messages has a text block without a text")
            texts.append(block["text"])
    return MessagesPage(count_user_messages(texts), _cursor(document, "before"), _cursor(document, "after"))


def person(item: dict[str, Any]) -> Person:
    """One user."""
    email = read_text(item, "email")
    return Person(
        id=read_id(item, "id"),
        email=email.lower() if email else None,
        name=read_text(item, "name"),
        role=read_text(item, "role"),
        last_login_ms=maybe_instant(item, "lastLoginDate"),
    )


def thread(item: dict[str, Any]) -> Thread:
    """One thread. A sensitive one keeps no title and no topics; where Hex does not clearly say, it is taken to be."""
    sensitive = item.get("sensitive", False) is not False
    user_id = None if item.get("userId") is None else read_id(item, "userId")
    return Thread(
        id=read_id(item, "id"),
        user_id=user_id,
        created_ms=read_instant(item, "createdAt"),
        credits_micro=read_credits(item, "creditsUsed"),
        model=read_text(item, "model"),
        type=read_text(item, "type"),
        source=read_text(item, "source"),
        title=None if sensitive else read_text(item, "title"),
        sensitive=sensitive,
        url=read_text(item, "url"),
        topics=() if sensitive else _topics(item.get("topics")),
    )


def _topics(value: Any) -> tuple[str, ...]:
    """The names of a thread's topics, each once; whatever is none is left out, for no credits depend on it."""
    items = value if isinstance(value, list) else []
    names = [item.get("name") if isinstance(item, dict) else item for item in items[:_MOST_TOPICS]]
    return tuple(dict.fromkeys(clean(name, _LONGEST_TOPIC) for name in names if isinstance(name, str) and name))


def error_words(document: Any) -> str:
    """Hex's own words in an error answer, `{message, code, issues}` or `{reason, details, traceId}`; "" for none.

    They may be long: whoever shows them cuts them.
    """
    if not isinstance(document, dict):
        return ""
    words = [document.get(name) for name in ("message", "reason", "details")]
    issues = document.get("issues")
    if isinstance(issues, list):
        words += [issue.get("message") for issue in issues[:3] if isinstance(issue, dict)]
    said = ": ".join(word for word in words if isinstance(word, str) and word)
    trace = document.get("traceId")
    return clean(f"{said} (trace {trace})" if isinstance(trace, str) else said, _LONGEST_WORDS)


def read_page(document: Any, name: str, read: Callable[[dict[str, Any]], Item], noun: str) -> Page[Item]:
    """The list `name` of a page, each item read by `read`; one that cannot be used is left out with a warning."""
    items = document.get(name) if isinstance(document, dict) else None
    if not isinstance(items, list):
        raise BadAnswer(f"Hex's list of {noun}s has no list named {name}")
    usable: list[Item] = []
    warnings: list[str] = []
    left_out: dict[str, str | None] = {}
    for item in items:
        try:
            if not isinstance(item, dict):
                raise Unusable("it is not an object")
            usable.append(read(item))
        except Unusable as error:
            shown = item.get("id", item.get("runId")) if isinstance(item, dict) else None
            warnings.append(f"left out {noun} {clean(str(shown), 60)}: {error}")
            if isinstance(item, dict) and (item_id := maybe_id(item, "id")) is not None:
                left_out[item_id] = maybe_id(item, "userId")
    return Page(tuple(usable), tuple(warnings), _cursor(document), len(items), left_out)


def _cursor(document: dict[str, Any], name: str = "after") -> str | None:
    pagination = document.get("pagination")
    cursor = pagination.get(name) if isinstance(pagination, dict) else None
    if cursor is None:
        return None
    if not isinstance(cursor, str) or len(cursor) > _LONGEST_CURSOR or clean(cursor, _LONGEST_CURSOR) != cursor:
        raise BadAnswer("Hex's listing has a cursor that is not a text we can send back")
    return cursor or None


def _expiry(expires_s: Any) -> int | None:
    """The milliseconds of a token's `exp`; None where it is no time. Not a number compares with nothing."""
    if isinstance(expires_s, bool) or not isinstance(expires_s, int | Decimal) or not Decimal(expires_s).is_finite():
        return None
    return int(expires_s * 1000) if 0 < expires_s < 2**40 else None
