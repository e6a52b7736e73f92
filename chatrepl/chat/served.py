"""What MCP servers offer to the user: prompts, which are run like commands, and resources, which are attached.

Only a server that is on, or was started by hand, is asked: ``/server:prompt topic=rain`` and ``@server:notes://today``.
While the user types no key waits for a server.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from chatrepl import chat, files
from chatrepl.chat import attaching
from chatrepl.chat.outcome import Outcome
from chatrepl.chat.session import Session
from chatrepl.conversation import FilePart
from chatrepl.errors import CommandError, Hint
from chatrepl.files.attachments import Attachment
from chatrepl.text import safe
from chatrepl.text.excerpt import beginning
from chatrepl.text.fuzzy import Named, matching, nearest

if TYPE_CHECKING:
    from chatrepl.tools.mcp import McpServer
    from chatrepl.tools.mcp.offers import Argument, Prompt


def names(session: Session) -> Collection[str]:
    """The servers that there are, without that any is started for it. What is wrong with the files that name some is
    told when they are used."""
    said, tooling = session.config.tools, session.tooling
    if tooling.box or not said:
        return tooling.box.servers if tooling.box else ()
    if said.imports and tooling.servers is None:
        from chatrepl.tools.mcp import servers  # not for whoever has no such files

        tooling.servers = [each.name for each in servers(said, lambda _error: None)]
    return tooling.servers or said.servers


def parted(session: Session, name: str) -> tuple[str, str] | None:
    """The server, and what of it ``server:prompt`` or ``server:uri`` means; None where it names no server."""
    server, colon, rest = name.partition(":")
    return (server, rest) if colon and rest and server in names(session) else None


def _usable(session: Session, name: str) -> "McpServer":
    """The server of that name, if the user lets it run."""
    box = chat.calling.toolbox(session)
    server = box.servers[name]
    if server.state == "off" and name not in box.on:
        raise CommandError(
            f"{name} is off", Hint(at_prompt=f"/tools on {name} turns it on; /mcp {name} start starts it.")
        )
    return server


# prompts


def run(session: Session, name: str, words: str) -> Outcome:
    """Ask what that prompt of a server says, with what was typed behind its name. What is asked is shown first."""
    server, prompt = _prompt(session, name)
    values = _filled(session, prompt, given(prompt.arguments, words))
    with session.interrupts.awaited():
        asked = server.prompt(prompt.name, values)
    if not asked.text.strip() and not asked.attachments:
        raise CommandError(f"{server.name} gives nothing to ask for {safe.line(prompt.name, 40)!r}")
    session.screen.question(beginning(asked.text))
    parts: list[Attachment] = [FilePart(name, asked.text), *asked.attachments]
    attaching.agreed(session, f"/{name}", parts)
    session.attachments = files.attachments.joined(session.attachments, asked.attachments)
    attaching.show(session)
    return chat.turn.send(session, asked.text)


def _prompt(session: Session, name: str) -> "tuple[McpServer, Prompt]":
    """The prompt ``server:prompt``, and the server that offers it."""
    server_name, typed = name.split(":", 1)
    server = _usable(session, server_name)
    with session.interrupts.awaited():
        offered = {each.typed: each for each in server.prompts()}
    if typed not in offered:
        wrong = f"{server_name} has no prompt {safe.line(typed, 40)!r}{nearest(typed, offered)}"
        raise CommandError(wrong, Hint(at_prompt=f"/mcp {server_name} names them."))
    return server, offered[typed]


def explained(session: Session, name: str) -> tuple[str, str]:
    """How a prompt of a server is typed, and what the server says of it."""
    server, prompt = _prompt(session, name)
    return f"/{name} {hint(prompt)}".rstrip(), safe.line(prompt.about, 400) or f"A prompt of {server.name}"


_PAIR = re.compile(r"""(?<!\S)([^\s="']+)=("[^"]*"|'[^']*'|\S*)""")


def given(arguments: "Iterable[Argument]", words: str) -> dict[str, str]:
    """The values among the words: ``name=value``, and for what is required the others in their order, of which the last
    takes all that follow."""
    known = [each.name for each in arguments]
    pairs = [match for match in _PAIR.finditer(words) if match[1] in known]
    values = {match[1]: match[2].strip("\"'") for match in pairs}
    for match in reversed(pairs):
        words = words[: match.start()] + words[match.end() :]
    places = [each.name for each in arguments if each.required and each.name not in values] or known[:1]
    rest = files.split(words) if len(places) > 1 else [words.strip()]
    for place, name in enumerate(places):
        said = " ".join(rest[place:]) if name == places[-1] else "".join(rest[place : place + 1])
        if said and name not in values:
            values[name] = said
    return values


def _filled(session: Session, prompt: "Prompt", values: dict[str, str]) -> dict[str, str]:
    """The values, and what the user says where one is missing."""
    for each in prompt.arguments:
        if each.required and not values.get(each.name):
            about = f" ({safe.line(each.about, 60)})" if each.about else ""
            values[each.name] = session.user.answer(f"{safe.line(each.name, 40)}{about}:")
            if not values[each.name]:
                raise CommandError(f"Nothing was sent: {safe.line(each.name, 40)} has no value")
    return values


def hint(prompt: "Prompt") -> str:
    """What may stand behind the name of the prompt: ``topic [mood]``."""
    return safe.line(" ".join(each.name if each.required else f"[{each.name}]" for each in prompt.arguments), 60)


# resources


def wanted(session: Session, name: str) -> list[Attachment]:
    """What stands in that resource, ``server:uri``."""
    server, uri = name.split(":", 1)
    usable = _usable(session, server)
    with session.interrupts.awaited():
        return usable.read(uri)


# while the user types


def _running(session: Session, name: str) -> "McpServer | None":
    """The server of that name, if it may run; one that is on is started."""
    if name not in names(session) or not (session.tooling.box or name in session.tooling.names):
        return None
    box = chat.calling.toolbox(session)
    if name in box.on:
        box.servers[name].begin_ahead()
    return box.servers[name]


def prompts_ahead(session: Session, typed: str) -> Iterator[Named]:
    """The prompts, as commands, that could be meant: of the server that is named so far, or of all that run."""
    server = typed.removeprefix("/").partition(":")[0] if ":" in typed else ""
    for name in [server] if server else names(session) if session.tooling.box else ():
        if found := _running(session, name):
            for prompt in found.ahead.prompts():
                yield f"/{name}:{prompt.typed}", " · ".join(filter(None, (hint(prompt), prompt.about)))


def values_ahead(session: Session, name: str, words: str) -> Iterator[tuple[str, str, int]]:
    """What could stand behind a prompt: the names of its arguments, and their values where the server knows some."""
    server, typed = name.split(":", 1)
    found = _running(session, server)
    prompt = next((each for each in found.ahead.prompts() if each.typed == typed), None) if found else None
    if not (found and prompt):
        return
    word = re.search(r"""(?:[^\s="']+=)?(?:"[^"]*|'[^']*|\S*)\Z""", words)
    last = word[0] if word else ""
    values = given(prompt.arguments, words[: len(words) - len(last)])
    key, equals, begun = last.partition("=")
    free = [each for each in prompt.arguments if each.name not in values]
    if equals and key in [each.name for each in prompt.arguments]:
        for value in found.ahead.values(prompt.name, key, begun.strip("\"'"), values):
            yield from _as_word(f"{key}=", value, "", len(last))
        return
    for each in free:
        if each.name.startswith(last):
            yield from _as_word(f"{each.name}=", "", each.about, len(last))
    for each in [each for each in free if each.required][:1]:
        for value in found.ahead.values(prompt.name, each.name, last.strip("\"'"), values):
            yield from _as_word("", value, each.name, len(last))


def _as_word(before: str, value: str, meaning: str, replaced: int) -> Iterator[tuple[str, str, int]]:
    """The word, in quotes where it needs them; none where it holds what would act in a line, or cannot be quoted."""
    if safe.line(before + value, 1000) == (before + value).strip() and '"' not in value:
        quote = '"' if re.search(r"[\s']", value) else ""
        yield f"{before}{quote}{value}{quote}", meaning, replaced


def resources_ahead(session: Session, typed: str) -> Iterator[tuple[str, str]]:
    """What could be meant by what stands behind an @: the servers, and the resources of the one that is named."""
    name, colon, begun = typed.partition(":")
    if not colon:
        yield from ((f"{each}:", "MCP server") for each in names(session) if each.startswith(typed))
        return
    found = _running(session, name)
    uris = list(_uris(found, begun)) if found else []
    yield from ((f"{name}:{uri}", about) for uri, about in matching(begun, uris) if safe.line(uri, 1000) == uri)


def _uris(server: "McpServer", begun: str) -> Iterator[Named]:
    for each in server.ahead.resources():
        found = _of_template(server, each.uri, begun) if each.template else [each.uri]
        yield from ((uri, each.name) for uri in found)


def _of_template(server: "McpServer", template: str, begun: str) -> Iterable[str]:
    """What the template may become at its first place: up to there, or with the values that the server knows."""
    before, _, behind = template.partition("{")
    place, _, after = behind.partition("}")
    if not begun.startswith(before):
        return [before]
    values = server.ahead.values(template, place, begun.removeprefix(before), {})
    return [f"{before}{value}{after.partition('{')[0]}" for value in values]
