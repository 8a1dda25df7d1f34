"""Where the socket is: the daemon, the command line and the tray must find the same one."""

import hashlib
import os
import tempfile
from pathlib import Path

import pytest
from platformdirs.unix import Unix

from hexmeter.config.load import parse
from hexmeter.wire.address import (
    Unreadable,
    check_folder,
    config_path,
    default_config_path,
    default_database_path,
    runtime_folder,
    socket_path,
)
from hexmeter.wire.client import ClientError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own."""
    for name, folder in (("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data"), ("XDG_RUNTIME_DIR", "run")):
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.delenv("HEXMETER_CONFIG", raising=False)
    (tmp_path / "config" / "hexmeter").mkdir(parents=True)
    return tmp_path


def named_after(path: Path) -> str:
    return f"api-{hashlib.sha256(str(path).encode()).hexdigest()[:8]}.sock"


def test_the_default_configuration_has_the_plain_name(home: Path) -> None:
    plain = str(home / "run" / "hexmeter" / "api.sock")
    default = home / "config" / "hexmeter" / "config.toml"
    assert default_config_path() == str(default)
    assert default_database_path() == str(home / "data" / "hexmeter" / "hexmeter.db")
    assert (socket_path(), socket_path(str(default))) == (plain, plain)
    default.write_text("[plan]\n")
    assert socket_path() == plain


def test_another_configuration_is_named_after_its_real_path(home: Path) -> None:
    other = home / "other.toml"
    other.touch()
    assert socket_path(str(other)) == str(home / "run" / "hexmeter" / named_after(other.resolve()))


def test_a_link_and_a_relative_path_mean_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other, link = home / "other.toml", home / "link.toml"
    other.touch()
    link.symlink_to(other)
    monkeypatch.chdir(home)
    assert socket_path("link.toml") == socket_path(str(link)) == socket_path("./other.toml") == socket_path(str(other))


def test_what_the_default_links_to_is_the_default(home: Path) -> None:
    dotfile = home / "dotfiles.toml"
    dotfile.touch()
    Path(default_config_path()).symlink_to(dotfile)
    assert socket_path(str(dotfile)) == socket_path() == str(home / "run" / "hexmeter" / "api.sock")


def test_the_option_comes_before_the_environment_and_that_before_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert config_path(None) == default_config_path()
    monkeypatch.setenv("HEXMETER_CONFIG", "")
    assert config_path(None) == default_config_path()
    monkeypatch.setenv("HEXMETER_CONFIG", "/etc/env.toml")
    assert (config_path(None), config_path("/etc/given.toml")) == ("/etc/env.toml", "/etc/given.toml")
    assert Path(socket_path()).name == named_after(Path("/etc/env.toml"))


@pytest.mark.parametrize(
    ("written", "path"),
    [
        pytest.param('socket = "/run/acme.sock"', "/run/acme.sock", id="absolute"),
        pytest.param('socket = "run/acme.sock"', "{home}/run/acme.sock", id="relative to the file"),
        pytest.param('socket = "~/acme.sock"', f"{Path.home()}/acme.sock", id="at home"),
    ],
)
def test_the_configuration_may_say_where(home: Path, written: str, path: str) -> None:
    file = home / "other.toml"
    file.write_text(f"[api]\n{written}\n")
    assert socket_path(str(file)) == path.format(home=home)


@pytest.mark.parametrize("content", ["# socket\n", '[api]\nsocket = ""\n', '[hex]\nsocket = "/x"\n'])
def test_what_names_no_socket_leaves_the_rule(home: Path, content: str) -> None:
    file = home / "other.toml"
    file.write_text(content)
    assert Path(socket_path(str(file))).name == named_after(file.resolve())


@pytest.mark.parametrize("socket", ["5", "true", '["/x"]', '{path = "/x"}'])
def test_a_socket_that_is_no_text_is_said_and_not_taken_for_none(home: Path, socket: str) -> None:
    file = home / "other.toml"
    file.write_text(f"[api]\nsocket = {socket}\n")
    with pytest.raises(Unreadable) as error:
        socket_path(str(file))
    assert error.value.message == f"{file}: api.socket must be text"
    assert (error.value.hint, error.value.exit_code) == ("write the socket's path in quotes", 2)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"socket = ", id="cut off"),
        pytest.param(b"api = 'socket'", id="no table"),
        pytest.param(b"socket = '\xff'", id="no text"),
        pytest.param(b"socket = " + b"[" * 5_000, id="too deep"),
        pytest.param(b"socket = " + b"9" * 5_000, id="too long"),
    ],
)
def test_a_broken_configuration_is_said(home: Path, content: bytes) -> None:
    file = home / "other.toml"
    file.write_bytes(content)
    with pytest.raises(ClientError) as error:
        socket_path(str(file))
    assert error.value.message.startswith(f"{file} is not valid TOML: ")
    assert (error.value.hint, error.value.exit_code) == ("mend it, then try again", 2)


def test_a_configuration_that_cannot_be_read_is_said(home: Path) -> None:
    with pytest.raises(Unreadable, match=r"^cannot read .*/config: Is a directory$"):
        socket_path(str(home / "config"))


@pytest.mark.parametrize("runtime", ["", "relative/run"])
def test_without_a_runtime_folder_the_socket_is_in_a_temporary_folder_of_our_own(
    monkeypatch: pytest.MonkeyPatch, runtime: str
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
    assert socket_path() == f"{tempfile.gettempdir()}/hexmeter-{os.getuid()}/api.sock"


def test_a_private_folder_is_taken(home: Path) -> None:
    (home / "private").mkdir(mode=0o700)
    check_folder(str(home / "private"))


@pytest.mark.parametrize("kind", ["open to the group", "open to all", "a link", "a file"])
def test_a_folder_that_others_could_use_is_refused(home: Path, kind: str) -> None:
    folder = home / "folder"
    if kind == "a link":
        (home / "private").mkdir(mode=0o700)
        folder.symlink_to(home / "private")
    elif kind == "a file":
        folder.touch(mode=0o600)
    else:
        folder.mkdir()
        folder.chmod(0o710 if kind == "open to the group" else 0o755)
    with pytest.raises(ClientError) as error:
        check_folder(str(folder))
    assert error.value.message.startswith(f"{folder} is not a private folder of yours")
    assert error.value.hint == "remove it, or name another place with [api] socket"


def test_the_daemon_takes_what_the_client_reads(home: Path) -> None:
    file = home / "other.toml"
    file.write_text('[api]\nsocket = "run/acme.sock"\n')
    assert parse(file.read_text(), file, home / "x.db").socket == "run/acme.sock"


@pytest.mark.parametrize("home", [None, "", "  ", "/etc/xdg"], ids=["not set", "empty", "blank", "set"])
def test_configuration_and_database_are_by_default_where_platformdirs_says(
    monkeypatch: pytest.MonkeyPatch, home: str | None
) -> None:
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
        if home is not None:
            monkeypatch.setenv(variable, home)
    folders = Unix("hexmeter", appauthor=False)
    assert default_config_path() == str(Path(folders.user_config_dir, "config.toml"))
    assert default_database_path() == str(Path(folders.user_data_dir, "hexmeter.db"))


def test_a_folder_in_the_temporary_directory_that_others_can_enter_is_not_trusted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    Path(runtime_folder()).mkdir(mode=0o755)
    with pytest.raises(ClientError, match="is not a private folder of yours"):
        socket_path()
