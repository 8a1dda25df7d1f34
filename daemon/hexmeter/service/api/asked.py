"""What a request of the local API asks for, checked; each raises Refused."""

import json
from decimal import Decimal
from typing import Any

from hexmeter.service.refused import bad
from hexmeter.wire.httpd import Request


def body_of(request: Request) -> dict[str, Any]:
    """The JSON object that was sent."""
    try:
        body = json.loads(request.body or b"{}", parse_float=Decimal)
        # A lone surrogate is no text: neither the database nor an answer can hold it.
        json.dumps(body, ensure_ascii=False, default=str).encode("utf-8")
    except (ValueError, ArithmeticError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise bad("the body is not a JSON object", "send an object")
    return body


def texts(body: dict[str, Any], name: str) -> list[str]:
    """A list of texts that is not empty."""
    found = body.get(name)
    if not isinstance(found, list) or not found or not all(isinstance(text, str) for text in found):
        raise bad(f"{name} is not a list of texts", "name at least one")
    return found


def text(body: dict[str, Any], name: str, example: str) -> str:
    """A text that is not empty."""
    found = body.get(name)
    if not isinstance(found, str) or not found.strip():
        raise bad(f"{name} is not a text", f"{name}: {example}")
    return found


def number(body: dict[str, Any], name: str) -> int:
    """The number of something, from 1 on."""
    found = body.get(name)
    if type(found) is not int or not 0 < found < 2**63:
        raise bad(f"{name} is not a number", "give an alert's number, such as 7: hexmeter alerts lists them")
    return found
