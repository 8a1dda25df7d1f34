"""Rows of a usage log as a client sends them: checked, stored or only tried, and what becomes of them."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hexmeter.core.credits import MAX_CREDITS, MICRO, to_number
from hexmeter.core.instants import parse_iso
from hexmeter.core.logrow import LogRow
from hexmeter.core.model import UNATTRIBUTED
from hexmeter.core.strings import clean
from hexmeter.service.meters.imported import Imported
from hexmeter.store.imports import Standing
from hexmeter.store.store import Store

MOST_ROWS = 10_000
_KEY = re.compile(r"[icd][0-9a-f]{32}", re.ASCII)
_EARLIEST_MS, _LATEST_MS = parse_iso("2000-01-01"), parse_iso("2200-01-01")
_LONGEST_TEXT = 254


@dataclass(slots=True)
class _Share:
    """What rows of one user come to, and what of it counts."""

    rows: int = 0
    credits_micro: int = 0
    counts_micro: int = 0


def parse_rows(value: object) -> list[LogRow] | None:
    """The rows of a request, `[key, at_ms, user, credits_micro, thread, model, source, type]` each; None when they are
    none, or too many."""
    if not isinstance(value, list) or not 0 < len(value) <= MOST_ROWS:
        return None
    rows = [_row(item) for item in value]
    found = [row for row in rows if row is not None]
    return found if len(found) == len(rows) else None


def import_rows(
    store: Store, imported: Imported, rows: Sequence[LogRow], now_ms: int, *, dry_run: bool
) -> dict[str, Any]:
    """Store `rows`, in one transaction, unless `dry_run`; what became of them and, by user, how much counts."""
    found = store.imports.add(rows, now_ms, dry_run=dry_run)
    shares: dict[str, _Share] = defaultdict(_Share)
    for row in rows:
        share = shares[row.user]
        share.rows += 1
        share.credits_micro += row.credits_micro
        if row.at_ms < imported.counts_before(row.user):
            share.counts_micro += row.credits_micro
    return {
        "dry_run": dry_run,
        "rows": len(rows),
        **{standing.value: found[standing] for standing in Standing},
        "users": [_share(name, share) for name, share in shares.items()],
    }


def _share(name: str, share: _Share) -> dict[str, Any]:
    return {
        "user": name or UNATTRIBUTED,
        "rows": share.rows,
        "credits": to_number(share.credits_micro),
        "counts": to_number(share.counts_micro),
    }


def _row(item: object) -> LogRow | None:
    if not isinstance(item, list) or len(item) != len(LogRow._fields):
        return None
    key, at_ms, user, credits_micro, *words = item
    if (
        type(at_ms) is not int
        or type(credits_micro) is not int
        or not all(type(text) is str for text in (user, *words))
    ):
        return None
    if type(key) is not str or not _KEY.fullmatch(key) or len(user) > _LONGEST_TEXT:
        return None
    if not _EARLIEST_MS <= at_ms < _LATEST_MS or not 0 <= credits_micro <= MAX_CREDITS * MICRO:
        return None
    texts = [clean(text, _LONGEST_TEXT) for text in words]
    return LogRow(key, at_ms, clean(user, _LONGEST_TEXT), credits_micro, *texts)
