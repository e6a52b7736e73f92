"""What is told of the vendor's web search: the sources of a reply."""

from collections.abc import Iterable

from chatrepl.chat.session import Session
from chatrepl.conversation import Message, SourcePart
from chatrepl.text import safe, urls

LISTED = 8
"""So many sources stand below a reply; /sources lists all."""


def of(messages: Iterable[Message]) -> list[SourcePart]:
    """The sources of these messages."""
    return [part for message in messages for part in message.parts if isinstance(part, SourcePart)]


def tell(session: Session, reply: Message) -> None:
    """List the sources that a reply cites, and tell of the others."""
    found = of([reply])
    cited = [part for part in found if part.cited]
    for part in cited[:LISTED]:
        session.screen.say(line(part), "dim")
    if rest := len(found) - min(len(cited), LISTED):
        more = f"{rest:,} more sources" if cited else f"{rest:,} sources, none of them cited"
        session.screen.say(f"{more}; /sources lists all." if session.user.has_prompt else f"{more}.", "dim")


def line(part: SourcePart) -> str:
    """A source on a line: its number, its title and its site."""
    host, title = safe.line(urls.host_of(part.url), 60), safe.line(part.title, 100)
    number = f"[{part.cited}] " if part.cited else ""
    return f"{number}{title} · {host}" if title and title != host else f"{number}{safe.line(part.url, 160)}"
