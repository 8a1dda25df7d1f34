"""The token: where it comes from, who may read it, and that nothing shows it."""

import sys
import traceback
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from desktop_bus import wait_until
from hexmeter.config.token import CREDENTIAL, Token, TokenError, TokenKeys, read_token, token_source
from hexmeter.config.tokencommand import CommandFailed, output_of

SECRET = "hxtp_0123456789abcdef"


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(f"{SECRET}\n")
    path.chmod(0o600)
    return path


def in_file(path: Path | None) -> TokenKeys:
    return TokenKeys(Path("/nowhere/config.toml"), file=path)


def test_the_environment_comes_before_the_file(token_file: Path) -> None:
    assert read_token(in_file(token_file), {"HEX_TOKEN": " hxtw_other \n"}) == "hxtw_other"


@pytest.mark.parametrize("environ", [{}, {"HEX_TOKEN": ""}, {"HEX_TOKEN": "  "}])
def test_without_it_the_file_is_read(token_file: Path, environ: dict[str, str]) -> None:
    assert read_token(in_file(token_file), environ) == SECRET


def test_a_changed_file_counts_at_once(token_file: Path) -> None:
    read_token(in_file(token_file), {})
    token_file.write_text("hxtp_new")
    assert read_token(in_file(token_file), {}) == "hxtp_new"


def test_no_token_at_all_says_where_to_put_one() -> None:
    with pytest.raises(TokenError, match=r"^there is no token$") as error:
        read_token(in_file(None), {})
    assert error.value.hint == "run hexmeter setup; or set HEX_TOKEN, or [hex] token_file"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o666])
def test_a_file_that_others_may_touch_is_refused(token_file: Path, mode: int) -> None:
    token_file.chmod(mode)
    with pytest.raises(TokenError) as error:
        read_token(in_file(token_file), {})
    assert str(error.value) == f"others may read the token file {token_file}"
    assert error.value.hint == f"make it yours alone: chmod 600 {token_file}"


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_private_file_is_taken(token_file: Path, mode: int) -> None:
    token_file.chmod(mode)
    assert read_token(in_file(token_file), {}) == SECRET


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b" \n\t", id="blank"),
        pytest.param(SECRET.encode() + b" and more", id="two words"),
        pytest.param(SECRET.encode() + b"\nX-Other: header", id="two lines"),
        pytest.param(SECRET.encode() + b"\x00", id="control"),
        pytest.param(SECRET.encode() + "…".encode(), id="not ASCII"),
        pytest.param(b"\xff\xfe" + SECRET.encode(), id="no text"),
        pytest.param(SECRET.encode() * 1_000, id="far too long"),
    ],
)
def test_garbage_is_no_token_and_is_not_shown(token_file: Path, content: bytes) -> None:
    token_file.write_bytes(content)
    with pytest.raises(TokenError) as error:
        read_token(in_file(token_file), {})
    assert str(error.value) == f"what {token_file} holds is not a token"
    assert SECRET not in "".join(traceback.format_exception(error.value))


def test_garbage_in_the_environment_is_said_of_it() -> None:
    with pytest.raises(TokenError, match=r"^what HEX_TOKEN holds is not a token$"):
        read_token(in_file(None), {"HEX_TOKEN": "two words"})


def test_a_missing_file_and_a_folder_are_said(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "no", "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(TokenError) as error:
            read_token(in_file(path), {})
        assert (str(error.value), error.value.hint) == (
            f"cannot read the token file {path}: {why}",
            "check [hex] token_file",
        )


def test_the_token_is_in_no_repr() -> None:
    token = Token(SECRET)
    assert SECRET not in f"{token!r} {[token]} {{'token': {token!r}}} {(token,)}"


def test_reading_leaves_no_file_open(token_file: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    token_file.chmod(0o644)
    for _ in range(3):
        with pytest.raises(TokenError):
            read_token(in_file(token_file), {})
    assert len(list(Path("/proc/self/fd").iterdir())) == before


# All the places


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text("")
    path.chmod(0o644)
    tmp_path.chmod(0o755)
    return path


def printing(config: Path, *script: str) -> TokenKeys:
    return TokenKeys(config, command=(sys.executable, "-c", *script))


def test_the_places_are_asked_in_their_order(token_file: Path, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = config.parent / "credentials"
    credentials.mkdir()
    (credentials / CREDENTIAL).write_text("hxtp_credential\n")
    monkeypatch.setitem(sys.modules, "keyring", SimpleNamespace(get_password=lambda service, entry: "hxtp_keyring"))
    keys = TokenKeys(config, (sys.executable, "-c", "print('hxtp_command')"), token_file, "token")
    environ = {"HEX_TOKEN": "hxtp_environ", "CREDENTIALS_DIRECTORY": str(credentials)}
    found = []
    for _ in range(5):
        source = token_source(keys, environ)
        found.append((str(source.read()), source.costly))
        if environ:
            environ.pop(next(iter(environ)))
        elif keys.command:
            keys = replace(keys, command=None)
        else:
            keys = replace(keys, file=None)
    assert found == [
        ("hxtp_environ", False), ("hxtp_credential", False), ("hxtp_command", True), (SECRET, False),
        ("hxtp_keyring", True),
    ]  # fmt: skip


def test_a_command_gets_no_shell_and_no_token(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEX_TOKEN", SECRET)
    keys = printing(
        config, "import os, sys; print('hxtp_' + os.environ.get('HEX_TOKEN', 'none') + sys.argv[1])", "$HOME"
    )
    assert read_token(keys, {}) == "hxtp_none$HOME"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        pytest.param("print()", "what token_command holds is not a token", id="prints nothing"),
        pytest.param("print('two words')", "what token_command holds is not a token", id="prints no token"),
        pytest.param(
            "while True: print('hxtp_' * 99)", "token_command: it prints far more than a token", id="never ends"
        ),
        pytest.param("raise SystemExit(3)", "token_command: it ended with exit code 3", id="fails"),
        pytest.param(
            f"raise SystemExit('no key for {SECRET}\\nmore')",
            "token_command: it ended with exit code 1: no key for hxt…",
            id="fails and says why, with a token in it",
        ),
    ],
)
def test_a_command_that_gives_no_token_is_explained(config: Path, script: str, said: str) -> None:
    with pytest.raises(TokenError) as error:
        read_token(printing(config, script), {})
    assert str(error.value) == said
    assert SECRET not in "".join(traceback.format_exception(error.value))


def test_a_command_that_does_not_exist_is_explained(config: Path) -> None:
    with pytest.raises(TokenError, match=r"^token_command: cannot run /no/such: No such file or directory$"):
        read_token(TokenKeys(config, command=("/no/such", "thing")), {})


def test_a_command_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    script = (
        "import subprocess, time; child = subprocess.Popen(['sleep', '600']);"
        f"open({str(marker)!r}, 'w').write(str(child.pid)); time.sleep(600)"
    )
    with pytest.raises(CommandFailed, match="longer than 1 seconds"):
        output_of([sys.executable, "-c", script], tmp_path, 100, timeout_s=1)
    wait_until(lambda: not is_running(int(marker.read_text())), "its child has ended too")


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_no_command_is_run_from_a_file_that_others_may_write_to(config: Path, mode: int) -> None:
    config.chmod(mode)
    with pytest.raises(TokenError) as error:
        read_token(printing(config, "open('ran', 'w'); print('hxtp_x')"), {})
    assert str(error.value) == f"token_command is not run, for others may write to {config}"
    assert error.value.hint == f"make it yours alone: chmod go-w {config}"
    assert not (config.parent / "ran").exists()


def test_no_command_is_run_from_a_folder_where_others_may_replace_the_file(config: Path) -> None:
    config.parent.chmod(0o777)
    with pytest.raises(TokenError, match=f"others may write to {config.parent}$"):
        read_token(printing(config, "print('hxtp_x')"), {})
    config.parent.chmod(0o1777)
    assert read_token(printing(config, "print('hxtp_x')"), {}) == "hxtp_x"


@pytest.mark.parametrize(
    ("keyring", "said"),
    [
        pytest.param(None, "[hex] keyring needs the keyring package", id="not installed"),
        pytest.param(lambda service, entry: None, "the keyring has no entry 'work' of hexmeter", id="no such entry"),
        pytest.param(lambda service, entry: 1 / 0, "the keyring cannot be used: ZeroDivisionError", id="locked"),
    ],
)
def test_a_keyring_that_gives_no_token_is_explained(
    config: Path, monkeypatch: pytest.MonkeyPatch, keyring: object, said: str
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", keyring and SimpleNamespace(get_password=keyring))  # type: ignore[arg-type]
    with pytest.raises(TokenError) as error:
        read_token(TokenKeys(config, keyring="work"), {})
    assert str(error.value) == said
