"""The sections of what prompts cost and of the dearest threads, which lead to Hex."""

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.core.hexlinks import leads_to_hex
from hexmeter.core.instants import parse_iso
from hexmeter.core.outlooktexts import day, moment
from hexmeter.page.html import credits, details, figure, more, person, section, so_much, table, text
from hexmeter.page.names import Names
from hexmeter.page.view import View

HIGH, WIDE = 100, 20
"""A bar is so wide in the picture's own units, and the highest one so high."""

_SHOWN = 8
_MANY = 10
"""Of fewer prompts than these nothing is said of nine of ten."""

_KINDS = ("n", "t", "u", "", "")


def prompts_section(document: Mapping[str, Any], view: View, zone: ZoneInfo) -> str:
    """The section `prompts`."""
    found = document["prompts"]
    if not found["prompts"]:
        words = "No prompt of the last 30 days is known by itself yet."
        return section("prompts", "Cost of prompts", f'<p class="note">{words}</p>')
    names = Names(document, view)
    shown = found["dearest"] if view.all else found["dearest"][:_SHOWN]
    rows = [
        (
            credits(row["credits"]),
            thread_link(row, document, names),
            person(names.of(row["user"])),
            text(row["model"]),
            text(moment(parse_iso(row["at"]), zone)),
        )
        for row in shown
    ]
    words = in_words(found["edges"], found["counts"])
    content = (
        f'<p class="note">{text(words, 300)}</p>{_picture(found, words)}'
        f"{details('prompts-figures', 'In figures', _table(found))}"
        f"{table('Dearest prompts', ('Credits', 'Thread', 'User', 'Model', 'Seen'), rows, _KINDS)}"
        f"{more(len(shown), len(found['dearest']), view.link('prompts', all=True))}"
    )
    return section("prompts", "Cost of prompts", content)


def threads_section(document: Mapping[str, Any], view: View, zone: ZoneInfo) -> str:
    """The section `threads`."""
    names, found = Names(document, view), document["threads"]
    shown = found["rows"] if view.all else found["rows"][:_SHOWN]
    since = f"since {day(parse_iso(found['since']), zone)}"
    if not shown:
        return section(
            "threads", "Dearest threads", f'<p class="note">No thread was seen to use any {text(since)}.</p>'
        )
    rows = [
        (
            so_much(row["credits"], row["bound"]),
            thread_link(row, document, names),
            person(names.of(row["user"])),
            text(row["model"]),
            text(row["source"]),
        )
        for row in shown
    ]
    heads = ("Credits", "Thread", "User", "Model", "Source")
    content = table(f"Credits {text(since)}", heads, rows, _KINDS)
    content += more(len(shown), len(found["rows"]), view.link("threads", all=True))
    return section("threads", "Dearest threads", content)


def thread_link(row: Mapping[str, Any], document: Mapping[str, Any], names: Names) -> str:
    """A thread's title, as a link where its address is one of Hex's own host."""
    title = text(names.within(row["title"] or row["thread"] or "unnamed"), 80)
    if not leads_to_hex(row["url"], document["links"]["hex"]):
        return title
    return f'<a href="{text(row["url"], 2000)}" rel="noreferrer noopener">{title}</a>'


def in_words(edges: Sequence[float], counts: Sequence[int]) -> str:
    """What the counts say: how many prompts, and below which edges half and nine tenths of them stay."""
    many = sum(counts)
    below = list(zip(edges, accumulate(counts[:-1]), strict=True))
    facts: dict[float, str] = {}
    for share, words in ((0.5, "half of them"), (0.9, "nine of ten")):
        edge = next((edge for edge, count in below if count >= share * many), None)
        if edge is not None and many >= _MANY:
            facts[edge] = f"{words} cost less than {credits(edge)}"
    said = f": {', '.join(facts.values())}" if facts else ""
    return f"{many} prompt{'' if many == 1 else 's'} in the last 30 days {'is' if many == 1 else 'are'} known{said}."


def _picture(found: Mapping[str, Any], words: str) -> str:
    counts, most = found["counts"], max(found["counts"])
    names = _spans(found["edges"])
    bars = [
        f"<g><title>{text(name)}: {count}</title>"
        f'<rect class="s0" x="{place * WIDE + 1}" y="{HIGH - HIGH * count / most:g}" width="{WIDE - 2}" '
        f'height="{HIGH * count / most:g}"/></g>'
        for place, (name, count) in enumerate(zip(names, counts, strict=True))
    ]
    width = len(counts) * WIDE
    labels = [
        f'<text class="m" x="{100 * place / len(counts):.1f}%" y="134">{credits(edge)}</text>'
        for place, edge in enumerate(found["edges"], 1)
    ]
    inner = (
        f'<svg viewBox="0 0 {width} {HIGH}" preserveAspectRatio="none" y="4" width="100%" height="112">'
        f'<path class="axis" d="M0 {HIGH}H{width}"/>{"".join(bars)}</svg>'
    )
    return figure("prompts-picture", "Prompts by their cost", words, inner + "".join(labels), 140)


def _spans(edges: Sequence[float]) -> list[str]:
    """What each bar counts, in credits."""
    between = [f"{credits(low)} to {credits(high)}" for low, high in pairwise(edges)]
    return [f"less than {credits(edges[0])}", *between, f"{credits(edges[-1])} or more"]


def _table(found: Mapping[str, Any]) -> str:
    rows = [(name, str(count)) for name, count in zip(_spans(found["edges"]), found["counts"], strict=True)]
    return table("Prompts by their cost", ("Credits", "Prompts"), rows, ("", "n"))
