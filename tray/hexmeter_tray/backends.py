"""Which backends the tray uses and why: the configuration's words and what the desktop offers in, a choice out."""

from dataclasses import dataclass
from typing import Any

from hexmeter.core.backends import AUTO, DBUS, PLYER, PYSTRAY, SNI
from hexmeter_tray import texts


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the desktop offers. All but `platform` is about Linux and the like.

    `screen`: one is named; `x11`: an X display can be opened; `xembed`: a tray for XEmbed icons is on it; `no_bus`: why
    the session's bus cannot be used, empty if it can; `watcher`: a host of StatusNotifierItems is on it; `service`:
    the notification service that answers, if one was asked for and does; `wayland`: the screen is Wayland's, whose X
    display is started for old programs alone.
    """

    platform: str
    screen: bool = False
    x11: bool = False
    xembed: bool = False
    no_bus: str = "it was not looked for"
    watcher: bool = False
    service: str | None = None
    wayland: bool = False

    @property
    def bus(self) -> bool:
        """Whether the session's bus can be used."""
        return not self.no_bus

    @property
    def native(self) -> bool:
        """Whether the platform has a tray of its own, and neither D-Bus nor X11."""
        return self.platform in ("win32", "darwin")


@dataclass(frozen=True, slots=True)
class Choice:
    """A backend and why it; `problem` is what the user should know, empty if all is well. No backend: it cannot be."""

    backend: str | None
    reason: str
    problem: str = ""


def choose_tray(wanted: str, around: Surroundings) -> Choice:
    """How the icon is shown."""
    if around.native:
        if wanted == SNI:
            return Choice(None, texts.configured("tray", wanted), texts.ONLY_ON_LINUX)
        return Choice(PYSTRAY, texts.NATIVE_TRAY)
    if not around.screen:
        return Choice(None, texts.NO_SCREEN, texts.NO_SCREEN)
    if wanted == SNI:
        return _sni(texts.configured("tray", wanted), around)
    if wanted == PYSTRAY:
        return _pystray(texts.configured("tray", wanted), around)
    if around.watcher:
        return _sni(texts.WATCHER_IS_THERE, around)
    if around.xembed:
        return _pystray(texts.ONLY_XEMBED, around)
    if around.bus:
        return _sni(texts.NO_HOST_YET, around)
    if around.x11:
        return _pystray(texts.NO_BUS, around)
    said = texts.neither_bus_nor_x11(around.no_bus)
    return Choice(None, said, said)


def changes_over(wanted: str, around: Surroundings) -> bool:
    """Whether the icon follows the panels, as one of the other kind comes."""
    return wanted == AUTO and around.bus and around.x11 and not around.wayland


def choose_notifier(wanted: str, around: Surroundings) -> Choice:
    """How warnings are shown."""
    if around.native:
        if wanted == DBUS:
            return Choice(None, texts.configured("notify", wanted), texts.ONLY_ON_LINUX)
        return Choice(PLYER, texts.NATIVE_NOTIFICATIONS)
    no_bus = texts.no_bus_no_notices(around.no_bus)
    problem = "" if around.service else texts.NO_SERVICE if around.bus else no_bus
    if wanted == DBUS and not around.bus:
        return Choice(None, texts.configured("notify", wanted), no_bus)
    if wanted != AUTO:
        return Choice(wanted, texts.configured("notify", wanted), problem)
    if not around.bus:
        return Choice(PLYER, texts.NO_BUS, problem)
    return Choice(DBUS, texts.service_is(around.service) if around.service else texts.SESSION_BUS, problem)


def document(tray: Choice, notifier: Choice, around: Surroundings) -> dict[str, Any]:
    """`hexmeter-tray --which --json`."""
    return {
        "schema": 1,
        "tray": _choice_document(tray),
        "notify": {**_choice_document(notifier), "service": around.service},
    }


def lines(tray: Choice, notifier: Choice) -> list[str]:
    """`hexmeter-tray --which`."""
    said = []
    for name, choice in (("tray", tray), ("notify", notifier)):
        said.append(f"{name}: {choice.backend or 'none'} ({choice.reason})")
        if choice.problem and choice.problem != choice.reason:
            said.append(f"  {choice.problem}")
    return said


def _sni(reason: str, around: Surroundings) -> Choice:
    if not around.bus:
        return Choice(None, reason, texts.no_bus_no_sni(around.no_bus))
    return Choice(SNI, reason, "" if around.watcher else texts.NO_WATCHER)


def _pystray(reason: str, around: Surroundings) -> Choice:
    if not around.x11:
        return Choice(None, reason, texts.NO_X11)
    return Choice(PYSTRAY, reason, "" if around.xembed else texts.NO_XEMBED)


def _choice_document(choice: Choice) -> dict[str, Any]:
    return {"backend": choice.backend, "reason": choice.reason, "problem": choice.problem or None}
