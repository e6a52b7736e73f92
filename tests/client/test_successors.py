"""A built-in default that its vendor no longer knows: another model takes its place, in each dialect's words."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatrepl.chat import turn
from chatrepl.config import built_in, settings
from chatrepl.config.config import Config, Profile, Ui
from chatrepl.config.place import Url
from chatrepl.config.successors import FILE, SUCCESSORS, chosen, kin, remembered
from chatrepl.dialects.repair import is_unknown_model
from chatrepl.errors import Refused
from tests.support import faults
from tests.support.program import run
from tests.support.server import Script, Server

BUILT_IN = built_in(Path("none.toml")).profiles


def of(name: str, server: Server) -> Profile:
    """That built-in profile, its address moved to the double."""
    base = server.url if BUILT_IN[name].dialect.startswith("openai") else server.url.removesuffix("/v1")
    return replace(BUILT_IN[name], place=Url(base), base_url_env="", key_env="THE_KEY")


def gone(dialect: str, model: str) -> Script:
    """What the vendor of that dialect says of a model that it does not know."""
    said: dict[str, Any] = {
        "openai-chat": {"message": f"The model `{model}` does not exist or you do not have access to it.", "code": "m"},
        "openai-responses": {"message": "The requested model was not found.", "code": "model_not_found"},
        "anthropic": {"type": "not_found_error", "message": f"model: {model}"},
        "gemini": {"code": 404, "message": f"models/{model} is not found for API version v1beta.", "status": "NO"},
    }
    return faults.answer(404, json.dumps({"error": said[dialect]}))


def listed(dialect: str, *models: str) -> object:
    """The list of models in the words of that dialect."""
    if dialect == "gemini":
        return {"models": [{"name": f"models/{model}"} for model in models]}
    return {"data": [{"id": model, "type": "model"} for model in models]}


def reply(dialect: str) -> Script:
    wire = faults.wire(dialect)
    return faults.answer(200, wire.whole, wire.kind)


def asked(server: Server) -> list[str]:
    """The models of the questions that came."""
    names = (each.body.get("model") or each.path.split("/models/")[1].split(":")[0] for each in server.requests)
    return list(names)


VENDORS = ("groq", "openai-responses", "anthropic", "gemini")
"""One for each of four dialects."""


@pytest.mark.parametrize("name", VENDORS)
def test_a_default_that_is_gone_has_a_successor_at_once_later_and_in_the_next_run(
    name: str, server: Server, tmp_path: Path
) -> None:
    profile = of(name, server)
    old, new = profile.model, SUCCESSORS[name][0]
    server.listing = listed(profile.dialect, old, "other", SUCCESSORS[name][1], new)
    server.answers(gone(profile.dialect, old), reply(profile.dialect), reply(profile.dialect))
    with faults.session(tmp_path, profile) as seen:
        assert turn.send(seen.session, "Hi").kept
        assert seen.session.profile.model == new
        assert turn.send(seen.session, "Again").kept
        told = seen.notes.getvalue()
        assert told.count(f"{name} does not offer {old} any more; asking {new} from now on.") == 1
        assert f"/set --save model {new}" in told
    assert asked(server) == [old, new, new]
    assert json.loads((tmp_path / "models" / FILE).read_text())[name]["model"] == new


def test_a_second_run_of_the_program_asks_the_successor_at_once(server: Server, tmp_path: Path) -> None:
    server.listing = listed("openai-chat", "gpt-6-luna-audio", "openai/gpt-oss-20b", "x")
    server.answers(faults.answer(400, json.dumps({"error": {"message": "retired", "code": "model_decommissioned"}})))
    (tmp_path / "config.toml").write_text(f'[profiles.groq]\nbase_url = "{server.url}"\n')
    words = ("-p", "groq", "--json", "Hi")
    first, second = (run(*words, home=tmp_path, GROQ_API_KEY="k") for _ in range(2))
    assert json.loads(first.stdout)["text"] == json.loads(second.stdout)["text"] == "Hello"
    assert asked(server) == ["openai/gpt-oss-120b", "openai/gpt-oss-20b", "openai/gpt-oss-20b"]
    elsewhere = run("-p", "groq", "--base-url", "http://127.0.0.1:9", "Hi", home=tmp_path, GROQ_API_KEY="k")
    assert b"127.0.0.1:9" in elsewhere.stderr, "another address"


def test_a_second_run_at_an_address_given_by_hand_asks_the_successor_too(server: Server, tmp_path: Path) -> None:
    default, new = BUILT_IN["anthropic"].model, SUCCESSORS["anthropic"][0]
    server.listing = listed("anthropic", new)
    server.answers(gone("anthropic", default), reply("anthropic"), reply("anthropic"), gone("anthropic", default))
    base = server.url.removesuffix("/v1")
    for _ in range(2):
        assert run("-p", "anthropic", "--base-url", base, "Hi", home=tmp_path, ANTHROPIC_API_KEY="k").returncode == 0
    assert asked(server) == [default, new, new]


@pytest.mark.parametrize("told", ["on the command line", "in the configuration"])
def test_a_model_that_the_user_named_is_never_replaced(told: str, server: Server, tmp_path: Path) -> None:
    server.listing = listed("anthropic", "claude-haiku-5-5", "claude-sonnet-5-6")
    server.answers(gone("anthropic", "claude-sonnet-5-5"))
    line = 'model = "claude-sonnet-5-5"' if "configuration" in told else ""
    (tmp_path / "config.toml").write_text(
        f'[profiles.anthropic]\nbase_url = "{server.url.removesuffix("/v1")}"\n{line}'
    )
    words = [] if line else ["-m", "claude-sonnet-5-5"]
    found = run("-p", "anthropic", *words, "Hi", home=tmp_path, ANTHROPIC_API_KEY="k")
    assert found.returncode == 1
    assert asked(server) == ["claude-sonnet-5-5"]
    assert b"Near to it: claude-sonnet-5-6, claude-haiku-5-5. -m NAME picks one" in found.stderr
    assert not (tmp_path / "models" / FILE).exists()


def test_where_nothing_can_take_its_place_the_user_chooses(server: Server, tmp_path: Path) -> None:
    profile = of("groq", server)
    server.listing = listed("openai-chat", "whisper", "gpt-oss\x1b[2J", "x" * 5000, *map(str, range(5000)))
    server.answers(gone("openai-chat", profile.model))
    with faults.session(tmp_path, profile) as seen:
        assert not turn.send(seen.session, "Hi").kept
        assert "/model NAME picks one; /models lists all 5,003" in seen.notes.getvalue()
    assert len(server.requests) == 1


def test_a_successor_that_is_gone_too_has_one_of_its_own_and_that_ends(server: Server, tmp_path: Path) -> None:
    profile = of("groq", server)
    server.listing = listed("openai-chat", *SUCCESSORS["groq"])
    server.answers(*(gone("openai-chat", each) for each in (profile.model, *SUCCESSORS["groq"])))
    with faults.session(tmp_path, profile) as seen:
        assert not turn.send(seen.session, "Hi").kept
    assert asked(server) == [profile.model, *SUCCESSORS["groq"]]


def test_the_newest_of_the_family_is_chosen_where_no_name_of_the_table_is_there() -> None:
    def newest(default: str, *offered: str) -> str:
        return chosen(Profile("nobody", model=default, default_model=default), offered, {default})

    assert newest("gpt-6-luna", "gpt-7-luna-audio", "gpt-6.1-luna", "gpt-6.10-luna", "gpt-9-terra") == "gpt-6.10-luna"
    assert newest("claude-sonnet-5-5", "claude-opus-6", "claude-sonnet-5-6-20261101", "claude-sonnet-5-6") == (
        "claude-sonnet-5-6"
    )
    assert newest("command-a-plus-05-2026", "command-a-plus-08-2025", "command-a-plus-01-2027").endswith("2027")
    assert newest("accounts/x/models/glm-5p3", "accounts/x/models/glm-5p10", "glm-5p4").endswith("5p10")
    assert newest("kimi-k3", "kimi-k2.6", "kimi-k3.1", "kimi-k3.1-pro") == "kimi-k3.1"
    assert newest("gpt-oss-120b", "gpt-oss-20b", "vendor/gpt-oss-120b") == "vendor/gpt-oss-120b"
    assert newest("gemini-3.8-flash", "gemini-3.9-flash-lite", "gemini-4-pro") == ""
    assert kin("mistral-small-latest")[0] == kin("mistral-small-2603")[0]


@pytest.mark.parametrize(
    "said",
    [
        "The model `m-1` does not exist or you do not have access to it.",
        "This model is no longer available.",
        "m-1 is not a valid model ID",
        "Model Not Exist",
        "The model `m-1` has been decommissioned and is no longer supported.",
        "The model m-1 has been deprecated, see the docs",
        "Not found the model m-1 or Permission denied",
    ],
)
def test_what_vendors_say_of_a_model_that_is_gone(said: str) -> None:
    assert is_unknown_model(Refused(said, status=404), "m-1")


@pytest.mark.parametrize(
    "said",
    [
        "`temperature` is deprecated for this model",
        "Unsupported value: 'reasoning_effort' does not support 'minimal' with this model.",
        "This model does not support images",
        "adaptive thinking is not supported on this model",
        "Not Found",
        "The model is overloaded, try again later",
        "This model's maximum context length is 8192 tokens.",
    ],
)
def test_what_says_nothing_of_it(said: str) -> None:
    assert not is_unknown_model(Refused(said, status=400), "m-1")


def test_set_saves_a_model_which_is_named_then(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    config = Config(path, profiles=BUILT_IN)
    ui, profile = settings.changed("model", "gpt-6.1-terra", Ui(), config.profile("openai"))
    assert (profile.model, profile.default_model) == ("gpt-6.1-terra", "")
    settings.save(path, "model", ui, profile)
    assert path.read_text() == '[profiles.openai]\nmodel = "gpt-6.1-terra"\n'


def test_a_session_goes_on_with_the_successor_and_not_with_the_default_that_is_gone(
    server: Server, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text(f'[profiles.groq]\nbase_url = "{server.url}"\n')
    server.listing = listed("openai-chat", SUCCESSORS["groq"][0])
    run("-p", "groq", "Hi", home=tmp_path, GROQ_API_KEY="k")
    server.answers(gone("openai-chat", "openai/gpt-oss-120b"))
    for words in (["-c", "More"], ["-c", "And more"]):
        assert run(*words, home=tmp_path, GROQ_API_KEY="k").returncode == 0
    default, new = "openai/gpt-oss-120b", SUCCESSORS["groq"][0]
    assert asked(server) == [default, default, new, new]


@pytest.mark.parametrize(
    "inside", ["[]", "{", '{"groq": 5}', '{"groq": {"model": "a\\u001b[2J"}}', "\udcff", "[" * 10_000]
)
def test_a_file_of_successors_that_says_nothing_is_none(inside: str, tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.write_bytes(inside.encode("utf-8", "surrogateescape"))
    config = Config(tmp_path, profiles=BUILT_IN)
    assert remembered(config, path, {}).profiles == BUILT_IN
