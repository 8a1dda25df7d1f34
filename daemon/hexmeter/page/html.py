"""Small pieces of HTML: tables, amounts with their bounds, and texts, which do nothing whoever wrote them."""

from collections.abc import Iterable, Sequence
from html import escape
from zlib import crc32

from hexmeter.core.credits import MICRO, format_credits
from hexmeter.core.meters import Bound
from hexmeter.core.outlooktexts import SO_LITTLE, SO_MUCH
from hexmeter.core.strings import clean

UNKNOWN = "unknown"


def text(words: object, limit: int = 120) -> str:
    """Any text as HTML that shows it on one line and does nothing."""
    return escape(clean(str(words), limit), quote=True)


def person(name: str) -> str:
    """A person's name or email, which is broken before its @ where it is too long for a line."""
    return text(name).replace("@", "<wbr>@")


def credits(amount: float | None) -> str:
    """An amount of credits for eyes: at most two decimals."""
    return UNKNOWN if amount is None else format_credits(round(amount * MICRO))


def so_much(amount: float | None, bound: str) -> str:
    """What was used, marked by its bound: `at least 3.5`. An estimate of 0 is 0."""
    none = amount == 0 and bound != Bound.AT_LEAST
    return _marked(amount, "" if none else SO_MUCH[Bound(bound)])


def so_little(amount: float | None, bound: str) -> str:
    """What is left, marked by its bound: `at most 3.5`."""
    return _marked(amount, SO_LITTLE[Bound(bound)] if amount else "")


def _marked(amount: float | None, mark: str) -> str:
    return UNKNOWN if amount is None else f"{mark}{credits(amount)}"


def anchor(kind: str, key: str) -> str:
    """An id for an element about `key` that stays the same, and does not show it."""
    return f"{kind}-{crc32(key.encode('utf-8', 'replace')):08x}"


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], kinds: Sequence[str]) -> str:
    """A table that scrolls by itself where it is too wide: `rows` are cells of HTML, of which the first is its row's
    head. The kinds of columns are "n" for figures, which are flush right, "t" for long texts, "u" for people, and ""
    for others."""
    classes = [f' class="{kind}"' if kind else "" for kind in kinds]
    head = "".join(f'<th scope="col"{kind}>{name}</th>' for name, kind in zip(heads, classes, strict=True))
    body = []
    for first, *rest in rows:
        cells = "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(rest, classes[1:], strict=True))
        body.append(f'<tr><th scope="row"{classes[0]}>{first}</th>{cells}</tr>')
    return (
        f'<div class="wide" role="group" aria-label="{caption}" tabindex="0"><table><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def figure(key: str, title: str, words: str, content: str, height: int) -> str:
    """A picture as wide as its place; `words` say what it shows."""
    return (
        f'<svg class="picture" role="img" aria-labelledby="{key}-t {key}-d" width="100%" height="{height}">'
        f'<title id="{key}-t">{text(title)}</title><desc id="{key}-d">{text(words, 400)}</desc>{content}</svg>'
    )


def details(key: str, summary: str, content: str) -> str:
    """What is shown on demand; `key` is its id."""
    return f'<details id="{key}"><summary>{summary}</summary>{content}</details>'


def more(shown: int, found: int, address: str) -> str:
    """A link to all of a list that is cut; nothing where all are shown."""
    return f'<p class="note"><a href="{text(address, 400)}">Show {found}</a></p>' if shown < found else ""


def section(name: str, title: str, content: str) -> str:
    """One section of the page under its heading."""
    return f'<section id="{name}" aria-labelledby="{name}-h"><h2 id="{name}-h">{title}</h2>{content}</section>'
