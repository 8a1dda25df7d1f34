"""The token: where it comes from, who may read it, and that nothing shows it."""

import traceback
from pathlib import Path

import pytest

from hexmeter.config.token import Token, TokenError, read_token

SECRET = "hxtp_0123456789abcdef"


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(f"{SECRET}\n")
    path.chmod(0o600)
    return path


def test_the_environment_comes_before_the_file(token_file: Path) -> None:
    assert read_token(token_file, {"HEX_TOKEN": " hxtw_other \n"}) == "hxtw_other"


@pytest.mark.parametrize("environ", [{}, {"HEX_TOKEN": ""}, {"HEX_TOKEN": "  "}])
def test_without_it_the_file_is_read(token_file: Path, environ: dict[str, str]) -> None:
    assert read_token(token_file, environ) == SECRET


def test_a_changed_file_counts_at_once(token_file: Path) -> None:
    read_token(token_file, {})
    token_file.write_text("hxtp_new")
    assert read_token(token_file, {}) == "hxtp_new"


def test_no_token_at_all_says_where_to_put_one() -> None:
    with pytest.raises(TokenError, match=r"^there is no token$") as error:
        read_token(None, {})
    assert error.value.hint == "set HEX_TOKEN, or [hex] token_file in the configuration"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o666])
def test_a_file_that_others_may_touch_is_refused(token_file: Path, mode: int) -> None:
    token_file.chmod(mode)
    with pytest.raises(TokenError) as error:
        read_token(token_file, {})
    assert str(error.value) == f"others may read the token file {token_file}"
    assert error.value.hint == f"make it yours alone: chmod 600 {token_file}"


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_private_file_is_taken(token_file: Path, mode: int) -> None:
    token_file.chmod(mode)
    assert read_token(token_file, {}) == SECRET


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
        read_token(token_file, {})
    assert str(error.value) == f"what {token_file} holds is not a token"
    assert SECRET not in "".join(traceback.format_exception(error.value))


def test_garbage_in_the_environment_is_said_of_it() -> None:
    with pytest.raises(TokenError, match=r"^what HEX_TOKEN holds is not a token$"):
        read_token(None, {"HEX_TOKEN": "two words"})


def test_a_missing_file_and_a_folder_are_said(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "no", "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(TokenError) as error:
            read_token(path, {})
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
            read_token(token_file, {})
    assert len(list(Path("/proc/self/fd").iterdir())) == before
