"""Prompts of MCP servers as commands, and their resources as attachments: from a real server, in a real session."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chatrepl.chat import attaching, commands, repl, served
from chatrepl.chat.session import Session
from chatrepl.config import reading
from chatrepl.conversation import FilePart, ImagePart, TextPart
from chatrepl.errors import CommandError
from chatrepl.tools.mcp.offers import Argument
from tests.support.calling import SUPPORT, Chat, until, with_servers
from tests.support.server import Server, say

SERVER = [sys.executable, str(SUPPORT / "mcp_sdk_server.py")]


@pytest.fixture
def chat(home: Path, server: Server) -> Iterator[Chat]:
    """A session with a server of the SDK's, which is on."""
    chat = Chat(home, server)
    with_servers(home, chat, sdk=SERVER)
    yield chat
    chat.session.close()


def offered(session: Session, before: str) -> list[str]:
    """What is offered once the server has answered whoever types."""
    found: list[str] = []

    def some() -> bool:
        found[:] = [text for text, _, _ in commands.suggestions(session, before)]
        return bool(found)

    until(some)
    return found


def asked(chat: Chat) -> list[object]:
    """The parts of the last question."""
    return list(chat.session.conversation.turns[-1][0].parts)


def test_a_prompt_is_a_command_and_asks_what_the_server_says(chat: Chat) -> None:
    chat.server.answers(say("Drip."), say("Drop."))
    assert repl.may_be_command(chat.session, "/sdk:haiku rain")
    repl.obey(chat.session, '/sdk:haiku mood="very sad" the autumn rain')
    assert asked(chat) == [TextPart("A very sad haiku about the autumn rain, please.")]
    assert "> A very sad haiku" in chat.out.getvalue()
    chat.answers[:] = ["snow"]
    repl.obey(chat.session, "/sdk:haiku")
    assert chat.questions == ["topic:"]
    assert asked(chat) == [TextPart("A calm haiku about snow, please.")]


def test_what_a_prompt_embeds_goes_along_by_what_it_is_and_nothing_of_it_acts(chat: Chat) -> None:
    chat.server.answers(say("Fine."))
    commands.run(chat.session, "/sdk:look-at")
    assert asked(chat) == [
        FilePart("sdk:notes://␛[2Jplan", "Buy milk."),
        ImagePart("image/png", asked(chat)[1].data, "sdk:image"),  # type: ignore[attr-defined]
        TextPart(
            "User: Look\x1b]0;owned\x07 at these.\n\n"
            "User: [sdk:notes://binary is nothing to attach (image/png)]\n\nAssistant: I see."
        ),
    ]
    assert not {"\x1b", "\x07"} & set(chat.out.getvalue())


def test_a_prompt_that_says_much_goes_out_only_after_a_yes_and_a_picture_where_it_can(chat: Chat) -> None:
    with pytest.raises(attaching.Declined):
        commands.run(chat.session, "/sdk:endless")
    assert chat.questions == ["sdk:endless (500.0 kB): attach it? [y/N]"]
    assert chat.server.requests == []
    chat.session.profile = replace(chat.session.profile, dialect="scale-egp")
    with pytest.raises(CommandError, match="scale-egp takes no images"):
        commands.run(chat.session, "/sdk:look-at")


def test_a_prompt_that_is_not_there_has_a_neighbour_and_a_server_that_is_off_is_not_started(chat: Chat) -> None:
    with pytest.raises(CommandError, match="sdk has no prompt 'haiko': did you mean 'haiku'"):
        commands.run(chat.session, "/sdk:haiko")
    commands.run(chat.session, "/tools off all")
    for start in (lambda: commands.run(chat.session, "/sdk:haiku x"), lambda: served.wanted(chat.session, "sdk:x")):
        with pytest.raises(CommandError, match="sdk is off"):
            start()
    assert not repl.may_be_command(chat.session, "/nosuch:haiku is text")
    assert not repl.may_be_command(chat.session, "/sdk: is text")


def test_help_tells_how_a_prompt_is_typed(chat: Chat) -> None:
    commands.run(chat.session, "/help sdk:haiku")
    assert "/sdk:haiku topic [mood]\nAsks for a haiku." in chat.out.getvalue()


def test_prompts_arguments_and_resources_are_offered_without_what_would_act(chat: Chat) -> None:
    session = chat.session
    assert offered(session, "/sdk:ha") == ["/sdk:haiku"]
    assert offered(session, "/sdk:haiku ")[:2] == ["topic=", "mood="]
    until(lambda: "rain" in offered(session, "/sdk:haiku ra"))
    assert offered(session, "/sdk:haiku ra") == ["rain", '"rainy days"']
    assert offered(session, "/sdk:haiku topic=rainy") == ['topic="rainy days"']
    assert offered(session, "/sdk:haiku x mood=c") == ["mood=calm"]
    assert "@sdk:" not in offered(session, "see @sd")
    assert offered(session, "see @sd") == ["sdk:"]
    assert offered(session, "see @sdk:no") == ["sdk:notes://today", "sdk:notes://"]
    assert offered(session, "see @sdk:toda") == ["sdk:notes://today"]
    assert offered(session, "see @sdk:notes://mon") == ["sdk:notes://monday"]


def test_a_server_of_another_program_s_file_is_known_before_anything_is_on(chat: Chat, home: Path) -> None:
    other = home / "mcp.json"
    other.write_text(json.dumps({"mcpServers": {"other": {"command": SERVER[0], "args": SERVER[1:]}}}))
    text = (home / "config.toml").read_text()
    (home / "config.toml").write_text(f"import_mcp = [{json.dumps(str(other))}]\n{text}")
    chat.session.config = reading.load(home / "config.toml")
    assert repl.may_be_command(chat.session, "/other:haiku rain")
    assert chat.session.tooling.box is None
    chat.server.answers(say("Drip."))
    with pytest.raises(CommandError, match="other is off"):
        commands.run(chat.session, "/other:haiku rain")
    commands.run(chat.session, "/mcp other start")
    commands.run(chat.session, "/other:haiku rain")
    assert asked(chat) == [TextPart("A calm haiku about rain, please.")]


def test_an_imported_server_of_the_name_of_a_program_is_none(chat: Chat, home: Path) -> None:
    other = home / "mcp.json"
    other.write_text(json.dumps({"mcpServers": {"Clock": {"command": SERVER[0], "args": SERVER[1:]}}}))
    text = (home / "config.toml").read_text()
    program = '[tools.clock]\ncommand = ["date"]\ndescription = "the time"\n'
    (home / "config.toml").write_text(f"import_mcp = [{json.dumps(str(other))}]\n{text}{program}")
    chat.session.config = reading.load(home / "config.toml")
    assert served.parted(chat.session, "Clock:haiku") is None
    assert list(commands.suggestions(chat.session, "/Clock:ha")) == []


def test_nothing_is_started_by_typing_where_nothing_is_on(chat: Chat) -> None:
    chat.session.tooling.names = ()
    for before in ("/sdk:ha", "/sdk:haiku ", "@sdk:no"):
        assert list(commands.suggestions(chat.session, before)) == []
    assert chat.session.tooling.box is None


def test_a_resource_is_attached_where_a_question_names_it(chat: Chat) -> None:
    chat.server.answers(say("Milk."))
    repl.obey(chat.session, "What is on @sdk:notes://today?")
    assert asked(chat) == [FilePart("sdk:notes://today", "Buy milk."), TextPart("What is on @sdk:notes://today?")]
    assert "+ sdk:notes://today (9 bytes)" in chat.out.getvalue()
    attaching.attach(chat.session, "sdk:notes://sunday")
    assert chat.session.attachments == [FilePart("sdk:notes://sunday", "Nothing on sunday.")]


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("", {}),
        ("a b c", {"one": "a", "two": "b c"}),
        ("two=x a b", {"one": "a b", "two": "x"}),
        ("three='a b' c", {"three": "a b", "one": "c"}),
        ('"a b" c', {"one": "a b", "two": "c"}),
        ("four=4", {"one": "four=4"}),
    ],
)
def test_words_fill_what_is_required(words: str, values: dict[str, str]) -> None:
    arguments = [Argument("one", "", True), Argument("two", "", True), Argument("three", "", False)]
    assert served.given(arguments, words) == values
