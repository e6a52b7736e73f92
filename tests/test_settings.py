"""What /set does: settings of the program and parameters of the request, and writing them down."""

import json
import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatrepl import config, settings
from chatrepl.config import Profile, Ui
from chatrepl.errors import CommandError, ConfigError

PROFILE = Profile("local", dialect="openai-chat", options={"temperature": 0.3, "custom": {"a": 1}})


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("0.2", 0.2),
        ("7", 7),
        ("true", True),
        ('["a", "b"]', ["a", "b"]),
        ("{ a = 1 }", {"a": 1}),
        ("END", "END"),
        ('"7"', "7"),
    ],
)
def test_a_value_is_read_as_toml_else_as_the_text_it_is(value: str, read: object) -> None:
    assert settings.parse(value) == read


@pytest.mark.parametrize(
    "value",
    [
        "nan",
        "-inf",
        "1e999",
        "2026-11-21",
        "[12:30:00]",
        "[" * 3000,
        "{ a = [nan] }",
        "9" * 5000,
        "half \ud83d",
        '"\udcff"',
    ],
    ids=lambda value: value[:12].encode("ascii", "replace").decode(),
)
def test_what_no_request_can_hold_is_a_line(value: str) -> None:
    with pytest.raises(CommandError, match="which no request can hold") as raised:
        settings.changed("options.x", value, Ui(), PROFILE)
    assert len(str(raised.value)) < 80


@given(st.text(st.characters(), max_size=40))
def test_any_value_can_be_sent_or_is_refused(value: str) -> None:
    try:
        json.dumps(settings.parse(value), ensure_ascii=False, allow_nan=False).encode()
    except CommandError as error:
        assert "\n" not in str(error)


def test_a_setting_of_the_program_is_changed() -> None:
    ui, profile = settings.changed("markdown", "off", Ui(), PROFILE)
    assert not ui.markdown
    assert profile is PROFILE


def test_a_parameter_is_changed_and_removed() -> None:
    _, profile = settings.changed("temperature", "0.9", Ui(), PROFILE)
    assert profile.options["temperature"] == 0.9
    _, profile = settings.changed("temperature", "off", Ui(), profile)
    assert "temperature" not in profile.options
    assert PROFILE.options["temperature"] == 0.3


def test_any_other_option_has_a_name_too() -> None:
    _, profile = settings.changed("options.top_k", "5", Ui(), PROFILE)
    assert profile.options["top_k"] == 5
    assert ("options.top_k", "5", "") in list(settings.shown(Ui(), profile))


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("temprature", "1", "did you mean 'temperature'"),
        ("markdown", "maybe", "is on or off"),
        ("theme", "blue", "is one of auto, dark, light"),
        ("options.", "1", "no setting"),
        ("stop", "2024-01-01", "is a date or a time, which no request can hold"),
        ("temperature", "inf", "is without measure, which no request can hold"),
    ],
)
def test_a_mistake_is_a_line(key: str, value: str, complaint: str) -> None:
    with pytest.raises(CommandError, match=complaint):
        settings.changed(key, value, Ui(), PROFILE)


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "system").write_text("Be brief.\n", "utf-8-sig")
    assert settings.text_or_file(f"@{tmp_path}/system") == "Be brief."
    path = tmp_path / "config.toml"
    path.write_text('[ui]\ntheme = "light"\n', "utf-8-sig")
    settings.save(path, "theme", Ui(theme="dark"), PROFILE)
    assert config.load(path).ui.theme == "dark"


def test_saving_keeps_what_else_stands_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('default = "local"\n[profiles.local]\nmodel = "x.gguf"\n')
    settings.save(path, "theme", Ui(theme="dark"), PROFILE)
    settings.save(path, "temperature", Ui(), PROFILE)
    loaded = config.load(path)
    assert (loaded.default, loaded.ui.theme) == ("local", "dark")
    assert loaded.profile("local").model == "x.gguf"
    assert loaded.profile("local").options["temperature"] == 0.3


def test_a_file_that_cannot_be_used_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("broken = [\n")
    with pytest.raises(ConfigError, match="not valid TOML"):
        settings.save(path, "theme", Ui(theme="dark"), PROFILE)
    assert path.read_text() == "broken = [\n"


def test_a_profile_that_would_make_the_file_invalid_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    with pytest.raises(ConfigError):
        settings.save(path, "temperature", Ui(), Profile("by-hand", options={"temperature": 1}))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_fails_half_way_leaves_the_file_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[ui]\ntheme = "light"\n')

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, refuse)
    with pytest.raises(ConfigError, match="No space left"):
        settings.save(path, "theme", Ui(theme="dark"), PROFILE)
    assert tomllib.loads(path.read_text()) == {"ui": {"theme": "light"}}
    assert [each.name for each in tmp_path.iterdir()] == ["config.toml"]
