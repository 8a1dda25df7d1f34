"""The tray's start at login: one file in the XDG autostart folder, which the command line and the tray both keep."""

import os
import sys
from pathlib import Path

from hexmeter.wire.address import config_path, marked
from hexmeter.wire.client import ClientError

_OURS = "X-Hexmeter=true"
_QUOTED = set('"`$\\')


def autostart_file(config: str | None = None) -> Path:
    """Where the file is for this configuration (None: the one in force)."""
    given = os.environ.get("XDG_CONFIG_HOME", "").strip()
    folder = Path(given) if given else Path.home() / ".config"
    return folder / "autostart" / f"{marked('hexmeter-tray', config_path(config))}.desktop"


def starts_at_login(config: str | None = None) -> bool:
    """Whether the tray starts at login; desktops switch a file off by a line of their own in it."""
    lines = _lines(autostart_file(config))
    return _OURS in lines and not {"Hidden=true", "X-GNOME-Autostart-enabled=false"} & set(lines)


def start_at_login(config: str | None = None) -> bool:
    """Write the file; whether that changed anything. Raises ClientError."""
    path, content = autostart_file(config), _content(config)
    lines = _lines(path)
    if "\n".join(lines) == content.strip():
        return False
    _leave_alone_what_is_not_ours(path, lines)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise ClientError(f"cannot write {path}: {error.strerror}", "check its folder") from None
    return True


def stop_at_login(config: str | None = None) -> bool:
    """Remove the file; whether there was one. Raises ClientError."""
    path = autostart_file(config)
    lines = _lines(path)
    if not lines:
        return False
    _leave_alone_what_is_not_ours(path, lines)
    try:
        path.unlink()
    except OSError as error:
        raise ClientError(f"cannot remove {path}: {error.strerror}", "check its folder") from None
    return True


def tray_command(config: str | None = None) -> list[str]:
    """The command that starts this installation's tray with this configuration."""
    program = Path(sys.executable).with_name("hexmeter-tray")
    command = [str(program)] if program.exists() else [sys.executable, "-m", "hexmeter_tray"]
    path = config_path(config)
    return [*command, "--config", os.path.abspath(path)] if marked("", path) else command  # noqa: PTH100 (links stay)


def _content(config: str | None) -> str:
    return "\n".join(
        (
            "[Desktop Entry]",
            "Type=Application",
            "Name=Hexmeter",
            "Comment=Shows what is left of your Hex credits",
            f"Exec={' '.join(map(_quoted, tray_command(config)))}",
            "Terminal=false",
            "X-GNOME-Autostart-enabled=true",
            _OURS,
            "",
        )
    )


def _quoted(word: str) -> str:
    """A word of Exec: in quotes, escaped for them, and once more as every string of such a file is."""
    inner = "".join(f"\\{letter}" if letter in _QUOTED else letter for letter in word.replace("%", "%%"))
    return '"' + inner.replace("\\", "\\\\") + '"'


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ClientError(f"cannot read {path}: {error.strerror}", "check its permissions") from None


def _leave_alone_what_is_not_ours(path: Path, lines: list[str]) -> None:
    if lines and _OURS not in lines:
        raise ClientError(f"{path} was not written by Hexmeter, and is left alone", "move it away, then try again")
