"""Deliveries: claim from the daemon, hand to the notification service, confirm; nothing lost, nothing shown twice.

The daemon keeps the deliveries, and where each notice is on the screen. What this process must remember, and only in
memory, is which notices are there while the daemon has not yet taken the confirmation: it may die between the two.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from enum import Enum
from typing import Any

from hexmeter.core.strings import clean
from hexmeter.wire.client import ApiError, ClientError, DaemonAbsent
from hexmeter_tray.failures import CallFailed
from hexmeter_tray.notify import Notice, Notifier, dressed

log = logging.getLogger(__name__)

SHOW_TIMEOUT_S = 10.0
RETRY_S = 60.0
_REMEMBERED = 1000

Post = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]


class Confirmation(Enum):
    """What the daemon is told of a claimed delivery."""

    HANDED_OVER = "handed_over"
    SEEN = "seen"
    PENDING = "pending"
    CLOSED = "closed"


class Step(Enum):
    """What to do with a claimed notice."""

    SHOW = "show"
    ALREADY_SHOWN = "already shown"
    GIVE_BACK = "give back"


def decide(notice: Notice, shown: Collection[int], *, held: bool) -> Step:
    """What to do with a claimed notice, when the deliveries `shown` were shown before and not confirmed.

    A notice that also brings something new is shown: better twice than never. `held`: the service is not there.
    """
    if all(delivery in shown for delivery in notice.deliveries):
        return Step.ALREADY_SHOWN
    return Step.GIVE_BACK if held else Step.SHOW


def parse_notice(document: Mapping[str, Any]) -> Notice:
    """One entry of a claim's answer. Raises KeyError, TypeError or ValueError when it is no notice."""
    link, replaces = document.get("link"), document.get("replaces")
    return Notice(
        deliveries=tuple(int(delivery) for delivery in document["deliveries"]),
        alerts=tuple(int(alert) for alert in document.get("alerts") or ()),
        title=clean(str(document["title"])),
        body="\n".join(clean(line) for line in str(document.get("body") or "").splitlines()),
        severity=str(document.get("severity")),
        link=link if isinstance(link, str) else None,
        replaces=replaces if isinstance(replaces, int) else None,
    )


class Courier:
    """Delivers what waits for the desktop. `post` asks the daemon; it raises ClientError. `dress` adds the buttons.

    Call `on_alerts` with each alerts event, `on_available` when the notification service appears, `on_seen` for a
    notice that was clicked or closed by hand, and `on_closed` for one that went without.
    """

    def __init__(
        self,
        post: Post,
        notifier: Notifier,
        claimant: str,
        *,
        dress: Callable[[Notice], Notice] = lambda notice: notice,
        show_timeout_s: float = SHOW_TIMEOUT_S,
        retry_s: float = RETRY_S,
    ) -> None:
        self._post = post
        self._notifier = notifier
        self._claimant = claimant
        self._dress = dress
        self._show_timeout_s = show_timeout_s
        self._retry_s = retry_s
        self._shown: dict[int, str] = {}
        self._owed: dict[tuple[int, ...], Confirmation] = {}
        self._late: set[asyncio.Task[str]] = set()
        self._withdrawn: frozenset[int] = frozenset()
        self._pending = False
        self._held = False
        self._again = False
        self._round: asyncio.Task[None] | None = None
        self._retry: asyncio.TimerHandle | None = None

    def on_alerts(self, pending: int, withdrawn: frozenset[int] = frozenset()) -> None:
        """So many deliveries wait, and so many alerts need no notification any more; also the moment to confirm what
        the daemon missed while it was away."""
        self._pending = pending > 0
        self._withdrawn = withdrawn
        self._wake()

    def on_available(self) -> None:
        """The notification service is there (again)."""
        self._held = False
        self._wake()

    def on_seen(self, notice: Notice) -> None:
        """The user clicked the notice or closed it by hand."""
        if not notice.deliveries:
            return
        self._owed[notice.deliveries] = Confirmation.SEEN
        self._wake()

    def on_closed(self, notice: Notice) -> None:
        """The notice has expired, or was withdrawn: it can be found no more."""
        if notice.deliveries and notice.deliveries not in self._owed:
            self._owed[notice.deliveries] = Confirmation.CLOSED
            self._wake()

    async def finish(self, timeout_s: float) -> None:
        """Let a notice in flight be confirmed before the tray ends."""
        if self._retry is not None:
            self._retry.cancel()
        if self._round is not None:
            await asyncio.wait({self._round}, timeout=timeout_s)

    def _wake(self) -> None:
        self._again = True
        if self._round is None or self._round.done():
            self._round = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        try:
            while self._again:
                self._again = False
                await self._confirm_owed()
                if self._pending and not self._unavailable():
                    await self._deliver()
                # Last: a moot notice may have been replaced by now, and need not blink.
                if self._withdrawn and not self._again:
                    await self._notifier.withdraw(self._withdrawn)
        except DaemonAbsent:
            # Its first alerts event, when it is back, says what waits.
            return
        except ClientError as error:
            log.warning("the daemon did not answer: %s; deliveries are tried again", error)
            self._pending = True
            self._retry_later()
        if self._owed or self._unavailable():
            self._retry_later()

    async def _deliver(self) -> None:
        # Before the claim: an event that comes meanwhile must not be forgotten.
        self._pending = False
        answer = await self._post("/v1/deliveries/claim", {"channel": "desktop", "claimant": self._claimant})
        notices = _notices(answer)
        if notices:
            self._pending = self._again = True
        for notice in notices:
            await self._carry(self._dress(notice))
        await self._confirm_owed()

    async def _carry(self, notice: Notice) -> None:
        step = decide(notice, self._shown.keys(), held=self._unavailable())
        if step is Step.SHOW and not await self._show(notice):
            step = Step.GIVE_BACK
        given_back = step is Step.GIVE_BACK
        # A quick click may have been faster than the notification service's answer.
        if self._owed.get(notice.deliveries) is not Confirmation.SEEN:
            self._owed[notice.deliveries] = Confirmation.PENDING if given_back else Confirmation.HANDED_OVER
        self._held = self._held or given_back

    async def _show(self, notice: Notice) -> bool:
        showing = asyncio.get_running_loop().create_task(self._notifier.show(notice))
        done, _ = await asyncio.wait({showing}, timeout=self._show_timeout_s)
        if not done:
            log.warning("the notification service does not answer: it will be tried again when it does")
            self._late.add(showing)
            showing.add_done_callback(lambda task: self._answered_late(task, notice))
            return False
        return self._was_shown(showing, notice)

    def _was_shown(self, showing: asyncio.Task[str], notice: Notice) -> bool:
        try:
            reference = showing.result()
        except CallFailed as error:
            log.warning("no notification: %s; it will be tried again", error)
            return False
        self._shown.update(dict.fromkeys(notice.deliveries, reference))
        while len(self._shown) > _REMEMBERED:
            del self._shown[next(iter(self._shown))]
        return True

    def _answered_late(self, showing: asyncio.Task[str], notice: Notice) -> None:
        self._late.discard(showing)
        if not showing.cancelled() and self._was_shown(showing, notice):
            self._held = False
            self._pending = True
            self._wake()

    def _unavailable(self) -> bool:
        # While one call hangs, another would only join its queue, and all would pop up together in the end.
        return self._held or bool(self._late)

    async def _confirm_owed(self) -> None:
        for deliveries, state in list(self._owed.items()):
            body = {"deliveries": list(deliveries), "claimant": self._claimant, "state": state.value}
            reference = self._shown.get(deliveries[0])
            if state is Confirmation.HANDED_OVER and reference:
                body["reference"] = reference
            try:
                await self._post("/v1/deliveries/confirm", body)
            except ApiError as error:
                # The lease ran out, say: then it is claimed again, and `_shown` keeps it from being shown again.
                log.debug("deliveries %s not confirmed: %s", deliveries, error)
            else:
                if state is not Confirmation.PENDING:
                    for delivery in deliveries:
                        self._shown.pop(delivery, None)
            # A click while the daemon was asked has made it `seen`: that is owed still.
            if self._owed.get(deliveries) is state:
                del self._owed[deliveries]

    def _retry_later(self) -> None:
        if self._retry is None:
            self._retry = asyncio.get_running_loop().call_later(self._retry_s, self._try_again)

    def _try_again(self) -> None:
        self._retry = None
        self._held = False
        self._pending = True
        self._wake()


def parse_shown(document: Mapping[str, Any], hex_link: str | None) -> dict[str, Notice]:
    """The notices of an earlier process in an alerts event, by their references: with what a click on them does."""
    shown, given = {}, document.get("shown")
    for entry in given if isinstance(given, list) else ():
        try:
            alerts = tuple(alert for alert in entry["alerts"] if isinstance(alert["id"], int))
            notice = Notice(
                deliveries=tuple(int(delivery) for delivery in entry["deliveries"]),
                alerts=tuple(alert["id"] for alert in alerts),
                title="",
                body="",
                link=hex_link,
            )
            shown[str(entry["reference"])] = dressed(notice, alerts, hex_link)
        except (KeyError, TypeError, ValueError) as error:
            log.debug("an earlier notice cannot be read: %s", error)
    return shown


def _notices(answer: Mapping[str, Any]) -> list[Notice]:
    notices, given = [], answer.get("notices")
    for document in given if isinstance(given, list) else ():
        try:
            notices.append(parse_notice(document))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            log.warning("the daemon gave a notice that cannot be read (%s): is it of another version?", error)
    return notices
