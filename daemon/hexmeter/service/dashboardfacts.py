"""The document of the dashboard: all that its page shows, from the same figures as every other command."""

from typing import Any

from hexmeter.config.model import Config
from hexmeter.core.instants import to_iso
from hexmeter.service.courses import Courses
from hexmeter.service.documents import Documents
from hexmeter.service.figures import Figures
from hexmeter.store.store import Store


class DashboardFacts:
    """Puts the document together. Nothing here asks Hex, and nothing is written."""

    def __init__(self, config: Config, store: Store, figures: Figures, documents: Documents) -> None:
        self._store = store
        self._figures = figures
        self._documents = documents
        self._courses = Courses(config, store, figures)

    def document(self, now_ms: int) -> dict[str, Any]:
        """`GET /v1/dashboard`: the status, and for each meter its course."""
        status = self._documents.status(now_ms)
        read_ms = self._store.progress.good_at_ms()
        meters = self._figures.meters(now_ms)
        courses = self._courses.of(meters, now_ms if read_ms is None else read_ms, now_ms)
        return {
            **status,
            "now": to_iso(now_ms),
            "meters": [{**meter, "course": courses.get(meter["id"])} for meter in status["meters"]],
        }
