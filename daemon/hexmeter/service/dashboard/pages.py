"""What there is to see of a daemon on the dashboard: its facts, drawn as a page."""

from collections.abc import Mapping
from typing import Any

from hexmeter.page.page import page
from hexmeter.page.view import View
from hexmeter.service.daemon import Daemon
from hexmeter.service.dashboard.facts import DashboardFacts


class Pages:
    """The page of one daemon."""

    def __init__(self, daemon: Daemon) -> None:
        self._clock = daemon.clock
        self._facts = DashboardFacts(daemon.config, daemon.store, daemon.figures, daemon.documents)

    def prepare(self) -> None:
        """Read what later pages only read on from: over a million threads a second's work for the first of them, and a
        tenth of one after each poll."""
        self.document()

    def document(self) -> dict[str, Any]:
        """The facts as of now."""
        return self._facts.document(self._clock.now_ms())

    def sections(self, document: Mapping[str, Any], view: View) -> Mapping[str, str]:
        """A view's sections, as HTML, by their ids."""
        return page(document, view, live=True).sections

    def html(self, view: View) -> tuple[str, Mapping[str, str]]:
        """The whole page as of now, and the sections that are in it."""
        made = page(self.document(), view, live=True)
        return made.html(), made.sections
