"""The sessions on disk: which there are, what is said in them, and which one somebody means.

Files alone are fast enough: a search through 5,000 sessions of 20 messages takes a quarter of a second, so there is no
index that could be wrong.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from itertools import chain, count
from pathlib import Path

from chatrepl import NamedTuple
from chatrepl.conversation import Conversation
from chatrepl.errors import ChatError, TranscriptError
from chatrepl.files import locking
from chatrepl.sessions import beside, peek
from chatrepl.sessions.journal import read, said
from chatrepl.sessions.state import State
from chatrepl.sessions.transcript import Busy, Transcript, Trouble, new_id

ENDING = ".jsonl"
"""How the name of a session's file ends."""

LOOKED_AT = 3
"""So many of the newest sessions are looked at for one that was left unfinished."""


class Listed(NamedTuple):
    """A session as a list shows it."""

    path: Path
    title: str
    used: float
    """When it was last written to, in seconds since the epoch."""

    @property
    def id(self) -> str:
        return self.path.stem

    @property
    def when(self) -> str:
        """When it was last written to, for people where they are."""
        try:
            return f"{datetime.fromtimestamp(self.used):%Y-%m-%d %H:%M}"
        except (ValueError, OverflowError, OSError):  # a time that no calendar has
            return "----------------"

    @property
    def about(self) -> peek.About:
        """What else there is to tell of it."""
        return peek.about(str(self.path), int(self.used * 1e9))

    @property
    def turns(self) -> int:
        """How many turns it has."""
        return peek.turns(self.path)

    def last_exchange(self) -> list[tuple[str, str]]:
        """Who said what last."""
        return peek.last_exchange(str(self.path), int(self.used * 1e9))


class Match(NamedTuple):
    """A session in which something was found, and the line it was found on."""

    session: Listed
    line: str
    aside: bool = False
    """Whether it was said in a turn that does not stand in the conversation now."""


def listed(folder: Path) -> Iterator[Listed]:
    """The sessions in the folder, the newest first; each is read when its turn comes."""
    return filter(None, (_listed(path, written) for path, written in _files(folder)))


def at(path: Path) -> Listed | None:
    """The session in that file, None while it has none."""
    with suppress(OSError):
        return _listed(str(path), path.stat().st_mtime_ns)
    return None


def newest(folder: Path) -> Path | None:
    """The session last written to, of those in which there is something to go on with."""
    paths = (Path(path) for path, _ in _files(folder))
    return next((path for path in paths if peek.was_begun(path)), None)


def named(folder: Path, words: str) -> list[Listed]:
    """The sessions somebody means: by the id or its beginning or end, else by words of the title, else by words said
    in it."""
    ids = [(os.path.basename(path)[: -len(ENDING)], path, written) for path, written in _files(folder)]
    chosen = [each for each in ids if each[0] == words] or [
        each for each in ids if each[0].startswith(words) or each[0].endswith(words)
    ]
    if chosen:
        return [each for _, path, written in chosen if (each := _listed(path, written))]
    wanted = words.casefold().split()
    titled = [each for each in listed(folder) if all(word in each.title.casefold() for word in wanted)]
    return titled or [match.session for match in found(folder, words)]


def found(folder: Path, words: str) -> Iterator[Match]:
    """The sessions in which a message, or the title, holds all the words; the newest first. Messages are also those
    that were set aside."""
    wanted = words.casefold().split()
    sieves = [_sieve(word) for word in words.lower().split()]
    for path, written in _files(folder):
        small = peek.data_of(path).lower()
        if all(sieve.search(small) for sieve in sieves) and (match := _match(Path(path), written / 1e9, wanted)):
            yield match


def unfinished(folder: Path) -> Listed | None:
    """The newest session if it ended in the middle of a turn and nobody goes on with it now.

    A few of the newest are looked at, for others may be in use at this moment.
    """
    for path, written in _files(folder)[:LOOKED_AT]:
        try:
            with open(path, "rb") as file:
                if not peek.is_open(file):
                    return None
                if locking.hold(file.fileno()):
                    return _listed(path, written)
        except OSError:
            return None
    return None


def take_up(path: Path, folder: Path | None, say: Callable[[str], None], trouble: Trouble) -> Transcript:
    """The session in that file, to go on with; a copy of it while another terminal has it open, or where ``folder``,
    in which sessions are kept, is None."""
    if not folder:
        return Transcript.copied(read(path), None, trouble)
    try:
        return Transcript.reopened(path, trouble)
    except Busy as busy:
        say(f"{busy}. This is a copy of it: a session of its own.")
        state = read(path)
        state.title = forked(folder, state.title)
        return Transcript.copied(state, folder / f"{new_id()}.jsonl", trouble)


def forked(folder: Path, title: str) -> str:
    """A title for a fork, by which it can be told from where it comes from and from other forks."""
    if not title:
        return ""
    taken = {each.title for each in listed(folder)}
    whole = re.sub(r" \(fork(?: \d+)?\)$", "", title)
    names = chain([f"{whole} (fork)"], (f"{whole} (fork {number})" for number in count(2)))
    return next(name for name in names if name not in taken)


def keep(conversation: Conversation, title: str, folder: Path) -> Path:
    """Write a conversation from elsewhere as a session, as old as its last message; its file."""
    troubles: list[TranscriptError] = []
    transcript = Transcript(folder / f"{new_id()}.jsonl", troubles.append)
    transcript.adopt(conversation, title)
    transcript.write()
    transcript.close()
    path = transcript.kept
    if not path:
        raise TranscriptError(str(troubles[0]))
    with suppress(IndexError, ValueError, OSError):  # no time, or none that is one
        used = datetime.fromisoformat([message.at for message in conversation.messages if message.at][-1]).timestamp()
        os.utime(path, (used, used))
    return path


def delete(path: Path) -> None:
    """Remove a session for good, and what was kept aside of it; ``Busy`` if another terminal has it open."""
    try:
        with open(path, "rb") as file:
            if not locking.hold(file.fileno()):
                raise Busy(f"The session {path.stem} is open in another terminal")
        path.unlink()
        path.with_name(path.name + ".damaged").unlink(missing_ok=True)
        beside.remove(path)
    except OSError as error:
        raise TranscriptError(f"{path} cannot be deleted: {error.strerror}") from None


# The files


def _files(folder: Path) -> list[tuple[str, int]]:
    """The files of the sessions and when they were written to, in nanoseconds since the epoch, the newest first. An
    empty one is no session yet."""
    found: list[tuple[int, str]] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for each in entries:
            if each.name.endswith(ENDING):
                with suppress(OSError):  # gone meanwhile, or a link to nowhere
                    known = os.stat(each.path)  # an entry may not know the size yet
                    if known.st_size:
                        found.append((known.st_mtime_ns, each.path))
    return [(path, written) for written, path in sorted(found, reverse=True)]


@lru_cache(maxsize=1 << 16)
def _listed(path: str, written: int) -> Listed | None:
    """The session in that file as it was then, in nanoseconds; None where the file is gone."""
    title = peek.title(path)
    return None if title is None else Listed(Path(path), title, written / 1e9)


# Searching


def _sieve(word: str) -> re.Pattern[bytes]:
    """What stands in the small letters of every journal that holds the word: the longest run of plain letters in it,
    else the word as JSON may spell it."""
    runs = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in word).split()
    if runs:
        return re.compile(max(runs, key=len).encode())
    return re.compile(b"".join(b"(?:%s)" % b"|".join(map(re.escape, _spellings(letter))) for letter in word))


def _spellings(letter: str) -> set[bytes]:
    """A letter, small and large, as the program writes it and as others do, in small letters where it is escaped."""
    import json  # not before the first key

    forms = (letter, letter.upper())
    return {
        json.dumps(form, ensure_ascii=escaped)[1:-1].encode("utf-8", "surrogatepass").lower()
        for form in forms
        for escaped in (True, False)
    }


def _match(path: Path, used: float, wanted: list[str]) -> Match | None:
    try:
        state = read(path)
    except ChatError:
        return None
    session = Listed(path, state.title, used)
    for aside, texts in ((False, _said(state)), (True, said(path))):
        for text in texts:
            folded = text.casefold()
            if all(word in folded for word in wanted):
                lines = text.split("\n")
                best = max(lines, key=lambda line: sum(word in line.casefold() for word in wanted))
                return Match(session, best.strip(), aside)
    return None


def _said(state: State) -> Iterator[str]:
    """What stands in the conversation, an open turn at its end, and the title."""
    yield from (message.text for message in state.conversation.messages)
    yield from (message.text for message in (state.question, state.partial()) if message)
    yield state.title
