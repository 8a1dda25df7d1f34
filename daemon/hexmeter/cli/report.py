"""Show a week or a month against the one before: who, which models, topics, threads and prompts."""

import argparse
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.cli.alertstest import PATIENCE_S, show_arrivals
from hexmeter.cli.ask import client
from hexmeter.cli.explained import Explained
from hexmeter.cli.helps import end_with
from hexmeter.core.strings import clean
from hexmeter.wire.render import COLUMN, table, zone_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter report`."""
    span = parser.add_mutually_exclusive_group()
    span.add_argument("--week", action="store_const", const="week", dest="span", help="the last 7 days (the default)")
    span.add_argument("--month", action="store_const", const="month", dest="span", help="since the last reset")
    parser.add_argument("--last", action="store_true", help="the last whole one: Monday to Sunday, or reset to reset")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--html", metavar="FILE", type=Path, help="as one HTML file, which loads nothing")
    form.add_argument("--markdown", action="store_true", help="as Markdown")
    form.add_argument(
        "--send",
        metavar="CHANNEL",
        nargs="?",
        const="",
        help="send it in short, now, where [report] says or to one channel; ends with 1 when it did not arrive",
    )
    form.add_argument("--json", action="store_true", help="the whole document, as JSON")
    parser.set_defaults(span="week")
    end_with(
        parser,
        "",
        "hexmeter report",
        "hexmeter report --month --last --html report.html",
        "hexmeter report --send slack",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter report`."""
    if arguments.send is not None:
        asked = {"span": arguments.span, "last": arguments.last, "channel": arguments.send or None}
        return show_arrivals(client(arguments.config).post("/v1/report/send", asked, timeout_s=PATIENCE_S))
    last = "true" if arguments.last else None
    document = client(arguments.config).get("/v1/report", span=arguments.span, last=last)
    if arguments.json:
        print(json.dumps(document, ensure_ascii=False, indent=2))
        return 0
    from hexmeter.core.reportforms import html, markdown
    from hexmeter.core.reportpage import report_page

    page = report_page(document, zone_of(document.get("timezone")) or ZoneInfo("UTC"), document["links"]["hex"])
    if arguments.html is not None:
        _write(arguments.html, html(page))
    elif arguments.markdown:
        print(markdown(page), end="")
    else:
        print("\n".join(_lines(page)))
    return 0


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Explained(f"{path} cannot be written: {error.strerror}", "name another file", 1) from None
    print(path)


def _lines(page: Any) -> list[str]:
    lines = [page.title, *page.lead]
    for section in page.sections:
        lines += ["", section.title]
        if section.rows:
            heads = [head.upper() for head in section.heads]
            rows = [list(map(_words, section.heads, row)) for row in section.rows]
            lines += [f"  {line}" for line in table(heads, rows)]
        if section.note or not section.rows:
            lines.append(f"  {section.note or 'Nothing.'}")
    return lines


def _words(head: str, cell: Any) -> str:
    return clean(cell.text, COLUMN) if head == "Thread" else str(cell.text)
