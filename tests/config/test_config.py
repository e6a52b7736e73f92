"""The configuration is read strictly: every complaint names the file, the line and what was probably meant."""

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest
import tomli_w
from platformdirs import PlatformDirs

from chatrepl import config
from chatrepl.client import choose
from chatrepl.config import reading
from chatrepl.config.config import Profile, Timeouts, Ui
from chatrepl.config.vendors import PROFILES
from chatrepl.dialects import DIALECTS
from chatrepl.errors import ConfigError
from chatrepl.usage import Price

EXAMPLE = Path(config.__file__).parents[2] / "config.example.toml"

COMPLAINTS = {
    "an unknown key": ('default = "local"\nfoo = 1\n', "line 2: foo is no known key"),
    "its nearest neighbour": ("[ui]\nmarkdwn = true\n", "line 2: ui.markdwn is no known key: did you mean 'markdown'?"),
    "a wrong type": ('[ui]\n\nmarkdown = "yes"\n', "line 3: ui.markdown has to be true or false, not 'yes'"),
    "a value that is none of the choices": ('[ui]\ntheme = "blue"\n', "line 2: ui.theme has to be one of auto, dark"),
    "a key of a profile": (
        '[profiles.a]\ndialect = "openai-chat"\n[profiles.b]\ndialect = "openai-chat"\nbase_ulr = "x"\n',
        "line 5: profiles.b.base_ulr is no known key: did you mean 'base_url'?",
    ),
    "a profile without a dialect": ('[profiles.a]\nbase_url = "x"\n', "line 1: profiles.a needs a dialect"),
    "a dialect that is none": (
        '[profiles.a]\nbase_url = "http://h"\ndialect = "openai-caht"\noptions = { dialect = "x" }\n',
        "line 3: profiles.a.dialect has to be one of openai-chat, openai-completions, openai-responses, "
        "azure-inference, scale-egp, anthropic, ollama, gemini: did you mean 'openai-chat'?",
    ),
    "TOML that is not over": ('default = "local"\nx = [\n\n', "is not valid TOML: Invalid value (at the end, line 2)"),
    "a dotted key": ("ui.theme = 3\n", "line 1: ui.theme has to be a text"),
    "a table in a line": (
        "[profiles.local]\ntimeouts = { conect = 1 }\n",
        "line 2: profiles.local.timeouts.conect is no known key",
    ),
    "a time below nothing": (
        "[profiles.local.timeouts]\nconnect = -1\n",
        "line 2: profiles.local.timeouts.connect has to be a number",
    ),
    "headers that are no texts": (
        "[profiles.local]\nheaders = { a = 1 }\n",
        "line 2: profiles.local.headers has to hold texts",
    ),
    "a command that is no list": (
        '[profiles.local]\nkey_command = "pass"\n',
        "line 2: profiles.local.key_command has to be a list",
    ),
    "a command of numbers": (
        "[profiles.local]\nkey_command = [1]\n",
        "line 2: profiles.local.key_command has to be a list of words",
    ),
    "a fallback that is no profile": (
        '[profiles.local]\nfallback = ["olama"]\n',
        "line 2: profiles.local.fallback names no profile: 'olama': did you mean 'ollama'?",
    ),
    "a fallback on itself": (
        '[profiles.local]\nfallback = ["local"]\n',
        "line 2: profiles.local.fallback names the profile itself",
    ),
    "retries that are no number": (
        "[profiles.local]\nretries = -1\n",
        "line 2: profiles.local.retries has to be a whole number, 0 or more",
    ),
    "a default that is no profile": (
        'default = "lokal"\n',
        "line 1: default names no profile: 'lokal': did you mean 'local'?",
    ),
    "a price in words": (
        '[profiles.local]\nprice = ["a", "b"]\n',
        "line 2: profiles.local.price has to be 2 to 5 numbers",
    ),
    "a price of one number": ("[profiles.local]\nprice = [1]\n", "profiles.local.price has to be 2 to 5 numbers"),
    "a context of no size": ("[profiles.local]\ncontext = -1\n", "profiles.local.context has to be a whole number"),
    "a key in place of its name": (
        '[profiles.a]\nkey_env = "sk-1234"\n',
        "line 2: profiles.a.key_env has to be the name of",
    ),
    "a key that could be a name": (
        f'[profiles.a]\nbase_url_env = "gsk_{"a1" * 20}"\n',
        "line 2: profiles.a.base_url_env has to be the name of",
    ),
    "keys in place of a name": ('[profiles.a]\nkey_env = ["sk-1234"]\n', "line 2: profiles.a.key_env has to be a text"),
    "a key that stands there itself": (
        '[profiles.a]\napi_key = "sk-1234"\n',
        "line 2: profiles.a.api_key is no known key: the key itself never stands here; key_env, ",
    ),
    "a date": (
        "[profiles.local]\noptions = { stop = 2024-01-01 }\n",
        "line 2: profiles.local.options.stop is a date or a time, which no request can hold",
    ),
    "infinity": (
        "[profiles.local.options]\na = [inf]\n",
        "line 2: profiles.local.options.a is without measure, which no request can hold",
    ),
    "the first of several": (
        'default = "local"\n[profiles.b]\ndialcet = "openai-chat"\nfallback = ["nobody"]\n'
        '[profiles.a]\nprice = ["a"]\nfallback = [[1]]\n[ui]\ntheme = 3\nfoo = 1\n',
        "line 3: profiles.b.dialcet is no known key: did you mean 'dialect'?",
    ),
    "the first of several, though it is looked at last": (
        "[ui]\ntheme = 3\n[profiles]\nlocal = 3\n[profiles.a]\nfoo = 1\n",
        "line 2: ui.theme has to be a text",
    ),
    "brackets without end": (f"a = {'[' * 5000}", "holds what no configuration needs"),
    "a number without end": (f"a = {'1' * 5000}", "holds what no configuration needs"),
    "broken TOML": ("[ui\n", "is not valid TOML"),
    "a profile that is no table": ("[profiles]\nlocal = 3\n", "line 2: profiles.local has to be a table"),
}


@pytest.mark.parametrize("case", COMPLAINTS)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, case: str) -> None:
    text, complaint = COMPLAINTS[case]
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        reading.load(path)
    assert complaint in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not re.search("sk-|gsk_", str(caught.value)), "a key is not repeated"


def test_bytes_that_are_no_text_are_a_mistake_too(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"a = '\xff'")
    with pytest.raises(ConfigError, match="not UTF-8"):
        reading.load(path)


def test_a_file_changes_a_built_in_profile_and_keeps_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[profiles.local]\nmodel = "my.gguf"\noptions = { temperature = 1 }\n')
    local = reading.load(path).profile("local")
    assert local.model == "my.gguf"
    assert local.options == {"max_tokens": 512, "temperature": 1}


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[profiles.local]\nmodel = "my.gguf"\n', "utf-8-sig")
    assert reading.load(path).profile("local").model == "my.gguf"


def test_a_path_that_is_too_long_leads_to_no_file(tmp_path: Path) -> None:
    assert reading.load(tmp_path / ("x" * 5000)).profiles


def test_no_file_is_no_mistake_unless_it_was_named(tmp_path: Path) -> None:
    assert reading.load(tmp_path / "config.toml").profiles
    with pytest.raises(ConfigError, match="cannot be read"):
        reading.load(tmp_path / "config.toml", must_exist=True)


@pytest.mark.parametrize(
    ("name", "near"), [("grok", "groq"), ("opnai", "openai"), ("OpenAI", "openai"), ("OPNAI", "openai")]
)
def test_a_profile_that_is_not_there_is_named_with_its_neighbour(tmp_path: Path, name: str, near: str) -> None:
    with pytest.raises(ConfigError, match=f"did you mean '{near}'") as caught:
        reading.load(tmp_path / "config.toml").profile(name)
    assert caught.value.hint.text == "--list-profiles lists them all."


@pytest.mark.parametrize("name", ["nope", "frobnitz", "q"])
def test_no_neighbour_is_named_where_none_is_near_and_the_names_are_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        reading.load(tmp_path / "config.toml").profile(name)
    assert str(caught.value) == f"There is no profile {name!r}"
    assert "openai, " in caught.value.hint.shown(at_prompt=True)
    assert "local" in caught.value.hint.shown(at_prompt=True)
    assert "chatrepl" not in caught.value.hint.shown(at_prompt=True), "it may be read inside the REPL"


def test_the_built_in_profiles_are_what_a_file_of_the_same_words_says(tmp_path: Path) -> None:
    """They are not read strictly at every start, so here."""
    place = tmp_path / "config.toml"
    place.write_text(tomli_w.dumps({"profiles": PROFILES}), "utf-8")
    found = config.built_in(place).profiles
    assert reading.load(place).profiles == {
        name: replace(each, default_model="", elsewhere="") for name, each in found.items()
    }


def test_the_built_in_profiles_speak_dialects_that_exist(tmp_path: Path) -> None:
    for name, profile in reading.load(tmp_path / "config.toml").profiles.items():
        assert profile.name == name
        assert profile.dialect in DIALECTS
        assert profile.place.url or profile.base_url_env or not profile.place.remote
        assert profile.about


def test_the_example_is_true_and_shows_every_setting() -> None:
    loaded = reading.load(EXAMPLE)
    assert loaded.ui == Ui(), "the example shows the defaults"
    assert loaded.profile("work").timeouts == Timeouts()
    text = EXAMPLE.read_text("utf-8")
    for field in (*fields(Ui), *fields(Profile), *fields(Timeouts)):
        key = field.metadata.get("key", field.name)
        assert not key or f"{key} = " in text or f".{key}]" in text, key


def test_home_holds_everything_where_it_is_set(tmp_path: Path) -> None:
    places = config.places({"CHATREPL_HOME": str(tmp_path)})
    assert {places.config.name, places.sessions.name, places.history.name, places.models.name} == {
        "config.toml",
        "sessions",
        "history",
        "models",
    }
    assert places.config.parent == places.sessions.parent == tmp_path


@pytest.mark.parametrize("home", ["/home/me", "", "relative", "~", None])
@pytest.mark.parametrize("folder", ["/elsewhere", "", "relative", "/with blank /", None])
def test_otherwise_the_platform_decides(monkeypatch: pytest.MonkeyPatch, home: str | None, folder: str | None) -> None:
    told = {"HOME": home, **dict.fromkeys(("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"), folder)}
    env = {name: value for name, value in told.items() if value is not None}
    for name in told:
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    dirs = PlatformDirs("chatrepl", appauthor=False)
    places = config.places(env)
    assert places.config.parent == dirs.user_config_path
    assert places.sessions.parent == places.models.parent == dirs.user_data_path
    assert places.history.parent == dirs.user_state_path


def test_a_line_is_told_at_once_whatever_stands_in_a_long_text(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[profiles.local]\nsystem = """\n' + "x" * 5_000 + '\n[ui]\n"""\nmodle = "m"\n')
    with pytest.raises(ConfigError, match=r"line 6: profiles\.local\.modle"):
        reading.load(path)


@pytest.mark.parametrize(("written", "read"), [("true", "on"), ("false", "off"), ('"line"', "line")])
def test_how_reasoning_is_shown_may_still_be_true_or_false(tmp_path: Path, written: str, read: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"[ui]\nthinking = {written}\n")
    assert reading.load(path).ui.thinking == read


@pytest.mark.parametrize(
    ("told", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("gpu.example", "http://gpu.example:11434"),
        ("gpu.example:8080", "http://gpu.example:8080"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        (":8080", "http://127.0.0.1:8080"),
        ("[::1]", "http://[::1]:11434"),
        ("[::]:8080", "http://[::1]:8080"),
        ("http://0.0.0.0:11434/", "http://127.0.0.1:11434/"),
        ("https://gpu.example/ollama", "https://gpu.example/ollama"),
    ],
)
def test_the_address_of_ollama_may_be_as_short_as_its_own_program_takes_it(told: str, url: str) -> None:
    ollama = config.built_in(Path()).profile("ollama")
    assert config.address(ollama, {"OLLAMA_HOST": told}) == url


def test_an_address_of_another_vendor_is_taken_as_it_is() -> None:
    openai = config.built_in(Path()).profile("openai")
    assert config.address(openai, {"OPENAI_BASE_URL": "0.0.0.0/v1"}) == "0.0.0.0/v1"


def test_openai_speaks_responses_at_its_own_address_and_chat_completions_anywhere_else(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        '[profiles.openai]\nbase_url = "http://127.0.0.1:9/v1"\n'
        '[profiles.mine]\ndialect = "openai-responses"\nbase_url = "http://127.0.0.1:9/v1"\n'
    )

    def dialect(env: dict[str, str], base_url: str = "", file: Path = tmp_path / "none") -> str:
        return choose(reading.load(file).settled(env), {"OPENAI_API_KEY": "k", **env}, "openai", "", base_url).dialect

    assert dialect({}) == dialect({"OPENAI_BASE_URL": "https://eu.api.openai.com/v1"}) == "openai-responses"
    assert dialect({}, "https://api.openai.com/v1") == "openai-responses"
    assert (
        dialect({"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}) == dialect({}, "http://127.0.0.1:9/v1") == "openai-chat"
    )
    assert dialect({"OPENAI_BASE_URL": "https://api.openai.com.example.org/v1"}) == "openai-chat"
    assert dialect({}, file=path) == "openai-chat"
    moved = reading.load(path).settled({})
    assert moved.profile("mine").dialect == "openai-responses"
    path.write_text('[profiles.openai]\nbase_url = "http://127.0.0.1:9/v1"\ndialect = "openai-responses"\n')
    assert dialect({}, file=path) == "openai-responses", "somebody named it"
    assert choose(moved, {"OPENAI_API_KEY": "k"}, dialect="openai-chat").name == "openai"
    assert choose(reading.load(tmp_path / "none"), {"OPENAI_API_KEY": "k"}, dialect="openai-chat").name == "openai-chat"


def test_a_price_may_have_all_its_amounts_and_those_of_long_questions(tmp_path: Path) -> None:
    price = "{ input = 3, output = 15, cached = 0.3, written = 3.75, above = { 200000 = [6, 22.5] } }"
    (tmp_path / "config.toml").write_text(f"[profiles.anthropic]\nprice = {price}\n")
    known = reading.load(tmp_path / "config.toml").profile("anthropic").price
    assert known == Price(3.0, 15.0, 0.3, 3.75, ((200_000, Price(6.0, 22.5)),))
    (tmp_path / "config.toml").write_text("[profiles.anthropic]\nprice = [1, 2, 3, 4, 5, 6]\n")
    with pytest.raises(ConfigError, match="2 to 5 numbers"):
        reading.load(tmp_path / "config.toml")
