"""The report as a message: whether one is due, and its words."""

from hexmeter.config.model import Config
from hexmeter.core.alerts import Kind
from hexmeter.core.periods import Period
from hexmeter.core.reportplan import due_ms, last_whole, newest_due
from hexmeter.core.signals import report_condition
from hexmeter.core.texts import Text
from hexmeter.service.alerts.decisions import Decision
from hexmeter.service.documents.documents import Documents
from hexmeter.store.store import Store


class Reporting:
    """Reports by the configuration's `[report]`. Nothing is written."""

    def __init__(self, config: Config, store: Store, documents: Documents) -> None:
        self._plan = config.report
        self._calendar = config.reset_day, config.zone
        self._zone = config.zone
        self._store = store
        self._documents = documents

    def decision(self, now_ms: int) -> Decision | None:
        """Whether a report is to be told now, with its text; None where none is planned. Weeks and months have a ladder
        each."""
        every = self._plan.every
        if every is None:
            return None
        ladder = f"{Kind.REPORT}:{every}"
        due = newest_due(every, self._plan, now_ms, *self._calendar)
        over = last_whole(every, now_ms, *self._calendar)
        condition = report_condition(due, over, self._store.ladders.state(ladder).period)
        facts = {"every": every, "start_ms": due.start_ms, "due_ms": due_ms(due, self._plan, self._zone)}
        # Before anything is written: a fault in the text then costs the report alone.
        text = self.text(every, now_ms, period=due) if condition.reached else Text("", "", "info")
        return Decision(ladder, None, condition, lambda _: text, facts)

    def text(self, every: str, now_ms: int, *, last: bool = False, period: Period | None = None) -> Text:
        """The message of a week or month: the one that runs, the `last` whole one, or this very `period`."""
        # Rarely wanted, so not held in memory.
        from hexmeter.core.reporttext import report_text
        from hexmeter.service.documents.audit import DAYS

        document = self._documents.report(every, now_ms, last=last, period=period)
        whole = f"hexmeter report --{every}{' --last' if last or period else ''}"
        return report_text(document, self._documents.audit(DAYS, now_ms), self._zone, whole)
