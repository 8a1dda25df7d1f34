"""Retention: what is old needs no more than a row for each thread and day."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from hexmeter.core.ledger import Basis, Usage
from hexmeter.core.periods import first_instant, local_day


@dataclass(frozen=True, slots=True)
class Compaction:
    """What becomes of a thread's rows, by their ids: those to change, and those to remove."""

    changed: Mapping[int, Usage]
    removed: Sequence[int]


def compact(rows: Mapping[int, Usage], before_ms: int, zone: ZoneInfo) -> Compaction:
    """Merge a thread's `rows`, by id, that ended up to `before_ms` (a midnight): one for each local day of `zone`.

    All sums over whole days stay as they are, and so does what falls took and growth may put back: where something is
    still taken back, a second row of that day says so. Rows across a midnight stay, for what each day had of
    them is an estimate, and backfill, whose rows are points. A day with increases of which one's prompts are not known
    has `prompts` None.
    """
    days: dict[date, list[tuple[int, Usage]]] = defaultdict(list)
    for id, row in rows.items():
        day = _day_within(row, before_ms, zone)
        if day is not None:
            days[day].append((id, row))
    changed: dict[int, Usage] = {}
    removed: list[int] = []
    for of_day in days.values():
        given = [(id, row) for id, row in of_day if row.basis not in (Basis.FALL, Basis.RESTORED)]
        moves = [(id, row) for id, row in of_day if row.basis in (Basis.FALL, Basis.RESTORED)]
        if not given:
            continue
        whole = _merged([row for _, row in given])
        taken_micro = sum(row.credits_micro for _, row in moves)
        keep = {max(id for id, _ in given): whole}
        if taken_micro:
            last = max(moves)[1]
            interval = replace(last, after_ms=whole.after_ms, at_ms=whole.at_ms)
            keep[max(id for id, _ in moves)] = replace(
                interval, credits_micro=taken_micro, basis=Basis.FALL if taken_micro < 0 else Basis.RESTORED
            )
        changed.update((id, row) for id, row in keep.items() if rows[id] != row)
        removed += [id for id, _ in of_day if id not in keep]
    return Compaction(changed, removed)


def _day_within(row: Usage, before_ms: int, zone: ZoneInfo) -> date | None:
    """The local day that holds all of a row which is old enough; None where there is none."""
    if row.at_ms > before_ms or row.after_ms == row.at_ms:
        return None
    day = local_day(row.at_ms - 1, zone)
    return day if row.after_ms >= first_instant(day, zone) else None


def _merged(given: Sequence[Usage]) -> Usage:
    """One row for the increases of a day."""
    prompts = [row.prompts for row in given]
    known = None if None in prompts else sum(count or 0 for count in prompts)
    bases = {row.basis for row in given}
    # What each of several prompts cost is not known any more.
    basis = bases.pop() if len(bases) == 1 and (len(given) == 1 or known is None) else _basis_of(known)
    return Usage(
        given[0].thread_id,
        min(row.after_ms for row in given),
        max(row.at_ms for row in given),
        sum(row.credits_micro for row in given),
        known,
        basis,
        max(row.seen_ms for row in given),
    )


def _basis_of(prompts: int | None) -> Basis:
    return Basis.DELTA if prompts is None or prompts <= 1 else Basis.SHARED
