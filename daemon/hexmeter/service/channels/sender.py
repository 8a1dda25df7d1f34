"""Sends what waits on the daemon's own channels, and tries again what did not arrive."""

import asyncio
import logging
import os
import random
import sqlite3
from collections.abc import Callable, Sequence

from hexmeter.config.channels import DESKTOP, Channel
from hexmeter.config.model import Config
from hexmeter.config.privatefile import NotPrivate
from hexmeter.config.webhooksecret import read_webhook_secret
from hexmeter.core.clock import Clock
from hexmeter.core.instants import SECOND_MS
from hexmeter.service.channels import viaapprise, webhook
from hexmeter.service.channels.errors import DeliveryError
from hexmeter.service.channels.message import Message, document, messages
from hexmeter.store.channels import Health
from hexmeter.store.store import Store
from hexmeter.wire import shapes

log = logging.getLogger(__name__)

_CLAIMANT = "the daemon"
_AT_ONCE = 3
_LONGEST_REST_S = 3600.0
_HELD_BACK_S = 60.0
_APPRISE_S = 60.0
_ENDS_WITHIN_S = 5.0


class Sender:
    """A courier for each channel but the desktop, so that one that hangs does not hold up the others. `severities` says
    of which severities alerts may be told at a time; `on_change` hears that deliveries moved."""

    def __init__(
        self,
        config: Config,
        store: Store,
        clock: Clock,
        severities: Callable[[int], Sequence[str]],
        link: str | None,
        on_change: Callable[[], None],
        limits: webhook.Limits | None = None,
    ) -> None:
        self._channels = config.channels.by_name()
        self._persons = config.channels.persons()
        self._secret_file = config.channels.secret_file
        self._store = store
        self._clock = clock
        self._severities = severities
        self._link = link
        self._on_change = on_change
        self._limits = limits or webhook.Limits()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._carrying = {name: asyncio.Lock() for name in self._channels}
        self._woken = {name: asyncio.Event() for name in self._channels}
        self._stopping = False
        self._chance = random.Random()  # noqa: S311 (it only spreads tries)

    @property
    def needed(self) -> bool:
        """Whether there is any channel to send on."""
        return bool(self._channels)

    def begin(self) -> None:
        """Once, at the start: forget what waits for channels that are not configured any more."""
        self._store.channels.forget_others({DESKTOP, *self._channels}, self._clock.now_ms())

    def wake(self) -> None:
        """Something may wait to be sent."""
        for woken in self._woken.values():
            woken.set()

    async def run(self) -> None:
        """Send what is due, whenever something is, until cancelled."""
        await asyncio.gather(*(self._run(channel) for channel in self._channels.values()))

    async def _run(self, channel: Channel) -> None:
        woken = self._woken[channel.name]
        while not self._stopping:
            woken.clear()
            rest_s = _HELD_BACK_S
            try:
                await self._serve(channel)
                rest_s = self._rest_s(channel)
            except sqlite3.Error as error:
                log.warning("nothing can be delivered now: %s", error)
            except Exception as fault:
                # By its type alone: its text may quote an address.
                log.error("deliveries met a fault of Hexmeter's own, and go on: %s", type(fault).__name__)
            try:
                async with asyncio.timeout(rest_s):
                    await woken.wait()
            except TimeoutError:
                continue

    async def stop(self, running: asyncio.Task[None]) -> None:
        """End `run`: what is on its way is let arrive, for a little while, or it would be sent again."""
        self._stopping = True
        self.wake()
        await asyncio.wait({running}, timeout=_ENDS_WITHIN_S)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    async def send_due(self) -> None:
        """Try once what is due, on all channels."""
        await asyncio.gather(*(self._serve(channel) for channel in self._channels.values()))

    async def _serve(self, channel: Channel) -> None:
        async with self._carrying[channel.name]:
            now_ms = self._clock.now_ms()
            told = self._severities(now_ms)
            if not self._store.outbox.waiting(channel.name, now_ms, told):
                return  # Without a transaction: most of the time there is nothing.
            claimed = self._store.outbox.claim(channel.name, _CLAIMANT, now_ms, told)
            for message in messages(claimed, self._persons.get(channel.name), self._link):
                if self._stopping:
                    self._store.outbox.confirm(message.deliveries, "pending", _CLAIMANT, self._clock.now_ms())
                else:
                    await self._carry(channel, message)

    async def _carry(self, channel: Channel, message: Message) -> None:
        """Send one message, and store what became of it."""
        try:
            async with self._slots:
                await self._send(channel, message)
            error = None
        except DeliveryError as failure:
            error = failure
        except Exception as fault:
            # By its type alone: its text may quote the address.
            log.error("%s: a fault of Hexmeter's own: %s", channel.name, type(fault).__name__)
            error = DeliveryError(f"a fault of Hexmeter's own ({type(fault).__name__})", "please report it")
        now_ms = self._clock.now_ms()
        with self._store.transaction():
            if error is None:
                self._store.outbox.confirm(message.deliveries, "handed_over", _CLAIMANT, now_ms)
                self._store.channels.note(channel.name, Health(now_ms, None, None, permanent=False))
            else:
                self._store.channels.failed(
                    message.deliveries,
                    str(error),
                    now_ms,
                    permanent=error.permanent,
                    chance=self._chance.random(),
                    asked_ms=error.asked_ms,
                )
                health = Health(now_ms, str(error), error.hint, permanent=error.permanent)
                self._store.channels.note(channel.name, health)
        if error is None:
            log.info("%s: delivered %s", channel.name, message.deliveries)
        else:
            again = "it is given up" if error.permanent else "it will be tried again"
            log.warning("%s: %s (%s); %s", channel.name, error, error.hint, again)
        self._on_change()

    async def _send(self, channel: Channel, message: Message) -> None:
        """Raises DeliveryError."""
        if not channel.is_webhook:
            await viaapprise.notify(channel.address, message.title, message.body, message.severity, _APPRISE_S)
            return
        try:
            key = read_webhook_secret(self._secret_file, os.environ)
        except NotPrivate as error:
            raise DeliveryError(f"it cannot be signed: {error}", error.hint) from None
        now_ms = self._clock.now_ms()
        told = document(message, now_ms)
        await webhook.post(channel.address, shapes.dump(told), told["id"], now_ms // SECOND_MS, key, self._limits)

    def _rest_s(self, channel: Channel) -> float:
        next_ms = self._store.channels.next_ms(channel.name)
        if next_ms is None:
            return _LONGEST_REST_S
        rest_s = (next_ms - self._clock.now_ms()) / SECOND_MS
        # What is due and was not sent is held back, such as by quiet hours.
        return min(_LONGEST_REST_S, rest_s) if rest_s > 0 else _HELD_BACK_S
