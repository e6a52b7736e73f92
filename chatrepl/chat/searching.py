"""What is told of the vendor's web search: the sources of a reply."""

import re
from collections.abc import Iterable

from chatrepl.chat.session import Session
from chatrepl.conversation import ImagePart, MediaPart, Message, Part, SourcePart, TextPart
from chatrepl.events import Media
from chatrepl.sessions import citations
from chatrepl.text import safe, urls, width
from chatrepl.text.amounts import counted

REDIRECTS = "vertexaisearch.cloud.google.com"
"""The host by way of which Google leads to its sources, whose titles are their sites."""

LISTED = 8
"""So many sources stand below a reply; /sources lists all."""


def of(messages: Iterable[Message]) -> list[SourcePart]:
    """The sources of these messages."""
    return [part for message in messages for part in message.parts if isinstance(part, SourcePart)]


def tell(session: Session, reply: Message, missed: Iterable[tuple[str, int, int]] = ()) -> None:
    """List the sources that a reply cites, those without a mark with the words that rest on them, and tell of the
    others."""
    found = of([reply])
    cited = [part for part in found if part.cited]
    unmarked = {url: reply.text[start:end] for url, start, end in reversed([*missed])}
    for part in cited[:LISTED]:
        session.screen.say(line(part), "dim")
        if (words := unmarked.get(part.url, "")) and part.url not in words:
            session.screen.say(f"    for “{excerpt(words)}”", "dim")
    if rest := len(found) - min(len(cited), LISTED):
        more = counted(rest, "more source" if cited else "source")
        more += "" if cited else ", none of them cited" if rest > 1 else ", not cited"
        session.screen.say(f"{more}; /sources lists all." if session.user.has_prompt else f"{more}.", "dim")


def warn(session: Session) -> None:
    """Tell once why nothing can be searched for, where that is wanted."""
    if wrong := _obstacle(session):
        session.connection.tell_once(wrong)


def is_offered(session: Session) -> bool:
    """Whether the vendor may search for an answer."""
    return session.profile.search and not _obstacle(session)


def _obstacle(session: Session) -> str:
    """Why the vendor cannot search for an answer, "" where it can."""
    from chatrepl.dialects import search  # with the first question

    if wrong := search.missing(session.profile):
        return f"{wrong}."
    if session.tooling.offered and not search.beside_tools(session.profile):
        return f"{session.profile.model} does not search while it may call tools."
    return ""


NONE_CAME = "No sources came with this reply: the model decides whether it searches."
"""What is told once where the vendor may search."""


def line(part: SourcePart) -> str:
    """A source on a line: its number, its title and its site."""
    host, title = safe.line(urls.host_of(part.url), 60), safe.line(part.title, 100)
    number = f"[{part.cited}] " if part.cited else ""
    if title and host == REDIRECTS:
        return f"{number}{title}"
    return f"{number}{title} · {host}" if title and title != host else f"{number}{safe.line(part.url, 160)}"


def shown(session: Session, reply: Message) -> str:
    """The text of a reply as it is shown again, with a mark where it cites a source, and where a picture stands."""
    drawn = session.screen.live and session.ui.markdown
    links = drawn and session.screen.links(session.ui)
    mark = citations.link if links else citations.bare if drawn else citations.plain
    return "".join(_shown(part) for part in citations.marked(reply, mark).parts)


def _shown(part: Part) -> str:
    if isinstance(part, ImagePart | MediaPart):
        return f"\n\n*[{Media(part.mime).kind}]*\n\n"
    return part.text if isinstance(part, TextPart) else ""


def excerpt(words: str) -> str:
    """The beginning of some words, without marks."""
    said = safe.line(re.sub(r"[*`]+", "", words).strip(), 200)
    short = width.cut(said, 60)
    return short if short == said else f"{short}…"
