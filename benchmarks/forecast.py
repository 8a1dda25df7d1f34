"""How well Hexmeter foretells a month, beside simpler ways, on made-up people and pools. One table, deterministic.

Run: .venv/bin/python benchmarks/forecast.py [--quick] [--seed N]   (a minute; tuned on seeds 1 to 99 and 314)
"""

import argparse
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from forecast_measures import (  # beside this file
    Month,
    cover,
    detection,
    error_at,
    last_useful,
    left_after,
    median,
    pinball,
    reliability,
    shipped,
    times_of,
)
from forecast_oracle import Oracle
from forecast_people import ADD_ONS, PEOPLE, POOLS, Case, cases
from forecast_rivals import RIVALS, Guess

from hexmeter.forecast import forecast

REPORTING_SEED = 20261122
GROUPS = {"single users": PEOPLE, "pools": POOLS, "add-on pools": ADD_ONS}
OURS, SEATLESS, ORACLE = "Hexmeter", "Hexmeter, seats not given", "oracle: knows the chances"
COUNTS = {"pool of 50": 0.5, "pool of 500": 0.4, "add-on of 60": 0.4}
"""How many cases of a dear cohort for one of the others."""


Said = tuple[Guess, bool, float | None]
"""A guess, whether it alerts, and when it expects the end."""


def hexmeter(request: Mapping[str, Any]) -> Said:
    """Ours; what nobody is shown has no score."""
    answer = forecast(request)
    score = answer["probability"] if answer["unknown"] is None else float("-inf")
    guess = Guess(answer["expected_total"], answer["low"], answer["high"], score)
    return guess, answer["alert"], answer["exhaust_at"]


def asker(case: Case, name: str) -> Callable[[float, bool], Said]:
    """What a method says of a case at a time, while an alert stands or not; only ours ships a threshold."""
    if name == ORACLE:
        oracle = Oracle(case)
        return lambda now, alert: (oracle.guess(now), False, None)
    if name in RIVALS:
        return lambda now, alert: (RIVALS[name](case.request(now)), False, None)
    return lambda now, alert: hexmeter(case.request(now, alert_active=alert, with_seats=name == OURS))


def month_of(case: Case, name: str) -> Month:
    """One method, asked all through the last month of a case."""
    ask = asker(case, name)
    crossed, useful = case.crossed_at, last_useful(case)
    ended = case.hard_stop and crossed is not None
    month = Month(case.cohort, max(case.limit, 1e-9), case.total, crossed is not None, ended)
    alert = False
    for at, is_mark in times_of(case):
        guess, now_alert, exhaust_at = ask(at, alert)
        if is_mark:
            month.marks.append((left_after(case, at), guess))
        if crossed is not None and at >= crossed:
            continue
        if is_mark and crossed is not None and exhaust_at is not None:
            month.exhaust_errors.append(abs(exhaust_at - crossed) / 3600)
        month.highest = max(month.highest, guess.score)
        if guess.score >= 0:
            month.chances.append(guess.score)
        month.alerted |= now_alert
        month.rises += now_alert and not alert
        if useful is not None and at <= useful:
            month.best_ahead = max(month.best_ahead, guess.score)
            month.alerted_ahead |= now_alert
        alert = now_alert
    return month


def months_of(task: tuple[str, int, int]) -> list[tuple[str, Month]]:
    """All methods on all cases of a cohort."""
    cohort, count, seed = task
    names = [OURS, *([SEATLESS] if cohort in ADD_ONS else []), *RIVALS, ORACLE]
    return [(name, month_of(case, name)) for case in cases(cohort, count, seed) for name in names]


def rows(found: Mapping[str, Sequence[Month]]) -> Iterator[str]:
    """Every method against the run rate: errors and pinball loss as a share of its own."""
    for group, cohorts in GROUPS.items():
        base = [month for month in found["run rate"] if month.cohort in cohorts]
        crossed = sum(month.crossed for month in base) / len(base)
        yield f"\n{group}: {len(base)} months, {crossed:.0%} of them reach the limit"
        yield f"{'':28}{'error at 25/50/75 %':>21}{'pinball':>9}{'detected':>10}{'as shipped, false':>19}{'cover':>7}"
        for name in (OURS, SEATLESS, *RIVALS, ORACLE):
            months = [month for month in found[name] if month.cohort in cohorts]
            if not months:
                continue
            errors = " ".join(f"{error_at(months, mark) / error_at(base, mark):6.2f}" for mark in range(3))
            loss = losses(months) / losses(base)
            caught, threshold = detection(months)
            alone, false = shipped(months)
            ours = name in (OURS, SEATLESS)
            yield (
                f"{name:28}{errors:>21}{loss:9.2f}{caught:10.0%}"
                + (f"{alone:11.0%}, {false:5.0%}{cover(months):8.0%}   at P ≥ {threshold:.2f}" if ours else "")
            )


def cohort_rows(found: Mapping[str, Sequence[Month]]) -> Iterator[str]:
    """Ours by cohort, detection beside the run rate's and the oracle's, each with a threshold of the cohort's own."""
    heads = f"{'months':>7}{'error at 50 %':>15}{'pinball':>9}{'cover':>7}{'detected':>10}{'run rate':>10}{'oracle':>8}"
    yield f"\n{'by cohort':16}{heads}{'flaps':>7}"
    for cohort in chain(*GROUPS.values()):
        mine, base, best = (
            [month for month in found[name] if month.cohort == cohort] for name in (OURS, "run rate", ORACLE)
        )
        error = error_at(mine, 1) / max(error_at(base, 1), 1e-9)
        yield (
            f"{cohort:16}{len(mine):7}{error:15.2f}{losses(mine) / losses(base):9.2f}{cover(mine):7.0%}"
            f"{detection(mine)[0]:10.0%}{detection(base)[0]:10.0%}{detection(best)[0]:8.0%}{flaps(mine):7.3f}"
        )


def reliability_rows(found: Mapping[str, Sequence[Month]]) -> Iterator[str]:
    """Of all moments with a probability of 0 to 10 %, 10 to 20 %, …: the share after which the limit was reached."""
    heads = "".join(f"{f'{tenth * 10}-{tenth * 10 + 10}%':>8}" for tenth in range(10))
    yield f"\n{'came true of':16}{heads}"
    for group, cohorts in GROUPS.items():
        tenths = reliability([month for month in found[OURS] if month.cohort in cohorts])
        yield f"{group:16}" + "".join(f"{share:8.0%}" for share in tenths)


def losses(months: Sequence[Month]) -> float:
    """The mean pinball loss."""
    return sum(sum(pinball(month)) for month in months) / len(months)


def flaps(months: Sequence[Month]) -> float:
    """How often in a month the alert rises again."""
    return sum(max(0, month.rises - 1) for month in months) / len(months)


def whole_row(found: Mapping[str, Sequence[Month]]) -> str:
    """What is asked of us over all cohorts together."""
    mine, base = found[OURS], found["run rate"]
    hours = median([hours for month in mine for hours in month.exhaust_errors])
    return (
        f"\nover all {len(mine)} months: error at mid-month {error_at(mine, 1) / error_at(base, 1):.2f}, "
        f"pinball {losses(mine) / losses(base):.2f}, cover {cover(mine):.0%}, flaps {flaps(mine):.3f} a month, "
        f"exhaustion off by {hours:.0f} h (median)"
    )


def speed_row() -> str:
    """Milliseconds a call of a single user's month at its middle, for little and for much history."""
    parts = []
    for cohort in ("steady", "pool of 500"):
        case = next(cases(cohort, 1, 1))
        start, end = case.periods[-1]
        request = case.request((start + end) / 2)
        runs = []
        for _ in range(60):
            began = time.process_time()
            forecast(request)
            runs.append((time.process_time() - began) * 1000)
        parts.append(f"{median(runs):.2f} ms with {len(request['events'])} events")
    return "a call takes " + ", ".join(parts)


def main() -> None:
    """Make the cases, ask everybody, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two fifths of the cases")
    parser.add_argument("--seed", type=int, default=REPORTING_SEED)
    options = parser.parse_args()
    each = 24 if options.quick else 60
    os.nice(10)
    tasks = []
    for cohort in chain(*GROUPS.values()):
        count = max(2, round(each * COUNTS.get(cohort, 1)))
        # In pieces, the dear ones small, so that two processes end together.
        size = 2 if cohort in COUNTS else 12
        tasks += [(cohort, min(size, count - first), options.seed * 1000 + first) for first in range(0, count, size)]
    found: dict[str, list[Month]] = {name: [] for name in (OURS, SEATLESS, *RIVALS, ORACLE)}
    with multiprocessing.Pool(2) as pool:
        for part in pool.imap(months_of, tasks[::-1]):
            for name, month in part:
                found[name].append(month)
    print(
        f"seed {options.seed}; errors and pinball loss as a share of the run rate's (a point: its range has no width)"
    )
    print(
        "detected: of the limits reached, those warned of a working day ahead, at the threshold that gives each method"
    )
    print("one false alarm in 12 months; as shipped: with our own alert instead, and its false alarms a month")
    print(*rows(found), *cohort_rows(found), *reliability_rows(found), whole_row(found), speed_row(), sep="\n")


if __name__ == "__main__":
    main()
