"""The key that signs webhooks: from HEXMETER_WEBHOOK_SECRET, or from a file that its owner alone can read."""

from collections.abc import Mapping
from pathlib import Path

from hexmeter.config.privatefile import LONGEST, NotPrivate, read_private

VARIABLE = "HEXMETER_WEBHOOK_SECRET"


def read_webhook_secret(file: Path | None, environ: Mapping[str, str]) -> bytes | None:
    """The key in force now, without the spaces around it; None where none is set. Raises NotPrivate."""
    given = environ.get(VARIABLE, "")
    if not given and file is None:
        return None
    place = "[notify] webhook_secret_file"
    if not given and file is not None:
        given = read_private(file, "webhook secret", place)
    key = given.strip().encode()
    if not 0 < len(key) <= LONGEST:
        raise NotPrivate(f"the webhook secret is empty, or longer than {LONGEST} bytes", f"check {VARIABLE} or {place}")
    return key
