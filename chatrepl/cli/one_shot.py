"""One question from the command line, and its reply on standard output."""

import json
import math
import re
import sys
from contextlib import closing

from chatrepl import chat, files, replace
from chatrepl.chat import attaching, guard, opinions
from chatrepl.chat.endings import ENDINGS
from chatrepl.chat.outcome import Outcome
from chatrepl.chat.recall import refuse_foreign
from chatrepl.chat.session import Session
from chatrepl.chat.user import User
from chatrepl.cli import preload
from chatrepl.cli.opening import Opening, with_options
from chatrepl.cli.options import joined
from chatrepl.conversation import ImagePart, MediaPart, Message, SourcePart
from chatrepl.dialects import choices
from chatrepl.errors import FAILED, FINE, INTERRUPTED, ChatError, CommandError, status
from chatrepl.events import FINISH_REASONS
from chatrepl.sessions import citations
from chatrepl.sessions.entries import Mark
from chatrepl.sessions.formats.format import to_json
from chatrepl.terminal import streams
from chatrepl.text import safe, schema
from chatrepl.usage import Usage, as_data


def list_models(begun: Opening) -> None:
    """Print what the server offers."""
    session = _begun(begun)
    with closing(session):
        for model in session.offered():
            print(safe.line(model.id))


def answer(begun: Opening, prompt: str, piped: str) -> int:
    """Print the reply; returns the exit status."""
    session = _begun(begun)
    with closing(session):
        return _answer(session, begun, prompt, piped)


def _begun(begun: Opening) -> Session:
    user = User(begun.ask, means_it=True, says_yes=begun.options.yes, wants_weights=begun.wants_weights)
    if not begun.options.names_whom:
        refuse_foreign(begun.profile, begun.paths, user)
    return begun.begin(user)[0]


def _answer(session: Session, begun: Opening, prompt: str, piped: str) -> int:
    options = begun.options
    if session.answer_schema:
        session.screen.collect()  # it is printed once it is known to keep to the schema
    preload.collect_garbage()
    if not session.conversation.turns:
        session.transcript.add(Mark("once"))
    attaching.attach_files(session, options.files)
    attaching.show(session)
    for told in files.mentions.not_taken(options.prompt):
        session.screen.say(told, "dim")
    if "," in options.model:
        return _answer_all(session, begun, joined(prompt, piped))
    try:
        if begun.asks:
            outcome = chat.prompt_files.ask(session, begun.asks, begun.words(piped))
        else:  # no file is attached that is named in what is piped in
            outcome = chat.turn.send(session, joined(prompt, piped), attaching.mentioned(session, options.prompt))
    except streams.Unwritable:
        session.settle()
        raise
    if options.json:
        print(_encodable(_told(session, outcome)))
    elif session.answer_schema:
        _print_json(session, outcome)
    else:
        _print_beside(session, outcome)
    if not (session.conversation.turns or options.resumes):
        session.transcript.discard()
    if outcome.failure:
        return status(outcome.failure)
    return {"interrupted": INTERRUPTED, "error": FAILED}.get(outcome.ending, FINE)


def _print_json(session: Session, outcome: Outcome) -> None:
    """Print the answer where it keeps to the schema; else what came is told beside standard output."""
    text = schema.bare(outcome.reply.text)
    if outcome.failure or outcome.ending not in ("stop", "other", "length"):
        session.screen.say(text)
    else:
        print(safe.text(text) if sys.stdout.isatty() else text)


def _answer_all(session: Session, begun: Opening, text: str) -> int:
    """What each of several models replies, as one object by their names with --json."""
    options = begun.options
    chosen = opinions.named(session, options.model)
    for each in chosen:
        each.profile = replace(each.profile, options=with_options(each.profile.options, options.option))
    for name, said in (("The question", text), ("The system prompt", session.conversation.system)):
        guard.refuse_key(session, name, said)
    asked = attaching.question(session, text, attaching.mentioned(session, options.prompt))
    if not chat.turn.permits(session, asked):
        raise CommandError("The question was not sent: it may hold a secret", "--yes sends it all the same.")
    replies = opinions.ask(session, chosen, asked, quiet=options.json)
    outcomes = [_outcome(*its, failure=each.failure) for each, its in zip(chosen, replies, strict=True)]
    if options.json:
        told: dict[str, object] = {
            each.name: _told(session, outcome) for each, outcome in zip(chosen, outcomes, strict=True)
        }
        print(_encodable(told))
    if any(outcome.ending == "interrupted" for outcome in outcomes):
        return INTERRUPTED
    return FINE if all(outcome.kept for outcome in outcomes) else FAILED


def _outcome(reply: Message, *beside: Message, failure: ChatError | None = None) -> Outcome:
    return Outcome(reply, bool(reply.parts), failure, beside=tuple(Outcome(each, True) for each in beside))


def _print_beside(session: Session, outcome: Outcome) -> None:
    """The other replies that the request brought, each below its number."""
    for number, each in enumerate(outcome.beside, 2):
        chat.choices.show(session, f"reply {number}", each.reply)


def _told(session: Session, outcome: Outcome) -> dict[str, object]:
    """The reply as data; where several were asked for, each of them by its number."""
    if choices.wanted(session.profile) == 1:
        return _as_json(session, outcome)
    return {str(number): _as_json(session, each) for number, each in enumerate((outcome, *outcome.beside), 1)}


def _error(outcome: Outcome) -> str | None:
    """The line that tells what went wrong, None where all is well."""
    if outcome.failure:
        return safe.line(str(outcome.failure), 600)
    return ENDINGS[outcome.ending][0] if outcome.ending in ("interrupted", "error") else None


_TAGS = re.compile("[\U000e0000-\U000e0fff]")
"""Characters that show nothing anywhere, and can carry words: they are escaped."""


def _encodable(data: dict[str, object]) -> str:
    """The data as JSON that standard output can hold: what stands in for a character there may be a quotation mark."""
    text = _TAGS.sub(lambda match: json.dumps(match[0])[1:-1], to_json(data))
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return json.dumps(data)
    return text


def _certainties(outcome: Outcome) -> dict[str, object]:
    """The tokens with their probabilities and alternatives, where they were asked for; offsets are in the text."""
    found, offset = [], 0
    for each in outcome.certainties:
        probability = math.exp(min(0.0, each.logprob)) if each.logprob is not None else 0.0
        others = [{"token": token, "logprob": logprob} for token, logprob in each.others]
        whole = {"token": each.token, "logprob": each.logprob, "probability": probability, "offset": offset}
        found.append({**whole, "alternatives": others})
        offset += len(each.token)
    return {"logprobs": found} if found else {}


def _sources(reply: Message) -> list[dict[str, object]]:
    """The places of the web that a reply was made from, the number of each that it cites, and where in the text."""
    found: list[dict[str, object]] = []
    for part in (part for part in reply.parts if isinstance(part, SourcePart)):
        places = [{"start": place.start, "end": place.end} for place in citations.places(reply) if place.source == part]
        found.append({"url": part.url, "title": part.title, "cited": part.number or None, "places": places})
    return found


def _made(session: Session, reply: Message) -> list[dict[str, object]]:
    """What the model made besides text: its kind, its size, and the file it is in, None where it is in none."""
    if not any(isinstance(part, ImagePart | MediaPart) for part in reply.parts):
        return []
    path, found = session.transcript.kept, []
    for made in chat.media.of(reply):
        place = str(chat.media.written(made, path)) if path else None
        found.append({"kind": made.kind, "mime": made.part.mime, "bytes": len(made.data), "path": place})
    return found


def _in_all(used: Usage) -> Usage:
    """With the total of all its requests: that of a ``Usage`` is what the conversation holds after the last one."""
    if used.input is None or used.output is None or used.total is None:
        return used
    return replace(used, total=max(used.total, used.input + used.output))


def _as_json(session: Session, outcome: Outcome) -> dict[str, object]:
    """The reply as data: an empty one where none came, for scripts always get an object."""
    message = outcome.reply
    elsewhere = session.config.profiles if message.profile != session.profile.name else {}
    profile = elsewhere.get(message.profile, session.profile)
    told = message.ending if message.ending in FINISH_REASONS else None
    return {
        "text": schema.bare(message.text) if session.answer_schema else message.text,
        "thinking": message.thinking,
        "model": message.model or session.profile.model,
        "profile": profile.name,
        "dialect": profile.dialect,
        "finish_reason": message.ending,
        "raw_finish_reason": message.raw_ending or told,
        "usage": as_data(_in_all(outcome.used or message.usage or Usage())),
        "error": _error(outcome),
        "tools": [{**each._asdict(), "error": each.error or None} for each in outcome.calls],
        "media": _made(session, message),
        "sources": _sources(message),
        **_certainties(outcome),
        "session": str(session.transcript.kept) if session.transcript.kept and session.conversation.turns else None,
    }
