"""A report's document as one short message: what was used and by whom, what is to come, what to mend. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.core import audittexts, outlookwords
from hexmeter.core.instants import parse_iso
from hexmeter.core.outlooktexts import SO_LITTLE, SO_MUCH
from hexmeter.core.outlooktexts import day as day_text
from hexmeter.core.reportpage import credits_text, lead, marked, window
from hexmeter.core.texts import Text

_WHO, _METERS = 3, 5


def report_text(document: Mapping[str, Any], audit: Mapping[str, Any], zone: ZoneInfo, whole: str) -> Text:
    """The message of a document of `GET /v1/report`, with the findings of one of `GET /v1/audit`; one fact a line.

    `whole` is the command that shows all of it.
    """
    lines = [
        " ".join(lead(document)),
        *_who(document["users"]),
        *_dearest(document["prompts"], zone),
        *_outlooks(document["meters"], parse_iso(document["as_of"]), zone),
        *_findings(audit),
        f"The whole: {whole}",
    ]
    return Text(f"Hex credits, {window(document, zone)}", "\n".join(lines), "info")


def _who(users: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    used = [row for row in users if row["credits"]]
    if len(used) > 1:
        named = ", ".join(f"{row['user']} ({marked(SO_MUCH, row['credits'], row['bound'])})" for row in used[:_WHO])
        yield f"Most by {named}{f' and {len(used) - _WHO} more' if len(used) > _WHO else ''}."


def _dearest(prompts: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> Iterable[str]:
    # Without its title, for a channel may be read by many.
    for row in prompts[:1]:
        cost = marked(SO_MUCH, row["credits"], row["bound"])
        yield f"Dearest prompt: {cost}, by {row['user']} on {day_text(parse_iso(row['at']), zone)}."


def _outlooks(meters: Sequence[Mapping[str, Any]], now_ms: int, zone: ZoneInfo) -> Iterable[str]:
    """What is left of what everybody shares, and of the grants that end before their reset; of few grants, of all."""
    grants = [meter for meter in meters if meter["kind"] == "grant"]
    ending = [meter for meter in grants if meter["state"] == "exhausted" or meter["forecast"].get("exhaust_at")]
    told = grants if len(grants) <= _WHO else ending
    shown = [meter for meter in meters if meter["kind"] not in ("grant", "runs")] + told
    for meter in shown[:_METERS]:
        left = f"{marked(SO_LITTLE, meter['remaining'], meter['bound'])} of {credits_text(meter['limit'])} left"
        known = left if meter["remaining"] is not None and meter["limit"] is not None else "not known"
        said = outlookwords.said(meter, now_ms, zone)
        yield f"{meter['label']}: {known}{f', {said}' if said else ''}."
    if len(shown) > _METERS:
        yield f"And {len(shown) - _METERS} more: hexmeter status"
    elif grants and not told:
        yield f"None of {len(grants)} grants is seen to end before the reset."


def _findings(audit: Mapping[str, Any]) -> Iterable[str]:
    kinds = Counter(finding["kind"] for finding in audit["findings"])
    if kinds:
        found = ", ".join(f"{audittexts.heading(kind).lower()} ({count})" for kind, count in kinds.items())
        saves = audittexts.saving(audit["savings"], audit["currency"])
        yield f"Audit: {found}{f'; it could save {saves}' if saves else ''}. More: hexmeter audit"
