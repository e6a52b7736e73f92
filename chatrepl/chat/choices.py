"""The replies that a request brought beside the one that counts: kept with it, told, and chosen by /replies."""

from collections.abc import Iterable, Iterator, Sequence

from chatrepl import chat
from chatrepl.chat import media
from chatrepl.chat.outcome import Outcome
from chatrepl.chat.reply import Reply
from chatrepl.chat.session import Session
from chatrepl.conversation import Message, with_own_ids
from chatrepl.dialects import choices, dialect
from chatrepl.sessions.entries import Aside


def keep(session: Session, reply: Reply, before: Iterable[Message]) -> tuple[Outcome, ...]:
    """Write down the replies beside that one, which comes next; what became of each."""
    before = list(before)
    found = [media.numbered(with_own_ids(each, before), before) for each in reply.messages()[1:]]
    if found:
        session.transcript.add(Aside("choices", tuple(found)))
    certainties = [tuple(each.certainties) for each in reply.beside.values()]
    return tuple(Outcome(each, True, certainties=of) for each, of in zip(found, certainties, strict=True))


def show(session: Session, heading: str, reply: Message) -> None:
    """Print a reply below its heading: into standard output, where that is a file."""
    out, text = session.screen.out, chat.searching.shown(session, reply)
    if session.user.has_prompt or out.isatty():
        session.screen.say(heading, "bold")
        session.screen.reply(text, session.ui)
        return
    out.write(f"{heading}:\n{text.rstrip()}\n\n")
    out.flush()


def tell(session: Session, beside: Iterable[Message]) -> None:
    """Tell how many replies came, and where they are."""
    for line in _told(session, list(beside)):
        session.screen.say(line, "dim")


def _told(session: Session, beside: list[Message]) -> Iterator[str]:
    came, wanted = 1 + len(beside), choices.wanted(session.profile)
    if came < wanted and dialect(session.profile.dialect).choices:
        yield f"{came} of {wanted} replies came."
    if beside and session.user.has_prompt:
        yield f"{more(beside)}: /replies lists them, /replies N makes one count."


def more(beside: Sequence[Message]) -> str:
    """That these came along, and how many of them are not whole."""
    cut = sum(each.unfinished for each in beside)
    whole = f", {cut} of them not whole" if cut else ""
    return f"{'1 more reply' if len(beside) == 1 else f'{len(beside)} more replies'} came along{whole}"
