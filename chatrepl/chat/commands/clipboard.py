"""Commands for the hands: copying, the editor, which key sends."""

import sys
from collections.abc import Iterable
from functools import lru_cache

from chatrepl import replace
from chatrepl.chat.commands.table import (
    FILES,
    SETTINGS,
    TALK,
    Suggestion,
    command,
    number,
    number_or_0,
    offered,
)
from chatrepl.chat.outcome import Outcome
from chatrepl.chat.session import Session
from chatrepl.errors import CommandError, Hint
from chatrepl.terminal import clipboard, editor
from chatrepl.text import safe
from chatrepl.text.amounts import counted

SHOWN = 20
"""So many replies are offered to be copied."""


def copied_words(session: Session, words: str) -> Iterable[Suggestion]:
    """The last replies and the code blocks of one, of the last where none is named yet, for completion."""
    said = session.conversation.turns
    place = number_or_0(words.partition(".")[0]) or len(said)
    blocks = _blocks(said[place - 1][-1].text) if 1 <= place <= len(said) else ()
    within = [(f"{place}.{block}", _first_line(code)) for block, code in enumerate(blocks, 1)]
    last = range(len(said), max(0, len(said) - SHOWN), -1)
    names = [(str(number), _first_line(said[number - 1][-1].text)) for number in last]
    return offered(words, sorted([*names, *within], key=lambda name: -int(name[0].partition(".")[0])))


@lru_cache(maxsize=1)
def _blocks(text: str) -> "tuple[str, ...]":
    """The code blocks of a reply, parsed once however many keys are typed."""
    from chatrepl.terminal.markdown import code_blocks  # the prompt does not wait for it

    return tuple(code_blocks(text))


def _first_line(text: str) -> str:
    return text.lstrip().partition("\n")[0]


@command("/copy", FILES, "[-r] [n][.m]", complete=copied_words)
def copy(session: Session, words: str) -> None:
    """Copy the last reply, reply n, or its code block m. For example /copy, /copy 2, /copy 2.1, /copy .1. The source
    goes to the clipboard of the terminal, also over ssh, and to that of this machine: without control characters and
    what hides, unless -r stands before."""
    first, _, rest = words.partition(" ")
    raw = first == "-r"
    text, what = _chosen(session, rest.strip() if raw else words)
    text, taken_out = (text, 0) if raw else safe.cleaned(text)
    sent = session.screen.window.copy(text)
    program = clipboard.fill(text, session.env)
    if not (sent or program):
        raise CommandError("There is no clipboard here", Hint(at_prompt="/save writes the conversation to a file."))
    how = f"copied by {program}" if program else "sent to the terminal, which may ignore it"
    lines = counted(text.count("\n") + (not text.endswith("\n")), "line")
    session.screen.say(f"{what}, {lines}: {how}.", "dim")
    if taken_out:
        hidden = counted(taken_out, "character")
        session.screen.say(f"{hidden} that act or hide when pasted were left out; /copy -r copies all.", "warning")


def _chosen(session: Session, words: str) -> tuple[str, str]:
    """The text that the words of /copy mean, and what it is."""
    replies = [turn[-1].text for turn in session.conversation.turns]
    if not replies:
        raise CommandError("There is nothing to copy yet")
    first, dot, second = words.partition(".")
    place = number(first, default=len(replies), most=len(replies))
    if not dot:
        return replies[place - 1], f"Reply {place}"
    from chatrepl.terminal.markdown import code_blocks

    blocks = code_blocks(replies[place - 1])
    block = number(second, default=1)
    if block > len(blocks):
        raise CommandError(f"Reply {place} has {counted(len(blocks), 'code block') if blocks else 'no code blocks'}")
    return blocks[block - 1], f"Code block {block} of reply {place}"


@command("/editor", TALK, "[text]")
def editor_(session: Session, words: str) -> Outcome:
    """Write the next message in $VISUAL or $EDITOR. It is then in the prompt; Enter sends it. Ctrl-X Ctrl-E does
    the same with what you are typing."""
    return Outcome(question_back=editor.edit(words, session.env, sys.stdin).rstrip("\n"))


@command("/multiline", SETTINGS)
def multiline(session: Session, words: str) -> None:
    """Swap Enter and Alt-Enter: which one sends, which one adds a line. Enter runs a command either way."""
    session.ui = replace(session.ui, multiline=not session.ui.multiline)
    enter, alt = ("adds a line", "sends") if session.ui.multiline else ("sends", "adds a line")
    session.screen.say(f"Enter {enter}, Alt-Enter {alt}.", "dim")
