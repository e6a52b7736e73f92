"""A conversation as Markdown: to read in any editor, to edit there, and to load again.

    ---
    title: "What a person reads first"
    chatrepl: 1
    ---

    ## User <!-- chatrepl {"at":"2026-01-02T03:04:05+00:00"} -->

    The text as it is.

    ### File · `notes.py` <!-- chatrepl -->

A heading with such a comment begins a message (##) or a part of one (###), and nothing else does: a line of text that
looks like one is written with a backslash before it, as Markdown has it. A character that editors change or hide stands
as ⟨U+000D⟩. What comes right after the heading of a message is its first text. There are no counts and no sums, so a
person may change any word.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from chatrepl.config import nearest
from chatrepl.conversation import (
    Conversation,
    FilePart,
    ImagePart,
    Message,
    Part,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
    from_data,
    to_data,
)
from chatrepl.export.format import NOT_PLAIN, Chat, Damage, Format, from_json, text_of, to_json

VERSION = 1


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a kind of part stands in the file: the word of its heading, the field beside it, and the field below it."""

    word: str
    label: str = ""
    body: str = "text"
    fenced: bool = False


_SHAPES: dict[type[Part], _Shape] = {
    TextPart: _Shape("Text"),
    ThinkingPart: _Shape("Thinking"),
    ImagePart: _Shape("Image", "name", ""),
    FilePart: _Shape("File", "name", fenced=True),
    ToolCallPart: _Shape("Tool call", "name", "arguments", fenced=True),
    ToolResultPart: _Shape("Tool result", fenced=True),
}
_PARTS = {shape.word: part for part, shape in _SHAPES.items()}
_ROLES = {"User": "user", "Assistant": "assistant", "Tool": "tool"}
_SPEAKERS = {role: word for word, role in _ROLES.items()}

_LOOKS_LIKE_HEADING = re.compile(r"\\*#{2,3} .*<!-- chatrepl\b")
_HEADING = re.compile(r"(##|###) (\w[\w ]*?)(?: · `([^`]*)`)? <!-- chatrepl(?: (\{.*\}))? -->\s*")
_LABEL = re.compile(r"[^`<\s](?:[^`<]*[^`<\s])?")
_ESCAPED = re.compile(r"⟨U\+(10[0-9A-F]{4}|[0-9A-F]{4,5})⟩")
_TO_ESCAPE = re.compile(f"{NOT_PLAIN.pattern}|⟨(?=U\\+)")
_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+);base64,([A-Za-z0-9+/=]+)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.]+(Z|[+-]\d\d:\d\d)?", re.ASCII)


# Writing


def render(chat: Chat) -> str:
    """The conversation as Markdown."""
    conversation, title = chat
    images: list[str] = []
    sections = [_section("## System", {}, conversation.system)] if conversation.system else []
    for turn in conversation.turns:
        for place, message in enumerate(turn):
            sections += _message(message, images, inside=place > 0)
    if images:
        sections.append("\n".join(["## Images <!-- chatrepl -->", "", *images, ""]))
    return "\n".join([_front_matter(conversation, title), *sections])


def _front_matter(conversation: Conversation, title: str) -> str:
    messages = conversation.messages
    dates = [f"date: {message.at}" for message in messages if _DATE.fullmatch(message.at)]
    models = list(dict.fromkeys(message.model for message in messages if message.model))
    lines = [f"title: {to_json(title)}", *dates[:1]]
    lines += [f"models: {to_json(models)}"] if models else []
    return "\n".join(["---", *lines, f"chatrepl: {VERSION}", "---", ""])


def _message(message: Message, images: list[str], *, inside: bool) -> Iterator[str]:
    """The sections of a message; ``inside`` is one that does not begin its turn."""
    meta = to_data(replace(message, parts=()))
    role = meta.pop("role")
    del meta["parts"]
    if message.usage:
        known = {key: value for key, value in meta["usage"].items() if value is not None}
        meta["usage"] = known or {"total": None}
    if inside and role == "user":
        meta["inside"] = True
    parts = list(message.parts)
    leads = parts and isinstance(parts[0], TextPart) and parts[0].text.strip()
    heading = _labelled(f"## {_SPEAKERS[role]}", "model", meta)
    yield _section(heading, meta, parts.pop(0).text if leads else None)  # type: ignore[union-attr]  # a TextPart leads
    for part in parts:
        yield _part(part, images)


def _part(part: Part, images: list[str]) -> str:
    shape = _SHAPES[type(part)]
    meta = asdict(part)
    heading = _labelled(f"### {shape.word}", shape.label, meta)
    if isinstance(part, ImagePart):
        return _section(heading, meta, _image(part, images, meta))
    body = meta.pop(shape.body)
    return _section(heading, meta, body, _fence(part, body) if shape.fenced else ("", ""))


def _image(part: ImagePart, images: list[str], meta: dict[str, Any]) -> str | None:
    """What points to an image. Its data stands at the end of the file, where its length disturbs nobody."""
    url = f"data:{part.mime};base64,{part.data}"
    if not _DATA_URL.fullmatch(url):
        return None  # and what it is stays in the heading
    del meta["mime"], meta["data"]
    images.append(f"[image-{len(images) + 1}]: {url}")
    return f"![image][image-{len(images)}]"


def _fence(part: Part, body: str) -> tuple[str, str]:
    """A fence longer than any in the text, and the language that stands behind it."""
    marks = "`" * (max(map(len, re.findall("`{3,}", body)), default=2) + 1)
    language = "json" if isinstance(part, ToolCallPart) else ""
    if isinstance(part, FilePart):
        language = Path(part.name).suffix.lstrip(".")
    return marks, language if re.fullmatch(r"[\w+-]*", language) else ""


def _labelled(heading: str, key: str, meta: dict[str, Any]) -> str:
    """The heading with that value beside it, moved there from ``meta``, if it can stand there."""
    value = meta.get(key, "")
    if not _LABEL.fullmatch(value) or NOT_PLAIN.search(value) or "\n" in value:
        return heading
    return f"{heading} · `{meta.pop(key)}`"


def _section(heading: str, meta: dict[str, Any], body: str | None, fence: tuple[str, str] = ("", "")) -> str:
    meta = {key: value for key, value in meta.items() if value != ""}
    if body and _is_dos(body):
        body, meta["newlines"] = body.replace("\r\n", "\n"), "CRLF"
    comment = f"{to_json(meta)} ".replace(">", "\\u003e") if meta else ""
    heading = f"{heading} <!-- chatrepl {comment}-->\n"
    if body is None:
        return heading
    marks, language = fence
    text = "\n".join(map(_escaped, body.split("\n")))
    return f"{heading}\n{marks}{language}\n{text}\n{marks}\n" if marks else f"{heading}\n{text}\n"


def _is_dos(text: str) -> bool:
    return "\r\n" in text and not re.search(r"(?<!\r)\n|\r(?!\n)", text)


def _escaped(line: str) -> str:
    line = _TO_ESCAPE.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", line)
    return f"\\{line}" if _LOOKS_LIKE_HEADING.match(line) else line


# Reading


@dataclass(slots=True)
class _Section:
    """A heading, the number of its line, and the lines below it."""

    line: int
    level: str
    word: str
    label: str
    meta: dict[str, Any]
    lines: list[str] = field(default_factory=list)

    def take(self, key: str, default: Any = "") -> Any:
        return self.meta.pop(key, default)

    def text(self, *, fenced: bool = False) -> str:
        """What was written below the heading."""
        lines = _unfenced(self) if fenced else _trimmed(self.lines)
        text = "\n".join(map(_unescaped, lines))
        return text.replace("\n", "\r\n") if self.take("newlines") == "CRLF" else text

    def damage(self, what: str) -> Damage:
        return Damage(what, self.line)


def read(path: Path) -> list[Chat]:
    """The conversation in a file, also one that a person edited."""
    lines = text_of(path).split("\n")
    title, start = _read_front_matter(lines)
    sections = list(_sections(lines, start))
    system = [section.text() for section in sections if section.word == "System"]
    images = dict(pair for section in sections if section.word == "Images" for pair in _definitions(section))
    said = [section for section in sections if section.word not in ("System", "Images")]
    conversation = Conversation("\n\n".join(system))
    for turn in _turns(_messages(said, images)):
        conversation.add(turn)
    return [Chat(conversation, title)]


def _read_front_matter(lines: list[str]) -> tuple[str, int]:
    """The title, and how many lines it took to tell it."""
    if lines[0] != "---" or "---" not in lines[1:]:
        raise Damage("a transcript of chatrepl begins with front matter between two lines of ---", 1)
    end = lines.index("---", 1)
    pairs = [(number, *line.partition(":")[::2]) for number, line in enumerate(lines[1:end], 2)]
    found = {key.strip(): (number, value.strip()) for number, key, value in pairs}
    number, version = found.get("chatrepl", (1, ""))
    if not re.fullmatch("[0-9]{1,9}", version):
        raise Damage("this is no transcript of chatrepl: its front matter has no line chatrepl: 1", number)
    if int(version) > VERSION:
        raise Damage(f"this was written by a newer chatrepl (format {version})", number)
    number, title = found.get("title", (1, ""))
    if not title.startswith('"'):
        return title, end + 1
    title = from_json(title, number)
    return title, end + 1


def _sections(lines: list[str], start: int) -> Iterator[_Section]:
    section = None
    for number, line in enumerate(lines[start:], start + 1):
        if line.startswith("##") and _LOOKS_LIKE_HEADING.match(line):
            if section:
                yield section
            section = _heading(line, number)
        elif section:
            section.lines.append(line)
        elif line.strip():
            raise Damage("this stands before the first heading of a message", number)
    if section:
        yield section


def _heading(line: str, number: int) -> _Section:
    found = _HEADING.fullmatch(line)
    if not found:
        raise Damage(
            "this heading cannot be read; it has to end in <!-- chatrepl --> or <!-- chatrepl {...} -->", number
        )
    level, word, label, meta = found.groups()
    known = list(_PARTS) if level == "###" else ["System", *_ROLES, "Images"]
    if word not in known:
        raise Damage(f"no heading is called {word!r}{nearest(word, known)}", number)
    return _Section(number, level, word, label or "", from_json(meta or "{}", number))


def _definitions(section: _Section) -> Iterator[tuple[str, tuple[str, str]]]:
    """The name, type and data of each image."""
    for number, line in enumerate(section.lines, section.line + 1):
        name, _, url = line.partition(": ")
        if found := _DATA_URL.fullmatch(url.strip()):
            yield name.strip("[]"), (found[1], found[2])
        elif line.strip():
            raise Damage("this is no image; one looks like [image-1]: data:image/png;base64,...", number)


def _messages(sections: Iterable[_Section], images: dict[str, tuple[str, str]]) -> Iterator[tuple[_Section, Message]]:
    """The messages, each with its heading."""
    heading: _Section | None = None
    parts: list[Part] = []
    for section in sections:
        if section.level == "##":
            if heading:
                yield heading, _read_message(heading, parts)
            heading, parts = section, []
            if any(line.strip() for line in section.lines):
                parts.append(TextPart(section.text()))
        elif heading:
            parts.append(_read_part(section, images))
        else:
            raise section.damage("this part belongs to no message")
    if heading:
        yield heading, _read_message(heading, parts)


def _read_message(heading: _Section, parts: list[Part]) -> Message:
    data = {"model": heading.label, **heading.meta, "role": _ROLES[heading.word], "parts": []}
    try:
        return replace(from_data(data), parts=tuple(parts))
    except ValueError as error:
        raise heading.damage(str(error)) from None


def _read_part(section: _Section, images: dict[str, tuple[str, str]]) -> Part:
    part = _PARTS[section.word]
    shape = _SHAPES[part]
    values = dict.fromkeys((item.name for item in fields(part)), "")
    if part is ImagePart:
        values |= _read_image(section, images)
    else:
        values[shape.body] = section.text(fenced=shape.fenced)
    values |= ({shape.label: section.label} if shape.label else {}) | section.meta
    if odd := [key for key, value in section.meta.items() if key not in values or not isinstance(value, str)]:
        raise section.damage(f"{odd[0]!r} cannot stand in this heading")
    return part(**values)


def _read_image(section: _Section, images: dict[str, tuple[str, str]]) -> dict[str, str]:
    found = re.search(r"\[(image-[0-9]+)\]", "\n".join(section.lines))
    if not found:
        return {}
    if found[1] not in images:
        raise section.damage(f"the data of {found[1]} is missing at the end of the file")
    mime, data = images[found[1]]
    return {"mime": mime, "data": data}


def _turns(messages: Iterable[tuple[_Section, Message]]) -> Iterator[list[Message]]:
    """The messages of each turn. A question begins one, unless its heading says it stands inside."""
    turn: list[Message] = []
    begin: _Section | None = None
    for heading, message in messages:
        if message.role == "user" and not heading.meta.get("inside"):
            if begin:
                yield _whole(turn, begin)
            turn, begin = [], heading
        if not begin:
            raise heading.damage("an answer that no question stands before")
        turn.append(message)
    if begin:
        yield _whole(turn, begin)


def _whole(turn: list[Message], begin: _Section) -> list[Message]:
    if turn[-1].role != "assistant":
        raise begin.damage("a question that no answer stands after")
    return turn


def _trimmed(lines: list[str]) -> list[str]:
    """The lines without the one that is empty at each end."""
    lines = lines[1:] if lines[:1] == [""] else lines
    return lines[:-1] if lines[-1:] == [""] else lines


def _unfenced(section: _Section) -> list[str]:
    """The lines between the first and the last that say something, if these are a fence."""
    said = [number for number, line in enumerate(section.lines) if line.strip()]
    if not said or not (fence := re.match("`{3,}", section.lines[said[0]])):
        return _trimmed(section.lines)
    if len(said) < 2 or section.lines[said[-1]].rstrip() != fence[0]:
        raise Damage("the fence that opens here is not closed", section.line + 1 + said[0])
    return section.lines[said[0] + 1 : said[-1]]


def _unescaped(line: str) -> str:
    if line.startswith("\\") and _LOOKS_LIKE_HEADING.match(line):
        line = line[1:]
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), line)


FORMAT = Format("Markdown: to read, to edit, and to load again", render, read)
