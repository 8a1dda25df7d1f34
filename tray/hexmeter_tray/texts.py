"""Every sentence the tray shows, in one place: figures and times in, plain text out."""

from datetime import tzinfo

from hexmeter.core.credits import MICRO, format_credits
from hexmeter.core.instants import to_datetime
from hexmeter.core.outlooktexts import SO_LITTLE, SO_MUCH, moment

APP_NAME = "Hexmeter"
ABSENT = "The daemon is not running"
NO_METERS = "No figures yet"
REFRESH = "Refresh now"
REFRESHING = "Refreshing…"
OPEN_HEX = "Open Hex"
OPEN_DASHBOARD = "Open dashboard"
PAUSE = "Pause"
PAUSE_HOUR = "For 1 hour"
PAUSE_TO_TOMORROW = "Until tomorrow"
SNOOZE = "Snooze until tomorrow"
SNOOZE_TO_RESET = "Snooze until the reset"
UNSNOOZE = "End the snooze"
ACKNOWLEDGE = "Acknowledge"
UNACKNOWLEDGE = "Take the acknowledgement back"
MUTE_KIND = "Mute this kind"
UNMUTE_KIND = "Unmute this kind"
MUTE_METER = "Mute this meter"
UNMUTE_METER = "Unmute this meter"
WRONG = "This is wrong"
START_AT_LOGIN = "Start at login"
ABOUT = "About Hexmeter"
NOT_DONE = "Hexmeter could not do that"
COPY_EXAMPLE = "copy config.example.toml there"
SEE_THE_LOG = "see the daemon's log"
WRONG_TITLE = "Set it to what Hex shows"
ANOTHER_TRAY = "another tray shows this configuration in this session already"
QUIT = "Quit"
UNKNOWN = "unknown"
GRANT = "Grant"

NO_SCREEN = "no screen: neither DISPLAY nor WAYLAND_DISPLAY is set; start it inside a desktop session"
ONLY_ON_LINUX = 'there is no D-Bus session on this platform; take backend = "auto"'
NATIVE_TRAY = "this platform's own tray"
NATIVE_NOTIFICATIONS = "this platform's own notifications"
WATCHER_IS_THERE = "the desktop shows StatusNotifierItem icons"
ONLY_XEMBED = "the panel shows XEmbed icons and no StatusNotifierItem icons"
NO_HOST_YET = "no tray is running yet; most desktops show StatusNotifierItem icons"
NO_WATCHER = (
    "no tray host is running: the icon will appear when one does, notifications work without"
    " (GNOME needs its AppIndicator extension)"
)
NO_XEMBED = "no tray is on this X display: the icon will appear when one is"
NO_X11 = 'the X display cannot be opened, and pystray needs one; take [tray] backend = "auto"'
NO_BUS = "there is no D-Bus session"
NO_BUS_ADDRESS = "DBUS_SESSION_BUS_ADDRESS is not set"
SESSION_BUS = "there is a D-Bus session"
NO_SERVICE = "no notification service is running: warnings wait until one is"


def command(config: str | None, words: str) -> str:
    """A command for this configuration."""
    return f"hexmeter --config {config} {words}" if config else f"hexmeter {words}"


def absent_hint(config: str | None) -> str:
    """What to do about a daemon that is not running, as the end of a sentence."""
    return f"start it with: {command(config, 'daemon')}"


def amount(credits: float) -> str:
    """Credits (or runs) with at most two decimals; something is never shown as nothing."""
    if 0 < credits < 0.005:
        return "less than 0.01"
    return format_credits(round(credits * MICRO))


def left(remaining: float, limit: float, bound: str) -> str:
    """`27.5 of 40 left`, marked when it is not exact."""
    qualifier = SO_LITTLE.get(bound, "") if remaining > 0 else ""
    return f"{qualifier}{amount(remaining)} of {amount(limit)} left"


def used_only(used: float, bound: str) -> str:
    """For a meter whose limit is not known."""
    return f"{SO_MUCH.get(bound, '')}{amount(used)} used, limit unknown"


def overdrawn(used: float, bound: str) -> str:
    """What was used beyond the limit is drawn from elsewhere, so how much it was is said."""
    return f"{SO_MUCH.get(bound, '')}{amount(used)} used"


def remarks(given: list[str]) -> str:
    """What stands in brackets behind a figure; nothing for none."""
    return f" ({', '.join(given)})" if given else ""


def meter_line(label: str, figure: str, *, alone: bool) -> str:
    """`ed@acme.test: 27.5 of 40 left`; a meter shown alone needs no colon."""
    return f"{label} {figure}" if alone else f"{label}: {figure}"


def outlook(clause: str) -> str:
    """The forecast's part of a meter's line."""
    return f" · {clause}"


def spoken(line: str, state: str) -> str:
    """A meter's line as a screen reader says it, with what the eye sees by colour."""
    return f"{line}, {state}"


def today(used: float, bound: str) -> str:
    """What today cost."""
    return f"Today {SO_MUCH.get(bound, '')}{amount(used)} used"


def dearest(credits: float, who: str) -> str:
    """Today's dearest prompt, and whose it was where there are several people."""
    return f" · dearest prompt {amount(credits)}" + (f" ({who})" if who else "")


def paused(until: str) -> str:
    """Why the figures stand still."""
    return f"Paused until {until}: figures stand still"


def resume(until: str) -> str:
    """The entry that ends a pause."""
    return f"Resume (paused until {until})"


def acknowledged(title: str) -> str:
    """An alert that nobody need be told of any more."""
    return f"{title} (acknowledged)"


def snoozed(title: str, until: str) -> str:
    """An alert that is told again later."""
    return f"{title} (snoozed until {until})"


def muted(title: str) -> str:
    """An alert of a kind or a meter that was muted."""
    return f"{title} (muted)"


def all_of_kind(kind: str) -> str:
    """A kind of alert that was muted, as `hexmeter alerts` calls it."""
    return f"all of kind {kind}"


def all_muted(whats: list[str]) -> str:
    """What nothing is told of."""
    return f"Muted: {', '.join(whats)}"


def unmute(what: str) -> str:
    """The entry that lets a kind or a meter be told of again."""
    return f"Unmute {what}"


def note(said: str) -> str:
    """What the daemon notes, as `hexmeter status` prints it."""
    return f"Note: {said}"


def more_notes(count: int, config: str | None) -> str:
    """For the notes that are not listed, and what prints them."""
    return f"{and_more(count)}: {command(config, 'status')}"


def figure_of(when: str) -> str:
    """The remark on a stale figure."""
    return f"as of {when}"


def and_more(count: int) -> str:
    """For the meters that are not listed."""
    return f"and {count} more"


def stale(since: str | None) -> str:
    """Why the figures are old; None: there never was a good reading."""
    return f"No good reading since {since}" if since else "No good reading yet"


def poll_failed(reason: str) -> str:
    """The last poll's error."""
    return f"Last poll failed: {reason}"


def progress(done: int, of: int | None) -> str:
    """How far the first reading of the history is, in threads; until its end figures can only be too low."""
    far = f"{done} of {of} threads" if of is not None else f"{done} threads so far"
    return f"Reading the history: {far}, figures still grow"


def refreshed(increases: int, when: str) -> str:
    """What a refresh found."""
    found = "nothing new" if not increases else "1 increase" if increases == 1 else f"{increases} increases"
    return f"{REFRESH} ({found} at {when})"


def refresh_failed(reason: str, when: str) -> str:
    """Why a refresh brought nothing."""
    return f"{REFRESH} (failed at {when}: {reason})"


def clock(at_ms: int, now_ms: int, zone: tzinfo | None) -> str:
    """`14:02` today, else `Thu 26 Nov 14:02`; a zone of None is the desktop's own."""
    at, now = to_datetime(at_ms).astimezone(zone), to_datetime(now_ms).astimezone(zone)
    return f"{at:%H:%M}" if at.date() == now.date() else moment(at_ms, zone)


def configured(table: str, backend: str) -> str:
    """Why a backend was taken that the configuration names."""
    return f'[{table}] backend = "{backend}"'


def service_is(service: str) -> str:
    """Which notification service answers."""
    return f"{service} shows notifications"


def no_bus_no_sni(why: str) -> str:
    """A StatusNotifierItem was asked for where there is no bus."""
    return (
        f"the D-Bus session bus cannot be used ({why}), and StatusNotifierItem needs one; start it inside a"
        " desktop session"
    )


def no_bus_no_notices(why: str) -> str:
    """No notification can be shown."""
    return f"the D-Bus session bus cannot be used ({why}), so warnings wait: hexmeter alerts shows them"


def neither_bus_nor_x11(why: str) -> str:
    """No icon can be shown."""
    return (
        f"the D-Bus session bus cannot be used ({why}), and no X display can be opened; start it inside a"
        " desktop session"
    )


def plyer_hung(seconds: float) -> str:
    """plyer blocked."""
    return f"plyer did not end in {seconds:g} s"


def plyer_failed(reason: str) -> str:
    """plyer could not show a notice."""
    return f"plyer could not show it: {reason}"


def x11_failed(reason: str) -> str:
    """The X display was there a moment ago."""
    return f"the X display cannot be used: {reason}"


def x11_lost(reason: str) -> str:
    """The X server ended, as it does with the session."""
    return f"the X display went away ({reason})"


def bus_lost(reason: str) -> str:
    """The session bus ended, as it does with the session."""
    return f"the D-Bus session bus went away ({reason})"


def calibrate_command(meter: str, config: str | None) -> str:
    """What sets a meter to the figure that Hex shows, for this configuration."""
    return command(config, f"calibrate {meter} --used N")


def wrong(command: str) -> str:
    """How a figure is put right that differs from Hex's own."""
    return (
        "Some AI features are free in Hex, and a token may not see every thread, so sums can differ from Hex's own"
        f" page. Read there how many credits are used (N), then run: {command}"
    )


def failure(message: str, hint: str) -> str:
    """What went wrong, and what to try."""
    return f"{message}; {hint}" if hint else message


def about(version: str, daemon: str, socket: str, backends: str) -> str:
    """What this is and how it runs; `daemon` says which daemon answers, or why none does."""
    return f"Version {version}. {daemon} ({socket}). {backends}"


def daemon_of(version: str) -> str:
    """Which daemon answers."""
    return f"Daemon {version or 'of an unknown version'}"


def backends_are(tray: str, tray_reason: str, notify: str, notify_reason: str) -> str:
    """How the icon and the notifications are shown, and why so."""
    return f"Icon: {tray} ({tray_reason}). Notifications: {notify} ({notify_reason})."


def no_such_file(path: str) -> str:
    """A configuration was named that is not there."""
    return f"{path}: there is no such file"


def not_allowed(path: str, table: str, given: str) -> str:
    """A backend that does not exist; `given` is in quotes where it is text."""
    return f"{path}: {table}.backend = {given} is no backend"


def one_of(allowed: tuple[str, ...]) -> str:
    """What may stand there."""
    return "take one of " + ", ".join(f'"{word}"' for word in allowed)
