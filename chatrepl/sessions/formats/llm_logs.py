"""The logs.db of the command ``llm``: older tables, one row an exchange, and those since 0.32, a tree of messages."""

import base64
import itertools
import json
import os
import re
import shutil
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

from chatrepl.conversation import (
    Conversation,
    ImagePart,
    Message,
    Part,
    Role,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from chatrepl.events import Usage
from chatrepl.files import reading
from chatrepl.sessions.formats.format import Chat, Damage, Format
from chatrepl.sessions.formats.turns import turns
from chatrepl.text.shapes import count, items, parsed, table, text

Row = defaultdict[str, Any]
"""The columns of a row; None stands for those that its version of llm did not have."""
Dated = tuple[str, Chat]
"""A conversation, and when something was last said in it."""


LONGEST = 64 * 2**20
"""The most bytes of one value: SQLite refuses what is longer."""

STEPS = 200_000_000
"""The most steps of SQLite's machine, some seconds: a damaged or hostile file may have it search without end."""

BETWEEN = 100_000
"""So many of them pass between two looks."""


def read(path: Path) -> list[Chat]:
    """The conversations in a database, which is only read; newest first."""
    with reading.opened(path) as file:  # what is missing or no file is told as that of any format
        size = os.fstat(file.fileno()).st_size
    try:
        with _alone(path) as place, closing(_connected(place)) as connection:
            found = _chats(_Tables(connection, 2 * size + LONGEST))
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter by a damaged name of a column
        raise Damage(f"no database of llm: {error}") from None
    found.sort(key=lambda pair: pair[0], reverse=True)
    return [chat for _, chat in found if chat.conversation.turns]


@contextmanager
def _alone(path: Path) -> Iterator[Path]:
    """Where the database can be opened as one that does not change. What was said last may stand in a log beside it;
    then both are copied, for SQLite would make files where they are."""
    log = path.with_name(f"{path.name}-wal")
    if not log.is_file() or not log.stat().st_size:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="chatrepl-") as folder:
        place = Path(folder, "logs.db")
        shutil.copyfile(path, place)
        shutil.copyfile(log, place.with_name("logs.db-wal"))
        with closing(sqlite3.connect(place)) as connection:
            _bound(connection)
            connection.execute("pragma wal_checkpoint(truncate)").fetchall()
        yield place


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    _bound(connection)
    return connection


def _bound(connection: sqlite3.Connection) -> None:
    """Let no value be longer than ``LONGEST``, and no work be more than ``STEPS``."""
    looks = itertools.count(1)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
    connection.set_progress_handler(lambda: next(looks) * BETWEEN > STEPS, BETWEEN)


def _chats(tables: "_Tables") -> list[Dated]:
    if not tables.names & {"responses", "threads"}:
        raise Damage("no database of llm: it has neither a table responses nor one threads")
    threads = tables.rows("threads")
    continued = {row["id"] for row in threads}  # in the newer tables, with all that was said before
    return [*_from_threads(tables, threads), *_from_exchanges(tables, continued)]


class _Tables:
    """The tables of one database. Those that hold more than was ever written to them are none of llm's."""

    def __init__(self, connection: sqlite3.Connection, most: int) -> None:
        """``most`` is how many bytes may come out of it in all."""
        self._connection = connection
        self._left = most
        made = connection.execute("select name, sql from sqlite_master where type = 'table'")
        self.names = {str(name) for name, sql in made if not re.match(r"\s*create\s+virtual", str(sql), re.IGNORECASE)}

    def rows(self, name: str, rest: str = "", *values: Any) -> list[Row]:
        """The rows of a table; none where there is no such table."""
        if name not in self.names:
            return []
        if any(column[-1] for column in self._connection.execute(f"pragma table_xinfo({name})")):  # hidden or generated
            raise Damage(f"the table {name} makes up its columns, which those of llm do not")
        found = self._connection.execute(f"select * from {name} {rest}", values)
        columns = [column[0] for column in found.description]
        return [Row(lambda: None, zip(columns, self._counted(row), strict=True)) for row in found]

    def _counted(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """The row, with its bytes counted: a damaged file may give the same ones again and again."""
        self._left -= sum(len(value) for value in row if isinstance(value, str | bytes))
        if self._left < 0:
            raise Damage("it gives more than it holds")
        return row

    def fragments(self) -> dict[int, str]:
        """Texts that prompts borrow."""
        return {row["id"]: text(row["content"]) for row in self.rows("fragments")}


# The older tables


def _from_exchanges(tables: _Tables, leave_out: set[str]) -> Iterator[Dated]:
    names = {row["id"]: text(row["name"]) for row in tables.rows("conversations")}
    fragments, borrowed = tables.fragments(), defaultdict(list)
    for row in tables.rows("prompt_fragments", 'order by "order"'):
        borrowed[row["response_id"]].append(fragments.get(row["fragment_id"], ""))
    made, exchanges = _Made(tables), defaultdict(list)
    for row in tables.rows("responses", "order by datetime_utc, id"):
        exchanges[row["conversation_id"] or row["id"]].append(row)
    for key, rows in exchanges.items():
        if key not in leave_out:
            system = next((text(row["system"]) for row in reversed(rows) if row["system"]), "")
            said = [message for row in rows for message in _exchange(row, borrowed[row["id"]], made)]
            yield text(rows[-1]["datetime_utc"]), Chat(Conversation(system, turns(said)), names.get(key, ""))


class _Made:
    """The calls of the exchanges, and the results that were sent with them, by their ids."""

    def __init__(self, tables: _Tables) -> None:
        self.calls: defaultdict[Any, list[Part]] = defaultdict(list)
        self.results: defaultdict[Any, list[Part]] = defaultdict(list)
        for row in tables.rows("tool_calls", "order by id"):
            call = ToolCallPart(text(row["tool_call_id"]), text(row["name"]), text(row["arguments"]) or "{}")
            self.calls[row["response_id"]].append(call)
        for row in tables.rows("tool_results", "order by id"):
            self.results[row["response_id"]].append(_result(row))


def _result(data: Mapping[str, Any]) -> ToolResultPart:
    failed = text(data.get("exception"))
    said = text(data.get("output")) or failed
    return ToolResultPart(text(data.get("tool_call_id")), said, "failed" if failed else "")


def _exchange(row: Row, borrowed: list[str], made: _Made) -> Iterator[Message]:
    """A question and its reply. One that brings the results of tools asks nothing besides."""
    at, asked = text(row["datetime_utc"]), "\n".join(filter(None, [*borrowed, text(row["prompt"])]))
    results, calls = made.results[row["id"]], made.calls[row["id"]]
    if results:
        yield Message("tool", tuple(results), at=at)
    if asked or not results:
        yield Message("user", (TextPart(asked),), at=at)
    thinking = (ThinkingPart(text(row["reasoning"])),) if row["reasoning"] else ()
    said = (TextPart(text(row["response"])),) if row["response"] or not calls else ()
    yield _reply((*thinking, *said, *calls), row)


def _reply(parts: tuple[Part, ...], row: Row) -> Message:
    """A reply, and what is known of it."""
    spent, made = count(row["input_tokens"]), count(row["output_tokens"])
    usage = None if spent is None and made is None else Usage(input=spent, output=made)
    model = text(row["resolved_model"]) or text(row["model"])
    return Message("assistant", parts, model, _ending(parts), usage, text(row["datetime_utc"]))


def _ending(parts: Iterable[Part]) -> str:
    return "tool_calls" if any(isinstance(part, ToolCallPart) for part in parts) else "stop"


# The newer tables


def _from_threads(tables: _Tables, threads: list[Row]) -> Iterator[Dated]:
    tree = {row["hash"]: row for row in tables.rows("messages")}
    replies = {row["tip_message_hash"]: row for row in tables.rows("turns", "order by id")}
    parts = _parts(tables)
    for thread in threads:
        path = _path(tree, thread["tip_message_hash"])
        system = [part.text for key in path if tree[key]["role"] == "system" for part in _texts(parts[key])]
        spoken = [each for key in path for each in _messages(tree[key], parts[key], replies.get(key))]
        date = max((message.at for message in spoken), default="")
        yield date, Chat(Conversation("\n\n".join(system), turns(spoken)), text(thread["name"]))


def _path(tree: dict[Any, Row], tip: Any) -> list[Any]:
    """The keys of the messages from the first to that one."""
    path: dict[Any, None] = {}
    while tip in tree and tip not in path:  # a damaged tree may run in a circle
        path[tip] = None
        tip = tree[tip]["parent_hash"]
    return list(reversed(path))


def _messages(row: Row, parts: list[Part], turn: Row | None) -> Iterator[Message]:
    """What a message of the tree holds: results of tools are a message of their own, whoever is said to have said them;
    a vendor's own tools give theirs in the middle of a reply."""
    role: Role = "assistant" if row["role"] == "assistant" else "user"
    for is_result, found in groupby(_belonging(parts), key=lambda pair: pair[0]):
        said = tuple(part for _, part in found)
        if is_result:
            yield Message("tool", said)
        elif row["role"] in ("user", "assistant"):
            yield _reply(said, turn) if role == "assistant" and turn else Message(role, said)


def _belonging(parts: Iterable[Part]) -> Iterator[tuple[bool, Part]]:
    """The parts, and whether each belongs to a result: as the pictures behind one do."""
    within = False
    for part in parts:
        within = isinstance(part, ToolResultPart) or (within and isinstance(part, ImagePart))
        yield within, part


def _parts(tables: _Tables) -> defaultdict[str, list[Part]]:
    """The parts of each message, by its hash."""
    found: defaultdict[str, list[Part]] = defaultdict(list)
    fragments = tables.fragments()
    for row in tables.rows("parts", "order by message_hash, position"):
        payload = _payload(row["payload"])
        said = text(row["text"]) or _resolved(payload.get("text_ref"), fragments)
        if row["type"] == "attachment":
            found[row["message_hash"]].append(_attachment(tables, payload))
        elif row["type"] == "tool_call":
            name, arguments = text(row["tool_name"]) or text(payload.get("name")), payload.get("arguments")
            number = text(payload.get("tool_call_id"))
            found[row["message_hash"]].append(ToolCallPart(number, name, json.dumps(table(arguments))))
        elif row["type"] == "tool_result":
            found[row["message_hash"]] += [_result({**payload, "output": text(payload.get("output")) or said})]
            pictures = (_attachment(tables, {"attachment": each}) for each in items(payload.get("attachments")))
            found[row["message_hash"]] += [each for each in pictures if isinstance(each, ImagePart)]
        elif said and row["type"] in ("text", "reasoning"):
            found[row["message_hash"]].append(TextPart(said) if row["type"] == "text" else ThinkingPart(said))
    return found


def _resolved(pieces: Any, fragments: dict[int, str]) -> str:
    """The text of a part that borrows from fragments."""
    tables = [piece for piece in pieces if isinstance(piece, dict)] if isinstance(pieces, list) else []
    return "".join(
        text(piece.get("literal")) or fragments.get(count(piece.get("fragment")) or 0, "") for piece in tables
    )


def _attachment(tables: _Tables, payload: dict[str, Any]) -> Part:
    """An image that is kept in the database; of any other file the name."""
    link = payload.get("attachment")
    key = text(link.get("id")) if isinstance(link, dict) else ""
    row = next(iter(tables.rows("attachments", "where id = ?", key)), Row(lambda: None))
    mime, content = text(row["type"]), row["content"]
    if mime.startswith("image/") and isinstance(content, bytes) and content:
        return ImagePart(mime, base64.b64encode(content).decode("ascii"))
    return TextPart(f"[attachment: {text(row['path']) or text(row['url']) or mime}]\n\n")


def _texts(parts: list[Part]) -> list[TextPart]:
    return [part for part in parts if isinstance(part, TextPart)]


# A column may hold any type; one that is not expected counts as empty.


def _payload(value: Any) -> dict[str, Any]:
    return table(parsed(text(value)))


FORMAT = Format("the logs of the command llm", read=read)
