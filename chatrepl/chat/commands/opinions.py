"""Commands that ask aside, or ask others, and choose among replies."""

import difflib
from collections.abc import Iterable, Iterator

from chatrepl import chat, replace
from chatrepl.chat import aside, attaching, budget, endings, guard, opinions, turn
from chatrepl.chat.commands.profiles import model_names
from chatrepl.chat.commands.table import TALK, WHO, Suggestion, command, number_or_0, offered
from chatrepl.chat.outcome import Outcome
from chatrepl.chat.rates import counts
from chatrepl.chat.session import Session
from chatrepl.conversation import Message, Turn, question
from chatrepl.errors import CommandError, Hint
from chatrepl.sessions.entries import Aside, Mark
from chatrepl.text import safe


@command("/btw", TALK, "question | keep")
def btw(session: Session, words: str) -> None:
    """Ask aside: the conversation goes along, no tools do, and the answer is no part of it. It is kept in the session's
    file and counted in /usage. "keep" makes a turn of the last one."""
    if words == "keep":
        _keep(session)
        return
    if not words:
        raise CommandError("Ask what?", Hint(at_prompt="/btw QUESTION"))
    guard.refuse_key(session, "The question", words)
    asked = question(words)
    if not (turn.permits(session, asked) and budget.allows(session)):
        return
    asking = replace(session.asking(session.conversation.turns, asked), tools=())
    reply, failure = aside.ask(session, aside.plain(session.profile), asking)
    message = reply.message()
    if not reply.empty:
        session.transcript.add(Aside("btw", (asked, message)))
        if message.unfinished and not failure:
            session.screen.say(endings.of_aside(message), "warning")
    if failure:
        raise failure
    told = (
        "Stopped before the first word." if reply.empty else "Aside: it is not sent again. /btw keep makes it a turn."
    )
    session.screen.say(told, "dim")


def _keep(session: Session) -> None:
    noted = [each.messages for each in session.transcript.state.asides if each.kind == "btw"]
    if not noted or noted[-1] in session.conversation.turns:
        raise CommandError("Nothing was asked aside that is no turn yet")
    session.transcript.add(Mark("keep"))
    session.screen.say("It is the last turn of the conversation now; /undo takes it out again.", "dim")


def whom(session: Session, words: str) -> Iterable[Suggestion]:
    """Whom /ask may mean: profiles and models, for completion behind each comma."""
    last = words.rpartition(",")[2]
    profiles = [(each.name, each.about) for each in session.config.profiles.values()]
    return () if " " in words else [*offered(last, profiles), *model_names(session, last)]


@command("/ask", WHO, "MODEL[,MODEL ...] [question]", complete=whom)
def ask(session: Session, words: str) -> Outcome:
    """Ask others the last question, or a new one, all at once. Each is a profile, a model, or profile/model. /replies
    lists what they answered, and makes another reply the one that counts; Ctrl-C stops all and keeps what came."""
    names, _, text = words.partition(" ")
    if not names.strip(","):
        raise CommandError("Ask whom?", Hint(at_prompt="/ask MODEL[,MODEL ...] [question]"))
    if not text.strip() and not session.conversation.turns:
        raise CommandError("There is no question to ask yet", Hint(at_prompt="/ask MODEL QUESTION asks a new one."))
    chosen = opinions.named(session, names)
    new = None
    if text.strip():
        guard.refuse_key(session, "The question", text)
        new = attaching.question(session, text.strip())
        if not turn.permits(session, new):
            return Outcome()
    if not budget.allows(session):
        return Outcome()
    found = [each for replies in opinions.ask(session, chosen, new) for each in replies if each.parts]
    if new and not found:
        return Outcome(question_back=session.put_back(new))
    if len(session.transcript.state.replies()) > 1:
        session.screen.say("/replies lists the replies, /replies N makes another one count.", "dim")
    return Outcome()


@command("/replies", TALK, "[k | diff k k]")
def replies(session: Session, words: str) -> None:
    """List the replies to the last question, or make reply k the one that counts. They are those of /retry and /ask,
    for none is ever overwritten. "diff 1 2" shows how two differ; /undo takes a choice back."""
    found = session.transcript.state.replies(alike=True) if session.conversation.turns else []
    if not found:
        raise CommandError("There is no reply yet")
    first, *others = words.split() or [""]
    if first == "diff":
        _show_difference(session, *(_reply(found, each) for each in (others or ["1", "2"])[:2]))
    elif first:
        chosen = _reply(found, words)
        if chosen is not session.conversation.turns[-1]:
            session.transcript.add(Mark("choose", count=session.transcript.state.replies().index(chosen) + 1))
        session.screen.reply(chat.searching.shown(session, chosen[-1]), session.ui)
        session.screen.say(f"Reply {first} counts now; /undo brings the other back.", "dim")
    else:
        session.screen.table(list(_rows(session, found)))


def _reply(found: list[Turn], words: str) -> Turn:
    place = number_or_0(words)
    if not 0 < place <= len(found):
        has = "only one reply" if len(found) == 1 else f"the replies 1 to {len(found)}"
        raise CommandError(f"The question has {has}, not {safe.line(words, 20)!r}")
    return found[place - 1]


def _rows(session: Session, found: list[Turn]) -> Iterator[tuple[str, ...]]:
    """The replies with their numbers, a * before the one that counts."""
    now, said = session.conversation.turns[-1], [each[-1].parts for each in found]
    for place, each in enumerate(found):
        marked, same = each == now and each not in found[:place], said.index(each[-1].parts)
        first = _first_line(each[-1]) if same == place else f"(same as {same + 1})"
        yield "*" if marked else "", str(place + 1), _about(session, each[-1]), first


def _about(session: Session, reply: Message) -> str:
    elsewhere = safe.line(reply.profile, 20) if reply.profile != session.profile.name else ""
    used = counts(reply.usage) if reply.usage else []
    ending = [reply.ending] if reply.unfinished else []
    return " · ".join([*filter(None, [elsewhere]), safe.line(reply.model, 40) or "unknown model", *used, *ending])


def _first_line(reply: Message) -> str:
    return safe.line(next((line for line in reply.text.splitlines() if line.strip()), ""), 100) or "(no text)"


def _show_difference(session: Session, one: Turn, other: Turn) -> None:
    before, after = one[-1], other[-1]
    texts = before.text.splitlines(), after.text.splitlines()
    lines = list(difflib.unified_diff(texts[0], texts[1], _name(before), _name(after), lineterm="", n=1))
    for line in lines:
        session.screen.say(line, {"+": "bold", "-": "dim"}.get(line[:1], ""))
    if not lines:
        session.screen.say("The two say the same.", "dim")


def _name(reply: Message) -> str:
    return safe.line(reply.model, 40) or "unknown model"
