"""Install the daemon as a service, remove it, or say how it stands; with --tray also the tray at login."""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from hexmeter.cli import units
from hexmeter.cli.configuration import read_config
from hexmeter.cli.explained import Explained
from hexmeter.cli.helps import end_with
from hexmeter.config.privatefile import others_may_read
from hexmeter.config.token import TokenError, token_source
from hexmeter.wire.address import config_path, marked
from hexmeter.wire.autostart import (
    autostart_file,
    start_at_login,
    starts_at_login,
    stop_at_login,
    tray_command,
)

_SYSTEM_FOLDER = Path("/etc/systemd/system")
_EXIT_FAILED, _EXIT_USAGE = 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter service`."""
    parser.add_argument("verb", choices=("install", "uninstall", "status", "print"), help="what to do")
    parser.add_argument("--system", action="store_true", help="for the machine, run by a user of its own; needs root")
    parser.add_argument("--group", metavar="NAME", help="with --system: who else may use the local API")
    parser.add_argument("--tray", action="store_true", help="also the tray's start at login")
    parser.add_argument("--no-start", action="store_true", help="with install: write the files and start nothing")
    parser.add_argument("--launchd", action="store_true", help="with print: the agents for macOS")
    end_with(
        parser,
        "A user's service runs while the user is logged in; loginctl enable-linger lets it run always.",
        "hexmeter service install --tray",
        "hexmeter service print --system",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter service`."""
    if arguments.launchd or sys.platform == "darwin":
        return _launchd(arguments)
    verbs = {"install": _install, "uninstall": _uninstall, "status": _status, "print": _print}
    return verbs[arguments.verb](arguments)


def _print(arguments: argparse.Namespace) -> int:
    print(_text(arguments), end="")
    return 0


def _install(arguments: argparse.Namespace) -> int:
    path = _path(arguments)
    if arguments.system:
        _check_system(arguments)
    else:
        _check_user(arguments.config)
    text, before = _text(arguments), _read_ours(path)
    if before != text:
        _write(path, text)
    print(f"{path}: {'written' if before is None else 'is up to date' if before == text else 'written anew'}")
    if arguments.tray:
        install_tray(arguments.config)
    if arguments.no_start:
        return 0
    if not _manager_answers(arguments):
        print(f"No service manager answers here. To start it: {_told(arguments, 'enable', '--now', path.name)}")
        return 0
    _systemctl(arguments, "daemon-reload")
    _systemctl(arguments, "enable", "--now", path.name)
    if before not in (None, text):
        _systemctl(arguments, "restart", path.name)
    print(
        f"{path.name}: enabled and started; its log: journalctl {'' if arguments.system else '--user '}-u {path.stem}"
    )
    return 0


def _uninstall(arguments: argparse.Namespace) -> int:
    path = _path(arguments)
    if _read_ours(path) is None:
        print(f"{path}: there is none")
    else:
        if _manager_answers(arguments):
            _systemctl(arguments, "disable", "--now", path.name)
        _remove(path)
        if _manager_answers(arguments):
            _systemctl(arguments, "daemon-reload")
        print(f"{path}: removed")
    if not arguments.system and stop_at_login(arguments.config):
        print(f"{autostart_file(arguments.config)}: removed")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    path = _path(arguments)
    if path.exists():
        state = "installed" if _is_ours(path) else "there, but not written by Hexmeter"
        if _manager_answers(arguments):
            asked = _run(arguments, "is-active", path.name)
            state += f", {asked.stdout.strip() or 'unknown'}"
    else:
        state = "not installed"
    print(f"service: {state} ({path})")
    if not arguments.system:
        at_login = "starts at login" if starts_at_login(arguments.config) else "does not start at login"
        print(f"tray: {at_login} ({autostart_file(arguments.config)})")
    return 0


def _launchd(arguments: argparse.Namespace) -> int:
    command = _command(config_path(arguments.config), own=bool(marked("", config_path(arguments.config))))
    agents = list(units.launchd_agents(command, tray_command(arguments.config), Path.home()))
    for path, content in agents:
        if arguments.verb == "print":
            print(f"<!-- {path} -->\n{content.decode()}", end="")
        elif arguments.verb == "install":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            print(f"{path}: written; to start it: launchctl bootstrap gui/$(id -u) {path}")
        elif arguments.verb == "uninstall":
            path.unlink(missing_ok=True)
            print(f"{path}: removed; to end what runs: launchctl bootout gui/$(id -u)/{path.stem}")
        else:
            print(f"{path}: {'installed' if path.exists() else 'not installed'}")
    return 0


def is_possible() -> bool:
    """Whether a manager of user services answers here."""
    return sys.platform == "darwin" or _manager_answers(argparse.Namespace(system=False))


def install_tray(config: str | None) -> None:
    """Have the tray start at login, and say so. Raises ClientError."""
    written = start_at_login(config)
    print(f"{autostart_file(config)}: {'written' if written else 'is up to date'}")


def _text(arguments: argparse.Namespace) -> str:
    version = _systemd_version()
    if arguments.system:
        command = _command(str(units.SYSTEM_CONFIG), own=True)
        return units.system_unit(units.Service(command, version, group=arguments.group))
    path = config_path(arguments.config)
    command = _command(str(Path(path).absolute()), own=bool(marked("", path)))
    config = read_config(arguments.config)
    return units.user_unit(units.Service(command, version, starts_programs=config.token.command is not None))


def _command(config: str, *, own: bool) -> list[str]:
    """The command of this installation; with --config when it is not the default configuration."""
    program = Path(sys.executable).with_name("hexmeter")
    command = [str(program)] if program.exists() else [sys.executable, "-m", "hexmeter"]
    return [*command, "--config", config] if own else command


def _path(arguments: argparse.Namespace) -> Path:
    if arguments.system:
        return _SYSTEM_FOLDER / "hexmeter.service"
    given = os.environ.get("XDG_CONFIG_HOME", "").strip()
    folder = Path(given) if given else Path.home() / ".config"
    return folder / "systemd" / "user" / f"{marked('hexmeter', config_path(arguments.config))}.service"


def _check_user(config_file: str | None) -> None:
    """That the configuration is good, for a service that cannot start is no help; say where a token is missing."""
    config = read_config(config_file)
    try:
        token_source(config.token, {})
    except TokenError:
        print("A service does not have your shell's HEX_TOKEN: hexmeter setup stores the token where it finds it.")


def _check_system(arguments: argparse.Namespace) -> None:
    """That a system service could run, and that it has a configuration to begin with. Raises Explained."""
    if os.geteuid() != 0:
        raise Explained("a system service is installed by root", "sudo hexmeter service install --system", _EXIT_FAILED)
    # An environment of its own may be made from a Python that is in a home all the same.
    for program in (Path(sys.executable), Path(sys.executable).resolve()):
        if any(program.is_relative_to(home) for home in ("/home", "/root", "/run/user")):
            raise Explained(
                f"a system service cannot run {program}, which is in somebody's home",
                "install Hexmeter elsewhere, by the system's Python:"
                " /usr/bin/python3 -m venv /opt/hexmeter && /opt/hexmeter/bin/pip install hexmeter",
                _EXIT_FAILED,
            )
    if not units.SYSTEM_CONFIG.exists():
        _write(units.SYSTEM_CONFIG, units.system_config(arguments.group))
        print(f"{units.SYSTEM_CONFIG}: written; set tier and reset_day in it")
    config = read_config(str(units.SYSTEM_CONFIG))
    if config.socket is None:
        hint = f'add to it: [api] socket = "{units.SYSTEM_SOCKET}"'
        raise Explained(f"{units.SYSTEM_CONFIG} does not say where the socket is", hint, _EXIT_USAGE)
    if not units.SYSTEM_TOKEN.exists():
        how = f"put it there: (umask 077; cat > {units.SYSTEM_TOKEN})"
        raise Explained(f"there is no token at {units.SYSTEM_TOKEN}", how, _EXIT_USAGE)
    if others_may_read(units.SYSTEM_TOKEN):
        mend = f"make it root's alone: chmod 600 {units.SYSTEM_TOKEN}"
        raise Explained(f"others may read the token file {units.SYSTEM_TOKEN}", mend, _EXIT_USAGE)


def _is_ours(path: Path) -> bool:
    return path.read_text(encoding="utf-8", errors="replace").startswith(units.MARK)


def _read_ours(path: Path) -> str | None:
    """The unit that is there, None for none. Raises Explained for one that somebody else wrote."""
    if not path.exists():
        return None
    if not _is_ours(path):
        hint = "move it away, then try again"
        raise Explained(f"{path} was not written by Hexmeter, and is left alone", hint, _EXIT_FAILED)
    return path.read_text(encoding="utf-8")


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Explained(f"cannot write {path}: {error.strerror}", "check its folder", _EXIT_FAILED) from None


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise Explained(f"cannot remove {path}: {error.strerror}", "check its folder", _EXIT_FAILED) from None


def _manager_answers(arguments: argparse.Namespace) -> bool:
    """Whether a systemd that could run the unit is there."""
    runtime = "/run" if arguments.system else os.environ.get("XDG_RUNTIME_DIR", "/nowhere")
    return shutil.which("systemctl") is not None and Path(runtime, "systemd", "private").exists()


def _systemctl(arguments: argparse.Namespace, *words: str) -> None:
    done = _run(arguments, *words)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        what = f"{_told(arguments, *words)} failed" + (f": {said[-1]}" if said else "")
        raise Explained(what, _told(arguments, "status", _path(arguments).name), _EXIT_FAILED)


def _run(arguments: argparse.Namespace, *words: str) -> subprocess.CompletedProcess[str]:
    command = _told(arguments, *words).split()
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (our own words)


def _told(arguments: argparse.Namespace, *words: str) -> str:
    manager: Sequence[str] = ("systemctl",) if arguments.system else ("systemctl", "--user")
    return " ".join((*manager, *words))


def _systemd_version() -> int:
    """systemd's version here; one that knows little where there is none."""
    program = shutil.which("systemctl")
    if program is None:
        return 0
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    found = re.search(r"\d+", said)
    return int(found[0]) if found else 0
