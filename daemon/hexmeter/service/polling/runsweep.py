"""The daily sweep of projects and their runs: a request at a time, on a tenth of the budget, resumed where it was."""

import logging
from dataclasses import replace
from itertools import pairwise

from hexmeter.config.model import Config
from hexmeter.config.token import TokenError
from hexmeter.core.clock import Clock
from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hexmeter.hex.client import HexClient
from hexmeter.hex.errors import BadAnswer, BadRequest, Forbidden, HexError, NotFound
from hexmeter.hex.parseprojects import RunsPage
from hexmeter.service.meters.figures import Figures
from hexmeter.store.runs import Sweep, Unread
from hexmeter.store.store import Store

log = logging.getLogger(__name__)

KEEP_MS = 62 * DAY_MS
"""Runs from further back than this are not looked for: two months are compared."""

_SHARE = 10
_MOST_RUNS = 20_000
_WARNINGS_LOGGED = 5
_REFUSALS = (Forbidden, NotFound, BadRequest, BadAnswer)


class RunSweep:
    """Reads the projects that the token may see, and their runs. Whoever calls `step` lets nobody poll meanwhile."""

    def __init__(self, config: Config, store: Store, clock: Clock, hexapi: HexClient, figures: Figures) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._hex = hexapi
        self._figures = figures
        poll = config.poll
        # Evenly spread, so that no minute and no hour holds more than a tenth, over restarts too.
        self.spacing_ms = max(
            MINUTE_MS // max(1, poll.requests_per_minute // _SHARE),
            HOUR_MS // max(1, poll.requests_per_hour // _SHARE),
        )

    def pause_ms(self) -> int:
        """How long to wait before the next step."""
        now_ms, sweep = self._clock.now_ms(), self._store.runs.sweep()
        if not self._is_ready():
            return max(self.spacing_ms, min(self._config.poll.interval_ms, MINUTE_MS))
        if sweep.under_way or sweep.began_ms is None or not 0 <= now_ms - sweep.began_ms < DAY_MS:
            return self.spacing_ms
        return max(self.spacing_ms, min(HOUR_MS, sweep.began_ms + DAY_MS - now_ms))

    async def step(self) -> bool:
        """Ask Hex once where a sweep is due; whether it asked. What fails is logged, and asked again later."""
        # Polls may use up every minute, so a turn is waited for, as polls wait for theirs; only a long wait is left.
        if not self._is_ready() or self._hex.wait_ms() > MINUTE_MS:
            return False
        sweep = self._due()
        if sweep is None:
            return False
        try:
            if not sweep.listed:
                await self._list(sweep)
                return True
            unread = self._store.runs.next_unread(sweep.began_ms or 0, self._clock.now_ms() - KEEP_MS)
            if unread is None:
                self._store.runs.save_sweep(replace(sweep, done_ms=self._clock.now_ms()))
                return False
            await self._read_runs(sweep, unread)
        except (HexError, TokenError) as error:
            log.info("the look at projects goes on later: %s", error)
        return True

    def _is_ready(self) -> bool:
        """Whether projects are to be read: for those who watch everybody or set a budget, once the threads are."""
        watched = self._figures.watched()
        last = self._store.progress.last_poll()
        if watched is None or not self._figures.runs.wanted() or last is None or not last.ok:
            return False
        if (self._store.progress.paused_until_ms() or 0) > self._clock.now_ms():
            return False
        read = all(self._store.progress.listing(scope).history_done for scope in watched.scopes)
        return read or not self._store.progress.access().threads

    def _due(self) -> Sweep | None:
        """The sweep under way, or a new one where a day has passed since the last one began; else None."""
        sweep, now_ms = self._store.runs.sweep(), self._clock.now_ms()
        if sweep.under_way:
            return sweep
        if sweep.began_ms is not None and 0 <= now_ms - sweep.began_ms < DAY_MS:
            return None
        return replace(sweep, began_ms=now_ms, cursor=None)

    async def _list(self, sweep: Sweep) -> None:
        """Read one page of the projects."""
        assert sweep.began_ms is not None
        try:
            page = (await self._hex.projects(sweep.cursor)).value
        except _REFUSALS as error:
            self._refused(sweep, error)
            return
        _log_all(page.warnings)
        if page.next_cursor is not None and page.next_cursor == sweep.cursor:
            self._refused(sweep, BadAnswer("Hex's list of projects leads round in a circle: its cursor repeats"))
            return
        ended = page.next_cursor is None
        with self._store.transaction():
            self._store.runs.save_projects(page.items, sweep.began_ms)
            listed_ms = sweep.began_ms if ended else sweep.listed_ms
            self._store.runs.save_sweep(
                replace(sweep, cursor=page.next_cursor, listed_ms=listed_ms, problem=None if ended else sweep.problem)
            )

    def _refused(self, sweep: Sweep, error: HexError) -> None:
        """Hex does not list projects: say so, and ask again tomorrow. A cursor that is no longer taken begins anew."""
        if sweep.cursor is not None and isinstance(error, BadRequest):
            self._store.runs.save_sweep(replace(sweep, cursor=None))
            return
        if sweep.problem is None:
            log.warning("Hex does not list projects for this token, so no runs are counted: %s", error)
        self._store.runs.save_sweep(replace(sweep, done_ms=self._clock.now_ms(), problem=str(error)))

    async def _read_runs(self, sweep: Sweep, unread: Unread) -> None:
        """Read one page of a project's runs."""
        assert sweep.began_ms is not None
        try:
            answer = await self._hex.runs(unread.project_id, unread.offset)
        except _REFUSALS as error:
            log.info("the runs of project %s cannot be read: %s", unread.project_id, error)
            self._store.runs.end_project(unread.project_id, sweep.began_ms, str(error))
            return
        page = answer.value
        _log_all(page.warnings)
        next_offset = unread.offset + page.size
        with self._store.transaction():
            self._store.runs.save_runs(unread.project_id, page.items, answer.look.sent_ms)
            if _is_last(page, unread.horizon_ms) or next_offset >= _MOST_RUNS:
                self._store.runs.end_project(unread.project_id, sweep.began_ms, None)
            else:
                self._store.runs.note_read(unread.project_id, next_offset)


def _is_last(page: RunsPage, horizon_ms: int) -> bool:
    """Whether nothing of interest follows: the list ends, or it comes newest first and has passed what is known.

    Hex does not say in which order runs come; where it is another one, all of them are read.
    """
    if not page.more or not page.size:
        return True
    starts = [run.start_ms for run in page.items if run.start_ms is not None]
    newest_first = len(starts) > 1 and all(one >= other for one, other in pairwise(starts))
    return newest_first and starts[-1] < horizon_ms


def _log_all(warnings: tuple[str, ...]) -> None:
    for warning in warnings[:_WARNINGS_LOGGED]:
        log.warning("%s", warning)
    if len(warnings) > _WARNINGS_LOGGED:
        log.warning("and %d more of that page", len(warnings) - _WARNINGS_LOGGED)
