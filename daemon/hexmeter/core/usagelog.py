"""Usage logs that an Admin downloads from Hex: what their columns mean, and a row's key that no second file changes.

What columns Hex writes is not published: they are found by their header, leniently, or named by a person.
"""

import csv
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hexmeter.core.logcells import CellError, Marks, Times, marks_of, read_credits
from hexmeter.core.logheaders import Layout, LogError, layout_of
from hexmeter.core.logrow import LogRow, Merge
from hexmeter.core.strings import clean

_DELIMITERS = (",", ";", "\t")
_MOST_COLUMNS = 200
_MOST_ROWS = 2_000_000
_LONGEST_USER = 254
_LONGEST_WORD = 200
_LONGEST_ID = 1_000


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is left out: the line it begins on, and what is wrong."""

    line: int
    problem: str


@dataclass(frozen=True, slots=True)
class UsageLog:
    """A file as it was understood. `repeated` rows had an id that came before with the same content."""

    layout: Layout
    marks: Marks
    rows: tuple[LogRow, ...]
    bad: tuple[BadRow, ...]
    repeated: int = 0


def decode(data: bytes) -> str:
    """The text of a file's bytes. Raises LogError when it is no UTF-8 text."""
    if data.startswith(b"PK\x03\x04"):
        raise LogError("it is a workbook or an archive, not a CSV file", "save the sheet as CSV (UTF-8), or unpack it")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise LogError("it is UTF-16, not UTF-8", "save it as CSV (UTF-8)")
    if (nul := data.find(b"\0")) >= 0:
        raise LogError(
            f"it is no text: line {data.count(10, 0, nul) + 1} holds a NUL", "is it the downloaded CSV file?"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LogError(f"line {line} is not UTF-8", "save it as CSV (UTF-8)") from None
    return text if "\n" in text else text.replace("\r", "\n")


def understand(text: str, mapping: Mapping[str, str], zone: ZoneInfo) -> UsageLog:
    """What the text of a log says. `mapping` names columns, by field; times without a zone are of `zone`.

    Raises LogError when it is no table, or needed columns are not found; a bad row is left out, with its reason.
    """
    delimiter = _delimiter_of(text, mapping)
    records = _records(text, delimiter)
    line, header = next(records, (0, []))
    if not header:
        raise LogError("it is empty", "is it the downloaded CSV file?")
    if len(header) > _MOST_COLUMNS:
        raise LogError(f"line {line} has {len(header)} columns", f"a usage log has at most {_MOST_COLUMNS}")
    layout = layout_of(header, mapping, delimiter)
    table = list(records)
    at = layout.columns["credits"]
    marks = marks_of(cells[at] for _, cells in table if len(cells) > at)
    reader = _Reader(layout, marks, ZoneInfo("UTC") if layout.utc else zone)
    for line, cells in table:
        reader.read(line, cells)
    rows = _keyed(reader.rows)
    return UsageLog(layout, marks, tuple(rows), tuple(reader.bad), reader.repeated)


class _Read(NamedTuple):
    """A row with what its key is made of: `said` is everything but an amount of a day."""

    row: LogRow
    merge: str
    said: str


class _Reader:
    """Reads the rows of one log, one after another."""

    def __init__(self, layout: Layout, marks: Marks, zone: ZoneInfo) -> None:
        self._layout = layout
        self._marks = marks
        self._times = Times(zone)
        self._width = len(layout.headers)
        # A column that is not there is one behind the last, which `_filled` leaves empty.
        self._time, self._user, self._credits, self._id, *self._named = (
            layout.columns.get(name, self._width)
            for name in ("time", "user", "credits", "id", "thread", "model", "source", "type")
        )
        self._words: dict[str, str] = {}
        self._users: dict[str, str] = {}
        self._ids: dict[str, tuple[int, LogRow]] = {}
        self.rows: list[_Read] = []
        self.bad: list[BadRow] = []
        self.repeated = 0

    def read(self, line: int, cells: Sequence[str]) -> None:
        """Note what one row says, or what is wrong with it."""
        if not "".join(cells).strip():
            return
        try:
            found = self._understood(cells)
        except CellError as error:
            self.bad.append(BadRow(line, str(error)))
            return
        if found.merge == Merge.BY_ID and self._came_before(line, found):
            self.repeated += 1
            return
        self.rows.append(found)

    def _understood(self, cells: Sequence[str]) -> _Read:
        cells = self._filled(cells)
        moment = self._times.read(cells[self._time])
        micro = read_credits(cells[self._credits], self._marks)
        user = self._whose(cells[self._user])
        words = [self._word(cells[at]) for at in self._named]
        row = LogRow("", moment.at_ms, user, micro, *words)
        if own_id := cells[self._id].strip():
            return _Read(row, Merge.BY_ID, own_id[:_LONGEST_ID])
        said = "\x1f".join((moment.said, user, *words))
        if moment.whole_day:
            return _Read(row, Merge.BY_DAY, said)
        return _Read(row, Merge.BY_CONTENT, f"{said}\x1f{micro}")

    def _filled(self, cells: Sequence[str]) -> Sequence[str]:
        """The cells of all columns, and an empty one behind them. Raises CellError where there are more."""
        if "".join(cells[self._width :]).strip():
            raise CellError(f"it has {len(cells)} cells, the header {self._width}")
        return [*cells[: self._width], *[""] * (max(0, self._width - len(cells)) + 1)]

    def _whose(self, cell: str) -> str:
        if cell not in self._users:
            self._users[cell] = _user(cell)
        return self._users[cell]

    def _word(self, cell: str) -> str:
        # A column of words has few different ones.
        if cell not in self._words:
            self._words[cell] = clean(cell.strip(), _LONGEST_WORD)
        return self._words[cell]

    def _came_before(self, line: int, found: _Read) -> bool:
        """Whether the row's id came before, with the same content. Raises LogError when the content is another."""
        first_line, first = self._ids.setdefault(found.said, (line, found.row))
        if first != found.row:
            header = clean(self._layout.header_of("id"), 80)
            raise LogError(
                f"the column {header!r} is no id of the row: lines {first_line} and {line} share one and differ",
                "name the column that is with --map id=COLUMN, or say that there is none with --map id=",
            )
        return first_line != line


def _keyed(found: Sequence[_Read]) -> Iterator[LogRow]:
    """The rows with their keys. Equal rows are told apart by their ordinal, rows of one day by that of their amount."""
    by_day: dict[str, list[_Read]] = defaultdict(list)
    ordinals: dict[str, int] = {}
    for read in found:
        if read.merge == Merge.BY_DAY:
            by_day[read.said].append(read)
            continue
        if read.merge == Merge.BY_ID:
            yield _with_key(read, 0)
            continue
        ordinal = ordinals.get(read.said, 0)
        ordinals[read.said] = ordinal + 1
        yield _with_key(read, ordinal)
    for reads in by_day.values():
        # Dearest first: when the day goes on, the n-th dearest row can only become dearer.
        for ordinal, read in enumerate(sorted(reads, key=lambda read: -read.row.credits_micro)):
            yield _with_key(read, ordinal)


def _with_key(read: _Read, ordinal: int) -> LogRow:
    digest = hashlib.sha256(f"{ordinal}\x1f{read.said}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return read.row._replace(key=read.merge + digest)


def _user(cell: str) -> str:
    """Whose a row is: the email of "Ed <ed@acme.test>", or what the cell says. Raises CellError when it is too long."""
    text = clean(cell.strip(), _LONGEST_USER + 1)
    if len(text) > _LONGEST_USER:
        raise CellError("its user is longer than an email can be")
    if "@" not in text:
        return text
    if text.endswith(">") and "<" in text:
        text = text[text.rindex("<") + 1 : -1].strip()
    return text.lower()


def _delimiter_of(text: str, mapping: Mapping[str, str]) -> str:
    """What separates the cells: that by which the header makes most sense."""
    return max(_DELIMITERS, key=lambda delimiter: _sense(text, delimiter, mapping))


def _sense(text: str, delimiter: str, mapping: Mapping[str, str]) -> tuple[int, int]:
    try:
        _, header = next(_records(text, delimiter), (0, []))
        return len(layout_of(header, mapping, delimiter, check=False).columns), len(header)
    except LogError:
        return -1, 0


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The records of the table that are not empty, each with the line it begins on. Raises LogError."""
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    line, count = 1, 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise LogError(
                f"line {line} is no row of a table: {clean(str(error), 100)}", "is it the downloaded CSV file?"
            ) from None
        if cells is None:
            return
        if cells:
            count += 1
            if count > _MOST_ROWS + 1:
                raise LogError(f"it has more than {_MOST_ROWS} rows", "cut it in parts; they may overlap")
            yield line, cells
        line = reader.line_num + 1


def _lines(text: str) -> Iterator[str]:
    # Not splitlines, which also breaks at characters that a quoted cell may hold; a lone \r ends a line for csv itself.
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start : end + 1]
        start = end + 1
    if start < len(text):
        yield text[start:]
