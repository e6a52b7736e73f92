"""What /set does: settings of the program and parameters of the request, and writing them down."""

import codecs
import json
import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import assume, given, strategies as st

from chatrepl.config import reading, settings, toml_edit
from chatrepl.config.config import Profile, Ui
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
    assert len(str(raised.value)) < 100


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
    assert reading.load(path).ui.theme == "dark"


def test_saving_keeps_what_else_stands_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('default = "local"\n[profiles.local]\nmodel = "x.gguf"\n')
    settings.save(path, "theme", Ui(theme="dark"), PROFILE)
    settings.save(path, "temperature", Ui(), PROFILE)
    loaded = reading.load(path)
    assert (loaded.default, loaded.ui.theme) == ("local", "dark")
    assert loaded.profile("local").model == "x.gguf"
    assert loaded.profile("local").options["temperature"] == 0.3


def test_a_file_that_cannot_be_used_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("broken = [\n")
    with pytest.raises(ConfigError, match="not valid TOML"):
        settings.save(path, "theme", Ui(theme="dark"), PROFILE)
    assert path.read_text() == "broken = [\n"


EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("theme", "dark", 'theme = "dark"           # or "dark", "light"'),
        ("markdown", "off", "markdown = false          # render replies as markdown"),
        ("temperature", "0.7", "options = { temperature = 0.7, max_tokens = 256 } # merged last into the body"),
        ("max_tokens", "off", "options = { temperature = 0.1 } # merged last into the body of every request"),
        ("options.top_k", "5", "options = { temperature = 0.1, max_tokens = 256, top_k = 5 } # merged last"),
    ],
)
def test_saving_changes_one_line_and_no_other_byte(
    tmp_path: Path, key: str, value: str, line: str, mark: bytes, eol: str
) -> None:
    path = tmp_path / "config.toml"
    before = mark + EXAMPLE.read_text("utf-8").replace("\n", eol).encode()
    path.write_bytes(before)
    ui, profile = settings.changed(key, value, Ui(), reading.load(path).profile("work"))
    assert settings.save(path, key, ui, profile) is None
    old, new = before.split(b"\n"), path.read_bytes().split(b"\n")
    (differs,) = [place for place, (one, other) in enumerate(zip(old, new, strict=True)) if one != other]
    assert new[differs].decode().startswith(line)
    loaded = reading.load(path)
    assert settings.value_of(key, loaded.ui, loaded.profile("work")) == settings.value_of(key, ui, profile)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "[profiles.local.options]\ntemperature = 0.9\n"),
        ("# mine", "# mine\n\n[profiles.local.options]\ntemperature = 0.9\n"),
        (
            '[profiles.local] # here\nmodel = "x" # this\n\n# and\n[ui]\n',
            '[profiles.local] # here\nmodel = "x" # this\noptions = { temperature = 0.9 }\n\n# and\n[ui]\n',
        ),
        (
            "[profiles.local.options]\nstop = [\n  'a', # one\n]",
            "[profiles.local.options]\nstop = [\n  'a', # one\n]\ntemperature = 0.9",
        ),
        (
            "[profiles.local]\noptions.stop = 'a'\n",
            "[profiles.local]\noptions.stop = 'a'\noptions.temperature = 0.9\n",
        ),
        (
            "[profiles]\n'local'.options.temperature = 0.1 # cold\nlocal.model = 'x'\n",
            "[profiles]\n'local'.options.temperature = 0.9 # cold\nlocal.model = 'x'\n",
        ),
        (
            '[profiles.local]\nabout = """\n[ui]\noptions = { temperature = 1 }"""\noptions = { a = \'#\' } # why\n',
            '[profiles.local]\nabout = """\n[ui]\noptions = { temperature = 1 }"""\n'
            'options = { a = "#", temperature = 0.9 } # why\n',
        ),
    ],
)
def test_a_value_goes_where_its_like_stand(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(before)
    settings.save(path, "temperature", Ui(), Profile("local", options={"temperature": 0.9}))
    assert path.read_text() == after


def test_what_no_line_can_say_is_written_anew_and_the_old_file_kept(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    before = '# mine\n"\\u0075i" = { theme = "light" }\n'
    for name in ("config.toml.bak", "config.toml.bak1"):
        path.write_text(before)
        assert settings.save(path, "theme", Ui(theme="dark"), PROFILE) == tmp_path / name
        assert (tmp_path / name).read_text() == before
        assert reading.load(path).ui.theme == "dark"


leaves = st.integers(-9, 9) | st.sampled_from(["a # b", '"', "x\n[ui]\ny = 1", "é", ""]) | st.booleans()
keys = st.sampled_from(["a", "b.c", "", "é", "on"])


def tables(items: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    return st.dictionaries(keys, items, max_size=3)


values = st.recursive(leaves, lambda deeper: st.lists(deeper, max_size=2) | tables(deeper), max_leaves=4)


@given(tables(tables(values)), st.tuples(keys, keys), leaves, st.booleans())
def test_a_change_says_what_is_meant_whatever_stands_in_the_file(
    data: dict[str, dict[str, object]], at: tuple[str, str], value: object, inline: bool
) -> None:
    text = "".join(f"{toml_edit._key(name)} = {toml_edit.inline(table)}\n" for name, table in data.items())
    text = text if inline else toml_edit.written(data)
    assert tomllib.loads(text) == data
    before = data.get(at[0], {}).get(at[1])
    assume(not isinstance(before, dict) and not (isinstance(before, list) and dict in map(type, before)))  # no tables
    data.setdefault(at[0], {})[at[1]] = value
    new = toml_edit.changed(text, at, data)
    assert new is not None
    assert tomllib.loads(new) == data


def test_a_value_is_shown_on_one_line() -> None:
    for value in ({"a": 1, "b": [1, {"c": "x\ny"}]}, [1, 2], {}, [], 0.5, True):
        assert "\n" not in settings.as_text(value)
        assert settings.parse(settings.as_text(value)) == value


@pytest.mark.parametrize(
    ("key", "value"),
    [("temperature", "0.2 or so"), ("temperature", "true"), ("max_tokens", "1.5"), ("seed", "[1]"), ("top_p", "high")],
)
def test_a_number_is_a_number(key: str, value: str) -> None:
    with pytest.raises(CommandError, match=f"{key} is a (whole )?number, not"):
        settings.changed(key, value, Ui(), PROFILE)
    assert settings.changed(f"options.{key}", value, Ui(), PROFILE)


def test_what_is_built_in_cannot_be_off_for_good(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    ui, profile = settings.changed("max_tokens", "off", Ui(), reading.load(path).profile("local"))
    with pytest.raises(ConfigError, match="max_tokens is built into the profile local") as told:
        settings.save(path, "max_tokens", ui, profile)
    assert "holds for this session" in told.value.hint.shown(at_prompt=True)
    assert list(tmp_path.iterdir()) == []


def test_a_profile_that_is_not_in_the_configuration_has_nothing_saved(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    with pytest.raises(ConfigError, match="by-hand is not in the configuration") as told:
        settings.save(path, "temperature", Ui(), Profile("by-hand", options={"temperature": 1}))
    assert "holds for this session" in told.value.hint.shown(at_prompt=True)
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


@pytest.mark.parametrize(
    ("key", "value", "options"),
    [
        ("temperature", "1", {"temperature": 1, "seed": 7}),
        ("temperature", "off", {"seed": 7}),
        ("options.temperature", "hot", {"temperature": "hot", "seed": 7}),
        ("cache", "off", {"temperature": 0.3, "seed": 7, "cache": "off"}),
        ("service_tier", "default", {"temperature": 0.3, "seed": 7, "service_tier": "default"}),
        ("power", "off", {"temperature": 0.3, "seed": 7, "power": "off"}),
    ],
)
def test_an_option_of_the_command_line_keeps_to_what_its_parameter_takes(
    key: str, value: str, options: dict[str, object]
) -> None:
    assert settings.with_option({"temperature": 0.3, "seed": 7}, key, value) == options


@pytest.mark.parametrize(("key", "value"), [("temperature", "hot"), ("n", "1.5"), ("max_tokens", "true")])
def test_a_known_parameter_of_the_command_line_is_checked_as_set_checks_it(key: str, value: str) -> None:
    with pytest.raises(CommandError, match="number"):
        settings.with_option({}, key, value)
