"""Commands for the hands: copying, the editor, which key sends."""

import sys
from collections.abc import Iterable
from dataclasses import replace

from chatrepl import clipboard, editor
from chatrepl.commands.table import command, counted, number
from chatrepl.errors import CommandError
from chatrepl.session import Session


def copied_words(session: Session) -> Iterable[tuple[str, str]]:
    """The replies and their code blocks, the last first, for completion."""
    from chatrepl.markdown import code_blocks  # the prompt does not wait for it

    replies = [turn[-1].text for turn in session.conversation.turns]
    for place, reply in sorted(enumerate(replies, 1), reverse=True)[:20]:
        yield str(place), reply.strip().partition("\n")[0]
        for block, code in enumerate(code_blocks(reply), 1):
            yield f"{place}.{block}", code.partition("\n")[0]


@command("/copy [n][.m]", complete=copied_words)
def copy(session: Session, words: str) -> None:
    """Copy the last reply, or reply n, or its code block m: /copy, /copy 2, /copy 2.1, /copy .1. The exact source goes
    to the clipboard of the terminal, over ssh too, and to that of this machine."""
    text, what = _chosen(session, words)
    terminal = "the terminal" if session.screen.copy(text) else ""
    program = clipboard.fill(text, session.env)
    by = " and ".join(filter(None, (terminal, program)))
    if not by:
        raise CommandError("There is no clipboard here", "/save writes the conversation to a file.")
    lines = counted(text.count("\n") + (not text.endswith("\n")), "line")
    session.screen.say(f"Copied {what}: {lines}, by {by}.", "dim")


def _chosen(session: Session, words: str) -> tuple[str, str]:
    """The text that the words of /copy mean, and what it is."""
    replies = [turn[-1].text for turn in session.conversation.turns]
    if not replies:
        raise CommandError("There is nothing to copy yet")
    first, dot, second = words.partition(".")
    place = number(first, default=len(replies))
    if place > len(replies):
        raise CommandError(f"There is no reply {place}: the conversation has {counted(len(replies), 'turn')}")
    if not dot:
        return replies[place - 1], f"reply {place}"
    from chatrepl.markdown import code_blocks

    blocks = code_blocks(replies[place - 1])
    block = number(second, default=1)
    if block > len(blocks):
        raise CommandError(f"Reply {place} has {counted(len(blocks), 'code block') if blocks else 'no code blocks'}")
    return blocks[block - 1], f"code block {block} of reply {place}"


@command("/editor [text]")
def editor_(session: Session, words: str) -> None:
    """Write the next message in $VISUAL or $EDITOR. It stands in the prompt then; Enter sends it. Ctrl-X Ctrl-E does
    the same with what is being typed."""
    session.draft = editor.edit(words, session.env, sys.stdin).rstrip("\n")


@command("/multiline")
def multiline(session: Session, words: str) -> None:
    """Swap the keys: Enter adds a line and Alt-Enter sends, or the other way round."""
    session.ui = replace(session.ui, multiline=not session.ui.multiline)
    enter, alt = ("adds a line", "sends") if session.ui.multiline else ("sends", "adds a line")
    session.screen.say(f"Enter {enter}, Alt-Enter {alt}.", "dim")
