"""The files that the page links: its style, its script and its icon."""

from importlib.resources import files


def style() -> bytes:
    """`/style.css`."""
    return _file("style.css")


def script() -> bytes:
    """`/live.js`: puts in what changed, and says when the connection is lost."""
    return _file("live.js")


def icon() -> bytes:
    """`/icon.svg`."""
    return _file("icon.svg")


def _file(name: str) -> bytes:
    return files(__name__).joinpath(name).read_bytes()
