"""Keys are read when they are needed, from where the profile says, and a key that is not there is a clear line."""

import sys
from pathlib import Path

import pytest

from chatrepl.client import keys as credentials
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.errors import ConfigError

SECRET = "sk-recognisable-0123456789"


def test_a_key_comes_from_the_environment() -> None:
    profile = Profile("a", key_env="A_KEY")
    assert credentials.read(profile, {"A_KEY": f" {SECRET}\n"}) == SECRET


def test_a_key_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{SECRET}\n")
    assert credentials.read(Profile("a", key_file=str(tmp_path / "key")), {}) == SECRET


def test_a_key_comes_from_a_command() -> None:
    command = (sys.executable, "-c", f"print({SECRET!r})")
    assert credentials.read(Profile("a", key_command=command), {}) == SECRET


def test_a_profile_may_name_no_key() -> None:
    assert credentials.read(Profile("a"), {}) == ""


def test_another_address_from_the_environment_may_need_no_key() -> None:
    profile = Profile("a", key_env="A_KEY", base_url_env="A_URL")
    assert credentials.read(profile, {"A_URL": "http://127.0.0.1"}) == ""
    with pytest.raises(ConfigError, match="A_KEY is not set"):
        credentials.read(profile, {})


@pytest.mark.parametrize(
    ("profile", "complaint"),
    [
        (Profile("a", key_file="nowhere/key"), "cannot be read"),
        (Profile("a", key_command=("no-such-program",)), "cannot be used"),
        (Profile("a", key_command=(sys.executable, "-c", "raise SystemExit(3)")), "failed with status 3"),
        (Profile("a", key_command=(sys.executable, "-c", "print('two words')")), "holds a character"),
        (Profile("a", key_command=(sys.executable, "-c", "print('k\\u00e9y'.encode('utf-8').decode('utf-8'))")), "a"),
    ],
)
def test_a_key_that_cannot_be_had_is_a_line(profile: Profile, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint) as caught:
        credentials.read(profile, {})
    assert SECRET not in str(caught.value)


def test_a_command_that_takes_too_long_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "COMMAND_SECONDS", 0.05)
    endless = (sys.executable, "-c", "import signal, sys; sys.stdin.read() or __import__('threading').Event().wait()")
    with pytest.raises(ConfigError, match="took more than"):
        credentials.read(Profile("a", key_command=endless), {})


@pytest.mark.parametrize(
    ("name", "other"), [("GEMINI_API_KEY", "GOOGLE_API_KEY"), ("SPELLBOOK_API_KEY", "EGP_API_KEY")]
)
def test_a_key_is_found_by_the_other_name_of_its_vendor_too(name: str, other: str) -> None:
    profile = Profile("a", place=Url("https://a.example"), key_env=name)
    assert credentials.read(profile, {other: SECRET}) == SECRET
    assert credentials.read(profile, {other: "another", name: SECRET}) == SECRET
    assert credentials.at_hand(profile, {other: SECRET})
    assert not credentials.at_hand(profile, {"A_KEY": SECRET})


def test_a_key_is_for_its_own_profile_whatever_was_read_before() -> None:
    keys = credentials.Keys({"A_KEY": "a-key", "B_KEY": "b-key"})
    one, other = Profile("a", key_env="A_KEY"), Profile("b", key_env="B_KEY")
    for before in (one, other, Profile("c")):
        keys.fetch(before)
        assert keys.key(other) == "b-key"
        assert keys.key(Profile("c")) == ""
        assert keys.key(one) == "a-key"


def test_a_command_is_run_once_for_a_question_and_its_request(tmp_path: Path) -> None:
    counting = f"open({str(tmp_path / 'runs')!r}, 'a').write('.'); "
    good = Profile("a", key_command=(sys.executable, "-c", f"{counting} print({SECRET!r})"))
    bad = Profile("b", key_command=(sys.executable, "-c", f"{counting} raise SystemExit(3)"))
    keys = credentials.Keys({})
    assert not keys.knows(good)
    keys.fetch(good)
    assert keys.knows(good)
    assert keys.key(good) == SECRET
    assert (tmp_path / "runs").read_text() == "."
    assert keys.key(good) == SECRET
    assert (tmp_path / "runs").read_text() == "..", "what it tells may have changed by the next request"
    keys.fetch(bad)
    with pytest.raises(ConfigError, match="status 3"):
        keys.key(bad)
    assert (tmp_path / "runs").read_text() == "..."
    assert not keys.knows(bad)
