"""Where warnings go besides the desktop: webhooks and Apprise's addresses, each under a name without its secrets."""

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hexmeter.config.faults import NotAllowed, checked_entries

DESKTOP = "desktop"
_LONGEST = 2_000
_APPRISE = re.compile(r"[a-z][a-z0-9+.-]{0,40}://.+", re.IGNORECASE)
_HOSTED = frozenset({"json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos"})
"""Apprise's schemes whose host is one. In others, such as slack:// and tgram://, a token stands in its place."""

ALLOWED = (
    'a list of addresses: "https://…" for a webhook (plain http only to this machine), or one of Apprise\'s such as'
    ' "slack://…"'
)


class Address(str):
    """A channel's address, which holds secrets. Its repr hides it, so that no traceback or log line can show it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Address(…)"


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to tell: `name` is for people, the database and the API, and gives no secret away."""

    name: str
    address: Address

    @property
    def is_webhook(self) -> bool:
        """Whether we send it ourselves, as a webhook; all others are Apprise's."""
        return self.address.lower().startswith(("https://", "http://"))


@dataclass(frozen=True, slots=True)
class ChannelPlan:
    """What `[notify]` says besides the desktop. `common` are told of everything, those in `by_email` of a person's own
    meters. `secret_file` holds the key that signs webhooks."""

    common: tuple[Channel, ...] = ()
    by_email: Mapping[str, tuple[Channel, ...]] = field(default_factory=dict)
    secret_file: Path | None = None

    def by_name(self) -> dict[str, Channel]:
        """All channels, each once."""
        return {channel.name: channel for channel in (*self.common, *sum(self.by_email.values(), ()))}

    def told_of(self, meter_id: str | None) -> tuple[str, ...]:
        """The names of the channels that are told of a meter (by its id for people); None: of what is no meter's."""
        _, _, whose = (meter_id or "").partition(":")
        return tuple(dict.fromkeys(channel.name for channel in (*self.common, *self.by_email.get(whose, ()))))

    def persons(self) -> dict[str, str]:
        """The email of the one person that a channel tells of nothing but their own, by the channel's name."""
        common = {channel.name for channel in self.common}
        owners: dict[str, set[str]] = {}
        for email, channels in self.by_email.items():
            for channel in channels:
                owners.setdefault(channel.name, set()).add(email)
        return {name: min(emails) for name, emails in owners.items() if len(emails) == 1 and name not in common}


def channels(value: Any) -> tuple[Channel, ...]:
    """A check for a list of addresses; the same one twice is one."""
    if not isinstance(value, list):
        raise NotAllowed(ALLOWED)
    wrong = [str(number) for number, address in enumerate(value, 1) if not _is_address(address)]
    if wrong:
        raise NotAllowed(f"{ALLOWED}; not so: number {', '.join(wrong)} of them")
    found = [Channel(safe_name(address), Address(address)) for address in value]
    return tuple({channel.name: channel for channel in found}.values())


def channels_by_email(value: Any) -> Mapping[str, tuple[Channel, ...]]:
    """A check for a table of email = addresses; emails are lower-cased. Raises NotAllowedIn with all wrong entries."""
    if not isinstance(value, dict):
        raise NotAllowed('a table of "email" = a list of addresses')
    return checked_entries(value, _of_person)


def safe_name(address: str) -> str:
    """The stable name of an address: what kind it is, its host where that is none of the secrets, and a short hash.

    A password is no part of the hash: whoever reads the name could try out passwords against it.
    """
    url = urlsplit(address)
    scheme = "webhook" if url.scheme in ("http", "https") else url.scheme
    host = f":{url.hostname}" if url.hostname and (scheme == "webhook" or scheme in _HOSTED) else ""
    user, _, place = url.netloc.rpartition("@")
    known = url._replace(netloc=f"{user.partition(':')[0]}@{place}").geturl()
    return f"{scheme}{host}:{hashlib.sha256(known.encode()).hexdigest()[:8]}"


def named(wanted: str, names: Collection[str]) -> str | None:
    """The one of `names` that is `wanted`, or that alone begins so."""
    found = [name for name in names if name == wanted] or [name for name in names if name.startswith(wanted)]
    return found[0] if len(found) == 1 else None


def masked(value: Any) -> Any:
    """A value that may hold addresses, with nothing of them but their schemes."""
    if isinstance(value, str):
        scheme, found, _ = value.partition("://")
        return f"{scheme}://…" if found and scheme.isalnum() else "…"
    if isinstance(value, list):
        return [masked(item) for item in value]
    if isinstance(value, dict):
        return {masked(name) if "://" in name else name: masked(item) for name, item in value.items()}
    return value


def _of_person(email: str, value: Any) -> tuple[str, tuple[Channel, ...]]:
    if "@" not in email or "://" in email:
        raise NotAllowed('"email" = a list of addresses')
    return email.lower(), channels(value)


def _is_address(value: Any) -> bool:
    if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable() or " " in value:
        return False
    try:
        url = urlsplit(value)
        host, _ = url.hostname or "", url.port
    except ValueError:
        return False
    if url.scheme in ("http", "https"):
        return bool(host) and value.isascii() and (url.scheme == "https" or is_loopback(host))
    return _APPRISE.fullmatch(value) is not None


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's own."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
