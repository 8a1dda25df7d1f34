"""Headers of a usage log: which column is which, by lenient names or as a person says."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hexmeter.core.strings import clean

REQUIRED = ("time", "user", "credits")
OPTIONAL = ("thread", "model", "source", "type", "id")
FIELDS = REQUIRED + OPTIONAL

# In the order of preference, as `_normal` writes them. Left out on purpose: amount, cost and usage, which may be money.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "time": (
        *("timestamp", "time", "date time", "datetime", "event time", "event timestamp", "used at", "occurred at"),
        *("created at", "created", "created date", "started at", "start time", "usage date", "date", "day"),
    ),
    "user": (
        *("user email", "email", "email address", "user email address", "member email", "actor email", "author email"),
        *("owner email", "user id", "userid", "user", "member", "actor", "author", "owner", "created by"),
    ),
    "credits": (
        *("credits used", "credits", "credits consumed", "credits spent", "credits charged", "credit usage"),
        *("credits usage", "usage credits", "total credits", "total credits used", "ai credits", "agent credits"),
        *("ai credits used", "agent credits used", "credit cost", "credit"),
    ),
    "thread": ("thread id", "threadid", "thread", "conversation id", "conversation"),
    "model": ("model", "model name", "model id", "llm", "llm model"),
    "source": ("source", "thread source", "origin", "surface"),
    "type": ("type", "thread type", "event type", "usage type", "feature", "kind"),
    "id": ("id", "row id", "event id", "log id", "usage id", "entry id", "record id", "uuid"),
}
_HEADERS_SHOWN = 30


class LogError(ValueError):
    """The file is no usage log that can be understood; `hint` says what to try."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Layout:
    """The table's shape: `columns` gives the index of each field found. `utc`: the time's header says it is UTC."""

    delimiter: str
    headers: tuple[str, ...]
    columns: Mapping[str, int]
    utc: bool = False

    def header_of(self, name: str) -> str:
        """The header of a field that was found."""
        return self.headers[self.columns[name]]


def layout_of(headers: Sequence[str], mapping: Mapping[str, str], delimiter: str, *, check: bool = True) -> Layout:
    """Which column is which. `mapping` names columns by field: a header, "#3" for the third, "" for none.

    Raises LogError when a needed column is not found, found twice, or not there; without `check` what is found counts.
    """
    normal = [_normal(header) for header in headers]
    columns: dict[str, int] = {}
    problems: list[str] = []
    for name in FIELDS:
        try:
            found = _named(mapping[name], headers, normal) if name in mapping else _guessed(name, headers, normal)
        except LogError as error:
            problems.append(str(error))
            continue
        if found is not None:
            columns[name] = found
        elif name in REQUIRED:
            problems.append(f"no column is the {name}")
    if problems and check:
        raise LogError("; ".join(problems), _hint(headers))
    utc = "time" in columns and normal[columns["time"]][1]
    return Layout(delimiter, tuple(headers), columns, utc)


def parse_mapping(texts: Sequence[str]) -> dict[str, str]:
    """The mapping of `--map FIELD=COLUMN` options. Raises LogError."""
    mapping: dict[str, str] = {}
    for text in texts:
        name, equals, column = text.partition("=")
        name = name.strip().lower()
        if not equals or name not in FIELDS:
            raise LogError(f"--map {clean(text, 80)!r} is not FIELD=COLUMN", f"the fields are {', '.join(FIELDS)}")
        if name in mapping:
            raise LogError(f"--map names the column of the {name} twice", "give it once")
        if not column.strip() and name in REQUIRED:
            raise LogError(f"--map {name}= names no column", f"{', '.join(REQUIRED)} are needed")
        mapping[name] = column.strip()
    return mapping


def _guessed(name: str, headers: Sequence[str], normal: Sequence[tuple[str, bool]]) -> int | None:
    for wanted in _NAMES[name]:
        found = [index for index, (header, _) in enumerate(normal) if header == wanted]
        if len(found) > 1:
            raise _twice(headers[found[0]], found, name)
        if found:
            return found[0]
    return None


def _named(column: str, headers: Sequence[str], normal: Sequence[tuple[str, bool]]) -> int | None:
    """The column that a person named; None when they say that there is none. Raises LogError."""
    if not column:
        return None
    exact = [index for index, header in enumerate(headers) if header.strip() == column]
    found = exact or [index for index, header in enumerate(normal) if header == _normal(column)]
    if len(found) > 1:
        raise _twice(column, found, "field")
    if found:
        return found[0]
    if re.fullmatch(r"#[1-9]\d{0,3}", column, re.ASCII) and int(column[1:]) <= len(headers):
        return int(column[1:]) - 1
    raise LogError(f"there is no column {clean(column, 80)!r}", "")


def _twice(header: str, found: Sequence[int], name: str) -> LogError:
    numbers = " and ".join(f"#{index + 1}" for index in found[:3])
    return LogError(f"columns {numbers} are both called {clean(header, 80)!r}: name one, --map {name}=#N", "")


def _normal(header: str) -> tuple[str, bool]:
    """A header in lower case, words apart, and whether it says that its times are UTC."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header[:200])
    words = re.findall(r"[^\W_]+", parted.casefold())
    utc = bool(words) and words[-1] in ("utc", "gmt")
    return " ".join(words[:-1] if utc else words), utc


def _hint(headers: Sequence[str]) -> str:
    shown = ", ".join(clean(header.strip(), 40) or "(empty)" for header in headers[:_HEADERS_SHOWN])
    more = f" and {len(headers) - _HEADERS_SHOWN} more" if len(headers) > _HEADERS_SHOWN else ""
    return f"name it with --map {'|'.join(REQUIRED)}=COLUMN; the columns are: {shown}{more}"
