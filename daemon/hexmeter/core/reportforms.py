"""A report's page as Markdown, and as one HTML file without scripts that loads nothing."""

from collections.abc import Iterable
from html import escape

from hexmeter.core.reportpage import Cell, Page, Section, credits_text

_MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_{}[]()<>#+-.!|~"})
_STYLE = """
:root{color-scheme:light dark;--ink:#1a1d21;--paper:#fff;--line:#d5d9de;--soft:#5b6470;--bar:#3b6fb6}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--paper:#16181b;--line:#3a3f45;--soft:#a3abb5;--bar:#7fabe6}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:60rem}
body{margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}p.note{color:var(--soft)}
div.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
td{overflow-wrap:break-word}
@media (max-width:40rem){td:not(.n){min-width:9rem}}
th.n,td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
a{color:inherit}svg{width:100%;height:auto;max-width:40rem}rect{fill:var(--bar)}
"""
_WIDTH, _HEIGHT = 700, 120


def markdown(page: Page) -> str:
    """The page as Markdown; what strangers wrote is shown as it is, and marks nothing up."""
    lines = [f"# {_plain(page.title)}", "", *(_plain(sentence) for sentence in page.lead)]
    for section in page.sections:
        lines += ["", f"## {_plain(section.title)}", "", *_markdown_table(section)]
    return "\n".join(lines) + "\n"


def html(page: Page) -> str:
    """The page as one HTML document for light and dark screens; everything in it is escaped."""
    title = escape(page.title)
    body = [f"<h1>{title}</h1>", *(f"<p>{escape(sentence)}</p>" for sentence in page.lead), _picture(page)]
    for section in page.sections:
        body += [f"<section><h2>{escape(section.title)}</h2>", *_html_table(section), "</section>"]
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n<body><main>\n"
        + "\n".join(body)
        + "\n</main></body></html>\n"
    )


def _markdown_table(section: Section) -> Iterable[str]:
    if section.rows:
        figures = [cell.figure for cell in section.rows[0]]
        yield _row(section.heads)
        yield _row("---:" if figure else "---" for figure in figures)
        for row in section.rows:
            yield _row(_markdown_cell(cell) for cell in row)
        if section.note:
            yield ""
    if section.note or not section.rows:
        yield _plain(section.note or "Nothing.")


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _markdown_cell(cell: Cell) -> str:
    text = cell.text if cell.figure else _plain(cell.text)
    # A link's address is Hex's own; what could end it early is written as it stands in an address.
    return text if cell.href is None else f"[{text}](<{cell.href.replace('<', '%3C').replace('>', '%3E')}>)"


def _plain(text: str) -> str:
    """A text that means nothing to Markdown."""
    return " ".join(text.split()).translate(_MARKS)


def _html_table(section: Section) -> Iterable[str]:
    if section.rows:
        classes = [' class="n"' if cell.figure else "" for cell in section.rows[0]]
        yield '<div class="wide"><table><thead><tr>'
        for head, kind in zip(section.heads, classes, strict=True):
            yield f'<th scope="col"{kind}>{escape(head)}</th>'
        yield "</tr></thead><tbody>"
        for row in section.rows:
            yield "<tr>" + "".join(map(_html_cell, row)) + "</tr>"
        yield "</tbody></table></div>"
    if section.note or not section.rows:
        yield f'<p class="note">{escape(section.note or "Nothing.")}</p>'


def _html_cell(cell: Cell) -> str:
    text = escape(cell.text)
    if cell.href is not None:
        text = f'<a href="{escape(cell.href, quote=True)}" rel="noreferrer noopener">{text}</a>'
    return f'<td class="n">{text}</td>' if cell.figure else f"<td>{text}</td>"


def _picture(page: Page) -> str:
    """The credits of each day as bars, with the same in words for those who do not see them."""
    if not page.days:
        return ""
    most = max(credits for _, credits in page.days) or 1
    step = _WIDTH / len(page.days)
    bars = [
        f'<rect x="{index * step + 1:.1f}" y="{_HEIGHT - _HEIGHT * max(0, credits) / most:.1f}"'
        f' width="{max(1, step - 2):.1f}" height="{_HEIGHT * max(0, credits) / most:.1f}">'
        f"<title>{escape(day)}: {credits_text(credits)}</title></rect>"
        for index, (day, credits) in enumerate(page.days)
    ]
    words = ", ".join(f"{day}: {credits_text(credits)}" for day, credits in page.days)
    return (
        f'<h2>By day</h2><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="Credits by day. {escape(words)}">'
        + "".join(bars)
        + f'</svg><details><summary>In figures</summary><p class="note">{escape(words)}</p></details>'
    )
