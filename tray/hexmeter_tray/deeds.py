"""What clicks do: in the menu, on the icon, and on a notification's buttons."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from hexmeter.core.strings import clean
from hexmeter.wire import autostart
from hexmeter.wire.client import ApiError, ClientError
from hexmeter_tray import links, texts
from hexmeter_tray.beside import spawn
from hexmeter_tray.entries import calibrated_meter, hex_link
from hexmeter_tray.meters import text
from hexmeter_tray.model import Action, Facts, Refresh
from hexmeter_tray.notify import Notice, local

log = logging.getLogger(__name__)

POLL_TIMEOUT_S = 120.0
_OVER = "resolved"
_TOMORROW, _RESET = "tomorrow", "reset"

Post = Callable[[str, dict[str, Any], float | None], Awaitable[dict[str, Any]]]

_OF_AN_ALERT: Mapping[Action, tuple[str, dict[str, Any]]] = {
    Action.SNOOZE: ("/v1/alerts/snooze", {"until": _TOMORROW}),
    Action.SNOOZE_TO_RESET: ("/v1/alerts/snooze", {"until": _RESET}),
    Action.UNSNOOZE: ("/v1/alerts/unsnooze", {}),
    Action.ACKNOWLEDGE: ("/v1/alerts/ack", {}),
    Action.UNACKNOWLEDGE: ("/v1/alerts/unack", {}),
}
_OF_WHAT: Mapping[Action, str] = {Action.MUTE: "/v1/alerts/mute", Action.UNMUTE: "/v1/alerts/unmute"}
_OF_POLLING: Mapping[Action, tuple[str, dict[str, Any]]] = {
    Action.PAUSE_HOUR: ("/v1/pause", {"until": "1h"}),
    Action.PAUSE_TO_TOMORROW: ("/v1/pause", {"until": _TOMORROW}),
    Action.RESUME: ("/v1/resume", {}),
}


class Deeds:
    """Does what was asked for, beside the event loop, and tells what went wrong.

    `post` asks the daemon; it raises ClientError. `change` takes new facts, `tell` a message of our own; `about` says
    what About shows.
    """

    def __init__(
        self,
        post: Post,
        facts: Callable[[], Facts],
        change: Callable[[Facts], None],
        tell: Callable[[Notice], None],
        about: Callable[[], str],
        config: str | None,
    ) -> None:
        self._post = post
        self._facts = facts
        self._change = change
        self._tell = tell
        self._about = about
        self._config = config

    def do(self, action: Action, alerts: tuple[int, ...] = (), link: str | None = None, what: str = "") -> None:
        """Do it; some actions are about `alerts`, or about `what`: a kind or a meter. `link` is where Open Hex leads if
        not to its front page."""
        if action in _OF_AN_ALERT:
            spawn(self._ask(_OF_AN_ALERT[action], alerts))
        elif action in _OF_WHAT:
            spawn(self._ask((_OF_WHAT[action], {"what": what})))
        elif action in _OF_POLLING:
            spawn(self._ask(_OF_POLLING[action]))
        elif action is Action.REFRESH and self._facts().status is not None and not self._facts().refresh.running:
            spawn(self._refresh())
        elif action is Action.OPEN_HEX:
            self._open_hex(link)
        elif action is Action.OPEN_DASHBOARD:
            spawn(self._open_dashboard())
        elif action in (Action.START_AT_LOGIN, Action.STOP_AT_LOGIN):
            self._set_login(action is Action.START_AT_LOGIN)
        elif action is Action.WRONG:
            self._explain(alerts)
        elif action is Action.ABOUT:
            self._tell(local("about", texts.ABOUT, self._about()))

    async def _ask(self, call: tuple[str, dict[str, Any]], alerts: tuple[int, ...] | None = None) -> None:
        path, body = call
        try:
            for asked in [body] if alerts is None else [{"alert": alert, **body} for alert in alerts]:
                await self._post(path, asked, None)
        except ApiError as error:
            # An alert that is over in the meantime needs nothing; the menu will show it.
            if error.code != _OVER:
                self._tell_failure(error)
        except ClientError as error:
            self._tell_failure(error)

    async def _refresh(self) -> None:
        self._change(replace(self._facts(), refresh=Refresh(running=True)))
        try:
            result = _refreshed(await self._post("/v1/poll", {}, POLL_TIMEOUT_S))
        except ClientError as error:
            result = Refresh(error=error.message)
        self._change(replace(self._facts(), refresh=replace(result, at_ms=int(time.time() * 1000))))

    def _open_hex(self, link: str | None) -> None:
        target = link or hex_link(self._facts().status)
        if target is not None:
            spawn(links.open_link(target))

    async def _open_dashboard(self) -> None:
        try:
            link = (await self._post("/v1/dashboard", {}, None)).get("url")
        except ClientError as error:
            self._tell_failure(error)
            return
        if isinstance(link, str) and links.local(link):
            await links.open_link(link)
        else:
            log.warning("the dashboard is not opened: its link does not lead to this machine")

    def _set_login(self, wanted: bool) -> None:
        try:
            if wanted:
                autostart.start_at_login(self._config)
            else:
                autostart.stop_at_login(self._config)
        except ClientError as error:
            self._tell_failure(error)
        self._change(replace(self._facts(), at_login=starts_at_login(self._config)))

    def _explain(self, alerts: tuple[int, ...]) -> None:
        about = [alert for alert in self._facts().alerts if alert.get("id") in alerts]
        meter = calibrated_meter(about[0]) if about else None
        if meter is not None:
            command = texts.calibrate_command(clean(meter, 100), self._config)
            self._tell(local("wrong", texts.WRONG_TITLE, texts.wrong(command)))

    def _tell_failure(self, error: ClientError) -> None:
        said = texts.failure(clean(error.message, 300), clean(error.hint, 300))
        self._tell(local("failure", texts.NOT_DONE, said))


def starts_at_login(config: str | None) -> bool | None:
    """Whether the tray starts at login; None where that cannot be read, and where there is no such thing."""
    try:
        return autostart.starts_at_login(config)
    except ClientError as error:
        log.warning("%s", error.message)
        return None


def _refreshed(answer: Mapping[str, Any]) -> Refresh:
    if answer.get("ok") is not True:
        return Refresh(error=text(answer.get("error")) or texts.SEE_THE_LOG)
    increases = answer.get("increases")
    return Refresh(increases=increases if isinstance(increases, int) else 0)
