"""A conversation back from Markdown, also from a file that a person edited."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from chatrepl.conversation import Conversation, ImagePart, MediaPart, Message, Part, TextPart
from chatrepl.sessions import citations
from chatrepl.sessions.formats.format import Chat, Damage, from_json, text_of
from chatrepl.sessions.formats.markdown_grammar import (
    DATA_URL,
    HEADING,
    LOOKS_LIKE_HEADING,
    PARTS,
    ROLES,
    SHAPES,
    VERSION,
    unescaped,
)
from chatrepl.sessions.formats.markdown_media import Found
from chatrepl.sessions.plain import from_data
from chatrepl.text.fuzzy import nearest


@dataclass(slots=True)
class _Section:
    """A heading, the number of its line, and the lines below it."""

    line: int
    level: str
    word: str
    label: str
    meta: dict[str, Any]
    lines: list[str] = field(default_factory=list)

    def take(self, key: str) -> Any:
        return self.meta.pop(key, "")

    def text(self, *, fenced: bool = False) -> str:
        """What was written below the heading."""
        lines = _unfenced(self) if fenced else _trimmed(self.lines)
        text = "\n".join(map(unescaped, lines))
        return text.replace("\n", "\r\n") if self.take("newlines") == "CRLF" else text

    def damage(self, what: str) -> Damage:
        return Damage(what, self.line)


def read(path: Path) -> list[Chat]:
    """The conversation in a file, also one that a person edited."""
    lines = text_of(path).split("\n")
    title, start = _read_front_matter(lines)
    sections = list(_sections(lines, start))
    system = [section.text() for section in sections if section.word == "System"]
    definitions = dict(pair for section in sections if section.word == "Images" for pair in _definitions(section))
    media = Found(path.parent, definitions)
    said = [section for section in sections if section.word not in ("System", "Images")]
    conversation = Conversation("\n\n".join(system))
    for turn in _turns(_messages(said, media)):
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
        if line.startswith("##") and LOOKS_LIKE_HEADING.match(line):
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
    found = HEADING.fullmatch(line)
    if not found:
        raise Damage(
            "this heading cannot be read; it has to end in <!-- chatrepl --> or <!-- chatrepl {...} -->", number
        )
    level, word, label, meta = found.groups()
    known = list(PARTS) if level == "###" else ["System", *ROLES, "Images"]
    if word not in known:
        raise Damage(f"no heading is called {word!r}{nearest(word, known)}", number)
    return _Section(number, level, word, label or "", from_json(meta or "{}", number))


def _definitions(section: _Section) -> Iterator[tuple[str, tuple[str, str]]]:
    """The name, type and data of each image."""
    for number, line in enumerate(section.lines, section.line + 1):
        name, _, url = line.partition(": ")
        if found := DATA_URL.fullmatch(url.strip()):
            yield name.strip("[]"), (found[1], found[2])
        elif line.strip():
            raise Damage("this is no image; one looks like [image-1]: data:image/png;base64,...", number)


def _messages(sections: Iterable[_Section], media: Found) -> Iterator[tuple[_Section, Message]]:
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
            parts.append(_read_part(section, media))
        else:
            raise section.damage("this part belongs to no message")
    if heading:
        yield heading, _read_message(heading, parts)


def _read_message(heading: _Section, parts: list[Part]) -> Message:
    data = {"model": heading.label, **heading.meta, "role": ROLES[heading.word], "parts": []}
    try:
        return citations.unmarked(replace(from_data(data), parts=tuple(parts)), citations.link)
    except ValueError as error:
        raise heading.damage(str(error)) from None


def _read_part(section: _Section, media: Found) -> Part:
    part = PARTS[section.word]
    shape = SHAPES[part]
    body = (
        _read_image(section, media)
        if part in (ImagePart, MediaPart)
        else {shape.body: section.text(fenced=shape.fenced)}
    )
    values = dict.fromkeys((item.name for item in fields(part)), "") | body
    for key, value in section.meta.items():
        if key not in values or key == shape.body or not isinstance(value, str):
            raise section.damage(f"{key!r} cannot stand in this heading, or not so")
    if shape.label:
        values[shape.label] = section.label
    values |= section.meta
    return part(**values)


def _read_image(section: _Section, media: Found) -> dict[str, str]:
    try:
        return media.fields("\n".join(section.lines))
    except ValueError as error:
        raise section.damage(str(error)) from None


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
