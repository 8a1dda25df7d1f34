"""Strangers' strings made harmless: names, titles, links and error texts that somebody else chose."""

import re
import unicodedata

# Control (Cc covers C0 and C1), format (Cf covers the bidi overrides and isolates), surrogates, private use,
# and the line and paragraph separators: all can move a cursor, hide text or split a log line.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


_TOKEN = re.compile(r"\bhxt[a-z]_[^\s\"']+")


def without_tokens(text: str) -> str:
    """`text` with what looks like a token of Hex's taken out, for texts in which one may have been put by mistake."""
    return _TOKEN.sub("hxt…", text)


def clean(text: str, limit: int = 300) -> str:
    """`text` on one line without control, C1 and bidi characters, cut to `limit` characters with an ellipsis."""
    if text.isascii() and text.isprintable():
        safe = text
    else:
        safe = "".join(" " if mark in "\t\n\r" else mark for mark in text if _is_safe(mark) or mark in "\t\n\r")
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"


def _is_safe(mark: str) -> bool:
    return unicodedata.category(mark) not in _UNSAFE
