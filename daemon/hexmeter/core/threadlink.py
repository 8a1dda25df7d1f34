"""The id of a thread from what a person pastes: its link, or the id itself."""

import re
from urllib.parse import unquote, urlsplit

from hexmeter.core.strings import without_tokens

MAX_ID_LENGTH = 200
EXPECTED = "copy the thread's address from the browser, or give its id, such as 0190f0a0-1c2d-7e3f-8a4b-5c6d7e8f9a0b"

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.~-]*")
_MARK = re.compile(r"[0-9_-]")
_FOLDERS = ("thread", "threads")


def thread_id_of(link: str) -> str | None:
    """The thread's id in `link`, or None. In a link it is the last UUID of the path, else the path's last word.

    Hex does not document the form of its links; ids are UUIDs wherever it shows them. A word of letters alone is no id,
    unless a link says that a thread is what it names.
    """
    text = link.strip()
    if "/" not in text:
        return text if _is_id(text) and _MARK.search(text) else None
    try:
        path = unquote(urlsplit(text if "://" in text else f"https://{text}").path)
    except ValueError:
        return None
    if uuids := _UUID.findall(path):
        return str(uuids[-1])
    folder, last = ["", *path.rstrip("/").split("/")][-2:]
    return last if _is_id(last) and (folder in _FOLDERS or _MARK.search(last)) else None


def _is_id(word: str) -> bool:
    # What was meant for another question must get into no table, and into no request's path.
    return len(word) <= MAX_ID_LENGTH and _ID.fullmatch(word) is not None and without_tokens(word) == word
