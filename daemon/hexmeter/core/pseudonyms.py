"""Pseudonyms: the same name for the same person or thread each time, which tells nobody without the key who it is."""

import hmac
from hashlib import sha256

_DIGITS = 12
_PERSON, _GRANT = "user", "grant:user:"


def pseudonym(key: bytes, kind: str, value: str) -> str:
    """A name such as user-1f3a…, by a keyed hash of what it stands for."""
    return f"{kind}-{hmac.new(key, f'{kind}:{value}'.encode(), sha256).hexdigest()[:_DIGITS]}"


def meter_pseudonym(key: bytes, meter_key: str) -> str:
    """The id of a meter without the name in it: people's are called after their person's pseudonym, those of groups and
    of what one allocation caps after their own; what belongs to the workspace stays."""
    if meter_key.startswith(_GRANT):
        return "grant:" + pseudonym(key, _PERSON, meter_key.removeprefix(_GRANT))
    kind, colon, name = meter_key.partition(":")
    return f"{kind}:{pseudonym(key, kind, name)}" if colon else kind
