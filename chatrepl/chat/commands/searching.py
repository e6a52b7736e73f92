"""Commands about the vendor's web search."""

from chatrepl import chat, replace
from chatrepl.chat.commands.table import WHO, command, number, offered
from chatrepl.chat.session import Session
from chatrepl.errors import CommandError, Hint
from chatrepl.text import safe

_STATES = {"on": "the vendor may search the web", "off": "it does not"}


@command("/search", WHO, "[on|off]", complete=lambda session, words: offered(words, _STATES.items()))
def search(session: Session, words: str) -> None:
    """Let the vendor search the web for an answer, or no longer. Without a word, tell which holds. What it found stands
    below the reply; /sources lists all of it."""
    from chatrepl.dialects import search as vendors  # not for the first key

    if words not in ("", *_STATES):
        hint = Hint(at_prompt="/search on; /find looks for words in the sessions.")
        raise CommandError(f"The web search is on or off, not {safe.line(words, 20)!r}", hint)
    if words == "on" and (wrong := vendors.missing(session.profile)):
        raise CommandError(wrong)
    if words:
        session.profile = replace(session.profile, search=words == "on")
    state = "on" if session.profile.search else "off"
    itself = vendors.searches_by_itself(session.profile)
    session.screen.say("It searches by itself." if itself else f"The web search is {state}.", "dim")


@command("/sources", WHO, "[n]")
def sources(session: Session, words: str) -> None:
    """List what reply n was based on, those sources first that it cites. Without a number that is the last one."""
    turns = session.conversation.turns
    place = number(words, default=len(turns), most=len(turns))
    found = chat.searching.of(turns[place - 1]) if turns else []
    if not found:
        raise CommandError(f"Reply {place} tells no sources" if turns else "There is no reply yet")
    session.screen.table([(part.cited, safe.line(part.title, 60), safe.line(part.url, 300)) for part in found])
