"""Takes a changed configuration up while the daemon runs: all that can fail is done before anything is touched."""

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hexmeter.config.load import ConfigError
from hexmeter.config.model import Config
from hexmeter.config.schema import FREE_TABLES, KEYS
from hexmeter.config.token import TokenError, token_source
from hexmeter.core.clock import Clock
from hexmeter.service.polling.currenttoken import CurrentToken
from hexmeter.service.watch import WatchError, effective_watch
from hexmeter.store.progress import Progress

log = logging.getLogger(__name__)

NEEDS_RESTART = ("storage.path", "api.socket", "api.group")
"""What a running daemon holds open."""


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What a reload did: the keys that changed, and those among them that wait for a restart."""

    changed: tuple[str, ...]
    needs_restart: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What to tell a person."""
        live = [place for place in self.changed if place not in self.needs_restart]
        words = f"taken up: {', '.join(live)}" if live else "nothing that is in force changed"
        return words + (f"; needs a restart: {', '.join(self.needs_restart)}" if self.needs_restart else "")


class Reloader:
    """Holds the configuration in force; `wanted` is set when another one is ready to be taken."""

    def __init__(self, config: Config, token: CurrentToken, reread: Callable[[], Config], clock: Clock) -> None:
        self.config = config
        self.token = token
        self.wanted = asyncio.Event()
        self._reread = reread
        self._clock = clock
        self._progress: Progress | None = None
        self._one = asyncio.Lock()
        self._taken = asyncio.Event()

    def use(self, progress: Progress) -> None:
        """Know from `progress` whose token it is."""
        self._progress = progress

    async def reload(self) -> Reloaded:
        """Read the file anew and have it taken up. Raises ConfigError, TokenError and WatchError: nothing changed."""
        async with self._one:
            config, told = kept_open(self.config, self._reread())
            token = await current_token(config, self._clock)
            self._check_watch(config, token)
            self.config, self.token = config, token
            self._taken.clear()
            self.wanted.set()
            await self._taken.wait()
        log.info("the configuration was read anew: %s", told.sentence)
        return told

    async def reload_and_log(self) -> None:
        """For a signal: nobody waits for the answer."""
        try:
            await self.reload()
        except (ConfigError, TokenError, WatchError) as error:
            for line in str(error).splitlines():
                log.error("not reloaded, the old configuration stays in force: %s", line)

    def taken(self, config: Config) -> None:
        """Note that the daemon runs on `config`, unless another one came meanwhile."""
        if config is self.config:
            self.wanted.clear()
            self._taken.set()

    def _check_watch(self, config: Config, token: CurrentToken) -> None:
        """That this token can give what `[watch]` asks; of another token nobody knows that yet."""
        identity = self._progress.identity() if self._progress else None
        if identity is not None and token() == self.token():
            effective_watch(config.watch, identity)


async def current_token(config: Config, clock: Clock) -> CurrentToken:
    """The token that the configuration names, read for the first time. Raises TokenError."""
    source = token_source(config.token, os.environ)
    token = CurrentToken(source.read, costly=source.costly, uptime_ms=clock.uptime_ms)
    await token.refresh()
    return token


def kept_open(old: Config, new: Config) -> tuple[Config, Reloaded]:
    """The new configuration with what a running daemon cannot change as it was, and what there is to say."""
    before, after = _values(old), _values(new)
    changed = tuple(place for place in after if before[place] != after[place])
    waiting = tuple(place for place in changed if place in NEEDS_RESTART)
    kept = {place: old.given[place] for place in waiting if place in old.given}
    given = {place: value for place, value in new.given.items() if place not in waiting} | kept
    kept_new = replace(new, database=old.database, socket=old.socket, api_group=old.api_group, given=given)
    return kept_new, Reloaded(changed, waiting)


def _values(config: Config) -> dict[str, Any]:
    places = {key.place: key.default for key in KEYS} | dict.fromkeys(sorted(FREE_TABLES))
    return {place: config.given.get(place, default) for place, default in places.items()}
