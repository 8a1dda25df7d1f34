"""The upkeep of the store: once a day a backup, compaction of what is old, and an end to what nobody needs."""

import asyncio
import logging
import sqlite3
from datetime import timedelta

from hexmeter.config.model import Config
from hexmeter.core.alerts import Kind, Rung
from hexmeter.core.clock import Clock
from hexmeter.core.instants import DAY_MS, HOUR_MS
from hexmeter.core.periods import first_instant, local_day
from hexmeter.core.texts import restored_text
from hexmeter.store import backup
from hexmeter.store.outbox import NewAlert
from hexmeter.store.retention import Retention
from hexmeter.store.store import Store

log = logging.getLogger(__name__)

RESTORED_LADDER = "restored"
_FOR_A_DAY = (Kind.RESTORED, Kind.REPORT)
"""What is told is over by itself after a day."""

_KEEP_READINGS_MS = 92 * DAY_MS
"""What alerts were decided on is kept for a quarter; what was told, and why, for good."""

_KEEP_REQUESTS_MS = 2 * HOUR_MS
_BREATH_S = 0.02
"""Between two transactions of a compaction others get their turn."""


class Upkeep:
    """Looks after one store; polls go on meanwhile."""

    def __init__(self, config: Config, store: Store, clock: Clock) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._path = config.database.resolve()
        self._retention = Retention(store.database)
        self._compacted_ms: int | None = None
        self._said: str | None = None

    def begin(self) -> None:
        """Tell of a database that was restored, and count what stands in it as told: it may have been told since."""
        now_ms = self._clock.now_ms()
        with self._store.transaction():
            restored = self._store.progress.take_restored()
            if restored is None:
                return
            text = restored_text(restored.problem, restored.set_aside, restored.backup_ms, self._config.zone)
            self._store.outbox.withdraw(now_ms)
            self._store.outbox.fire(
                NewAlert(
                    ladder=RESTORED_LADDER,
                    rung=Rung(Kind.RESTORED),
                    meter=None,
                    severity=text.severity,
                    title=text.title,
                    body=text.body,
                    channels=self._config.told_of(Kind.RESTORED, None),
                ),
                now_ms,
            )
            self._store.progress.begin_quiet_baseline()

    async def run(self) -> None:
        """Do what is due. What fails is logged, and done the next time."""
        now_ms = self._clock.now_ms()
        try:
            self._store.progress.forget_requests(now_ms - _KEEP_REQUESTS_MS)
            self._store.readings.forget(now_ms - _KEEP_READINGS_MS)
            for alert in self._store.outbox.standing():
                if alert.kind in _FOR_A_DAY and now_ms - alert.fired_ms >= DAY_MS:
                    self._store.outbox.resolve(alert.ladder, now_ms)
            await self._compact(now_ms)
            if self._config.backups and self._backup_is_due(now_ms):
                await self._back_up(now_ms)
        except (sqlite3.Error, OSError) as error:
            log.warning("the upkeep of %s was put off: %s", self._path, error)

    async def _compact(self, now_ms: int) -> None:
        """Merge what is older than `[storage] keep_days`, at most once for each midnight; polls come in between."""
        keep_days, zone = self._config.keep_days, self._config.zone
        if keep_days is None:
            return
        before_ms = first_instant(local_day(now_ms, zone) - timedelta(days=keep_days), zone)
        if self._compacted_ms == before_ms:
            return
        while self._retention.compact_some(before_ms, zone):  # noqa: ASYNC110 (it is no waiting)
            await asyncio.sleep(_BREATH_S)
        self._compacted_ms = before_ms

    def _backup_is_due(self, now_ms: int) -> bool:
        made_ms = [backup.made_ms(made) or 0 for made in backup.backups_of(self._path)[:1]]
        # One from the future was made before the clock was set back.
        return not made_ms or not 0 <= now_ms - made_ms[0] < DAY_MS

    async def _back_up(self, now_ms: int) -> None:
        if reason := backup.why_not(self._path):
            self._say(reason)
            return
        process = await asyncio.create_subprocess_exec(
            *backup.command(self._path, backup.next_backup(self._path, now_ms)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            _, said = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        if process.returncode:
            self._say(said.decode(errors="replace").strip()[-300:])
            return
        self._said = None
        backup.rotate(self._path, self._config.backups)

    def _say(self, reason: str) -> None:
        """Log why no backup was made, once, though it is tried hourly."""
        if self._said is None:
            log.warning("no backup was made: %s", reason)
        self._said = reason
