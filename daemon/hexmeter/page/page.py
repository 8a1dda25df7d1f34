"""The whole page from the dashboard's document: its sections, and what holds them together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.page.alerts import alerts_section
from hexmeter.page.days import days_section
from hexmeter.page.html import text
from hexmeter.page.meters import meters_section
from hexmeter.page.polling import now_section, polling_section
from hexmeter.page.prompts import prompts_section, threads_section
from hexmeter.page.roster import roster_section
from hexmeter.page.view import View


@dataclass(frozen=True, slots=True)
class Page:
    """`sections` are whole `<section id=…>` elements by their ids, in their order. `live`: they change as the figures
    do, by the page's script."""

    title: str
    sections: Mapping[str, str]
    live: bool

    def html(self) -> str:
        """The whole document. It loads /style.css, /icon.svg and, where it is live, /live.js; nothing else."""
        script = '<script src="/live.js" defer></script>' if self.live else ""
        status = '<p id="live" role="status"></p>' if self.live else ""
        return (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
            f"<title>{text(self.title)}</title>"
            f'<link rel="icon" href="/icon.svg"><link rel="stylesheet" href="/style.css">{script}</head>\n'
            '<body><a class="skip" href="#main">Skip to the figures</a>'
            f'<header class="top"><h1>Hex credits</h1>{status}</header>\n'
            '<main id="main">\n' + "\n".join(self.sections.values()) + "\n</main></body></html>\n"
        )


def page(document: Mapping[str, Any], view: View, *, live: bool) -> Page:
    """The page of a document of `GET /v1/dashboard`, as `view` asks for it."""
    zone = ZoneInfo(document["timezone"])
    sections = {
        "now": now_section(document, view, zone),
        "meters": meters_section(document, view, zone),
        "roster": roster_section(document, view, zone),
        "days": days_section(document, view),
        "prompts": prompts_section(document, view, zone),
        "threads": threads_section(document, view, zone),
        "alerts": alerts_section(document, view, zone),
        "polling": polling_section(document, view, zone),
    }
    return Page("Hex credits", {name: made for name, made in sections.items() if made is not None}, live)
