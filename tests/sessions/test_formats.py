"""A conversation saved is the same conversation loaded, and a file is written whole or not at all."""

import base64
import errno
import hashlib
import json
import os
import pkgutil
import re
import sqlite3
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from chatrepl.conversation import (
    Conversation,
    FilePart,
    ImagePart,
    Message,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from chatrepl.errors import CommandError, TranscriptError
from chatrepl.events import Usage
from chatrepl.sessions import formats as export
from chatrepl.sessions.formats import html, mathml
from chatrepl.text import safe
from tests.support.kills import accepted

NASTY = [
    *("\n", "\r\n", "\r", "\0", "\x1b", "\x85", "\u2028", "\u2029", "\ufeff", "\ud800", "\udfff", "\u202e", " ", "\t"),
    *("```", "\n```\n", "````python\n", "~~~", "\n---\n", "---\ntitle: x\nchatrepl: 1\n---\n", "# A", "\n## User\n"),
    *(
        "## User <!-- chatrepl -->",
        "\n### Text <!-- chatrepl -->\n",
        "\n\\## User <!-- chatrepl {} -->\n",
        "<!-- chatrepl",
    ),
    *(
        "\n## Images <!-- chatrepl -->\n",
        "[image-1]: data:image/png;base64,AAAA",
        "![image][image-1]",
        "` · `",
        "-->",
        ">",
    ),
    *(
        "⟨U+000D⟩",
        "⟨U+",
        "⟨",
        "\\",
        "\\\\## Tool <!-- chatrepl -->",
        "&#13;",
        "<script>",
        '{"chatrepl":1}',
        '"',
        "a",
        "é👍",
    ),
]


def spelled(text: str) -> str:
    """The text with every pair of surrogates as the character it spells; no JSON can keep the pair apart."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


texts = st.one_of(
    st.lists(st.sampled_from(NASTY), max_size=8).map("".join), st.text(st.characters(codec=None), max_size=20)
).map(spelled)
words = st.one_of(st.sampled_from(["", "notes.py", "gpt-4o", "meta/Llama 3.3", "image/png", "AAAA"]), texts)
parts = st.one_of(
    st.builds(TextPart, texts),
    st.builds(ThinkingPart, texts, words),
    st.builds(ImagePart, words, words, words),
    st.builds(FilePart, words, texts),
    st.builds(ToolCallPart, words, words, texts),
    st.builds(ToolResultPart, words, texts),
)
counts = st.none() | st.integers(0, 10**6)
usages = st.none() | st.builds(Usage, counts, counts, counts, counts, counts)
times = st.sampled_from(["", "2026-01-02T03:04:05+00:00"]) | texts


def messages(role: str) -> st.SearchStrategy[Message]:
    some = st.lists(parts, max_size=3).map(tuple) | texts.map(lambda text: (TextPart(text),))
    return st.builds(Message, st.just(role), some, words, words, usages, times)


middles = st.lists(st.sampled_from(["user", "assistant", "tool"]).flatmap(messages), max_size=2)
pairs = st.tuples(messages("user"), messages("assistant"))
turns = st.builds(lambda pair, middle: (pair[0], *middle, pair[1]), pairs, middles)
conversations = st.builds(Conversation, texts, st.lists(turns, max_size=3))

SPEECH = Conversation(
    "Be brief.",
    [
        (
            Message("user", (TextPart("How do I sum a list?"),), at="2026-01-02T03:04:05+00:00"),
            Message(
                "assistant",
                (ThinkingPart("A list.\nEasy.", "c2ln"), TextPart("So:\n\n```python\nsum([1, 2])\n```\n")),
                "gpt-4o",
                "stop",
                Usage(12, None, 7, None, 19),
                "2026-01-02T03:04:09+00:00",
            ),
        ),
        (
            Message(
                "user", (FilePart("a.py", "x = 1\n"), ImagePart("image/png", "iVBO", "a.png"), TextPart("And this?"))
            ),
            Message("assistant", (TextPart("Let me look."), ToolCallPart("c1", "run", '{"file": "a.py"}')), "gpt-4o"),
            Message("tool", (ToolResultPart("c1", "ok"),)),
            Message("assistant", (TextPart("Fine."),), "gpt-4o", "interrupted"),
        ),
    ],
)
PLAIN = Conversation("Be brief.", SPEECH.turns[:1])
TITLE = "Sums: the “easy” ones"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("transcripts")


@settings(max_examples=150)
@pytest.mark.parametrize("suffix", [".md", ".json", ".jsonl"])
@given(conversation=conversations, title=words)
def test_what_is_saved_is_what_is_loaded(folder: Path, suffix: str, conversation: Conversation, title: str) -> None:
    path = folder / f"any{suffix}"
    export.save(path, conversation, title, force=True)
    assert export.load_all(path)[0] == (conversation, title)


# Writing whole or not at all

SUFFIXES = [".md", ".json", ".jsonl", ".html", ".txt"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_is_for_its_user_alone_and_never_written_over_without_force(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix.upper()}"
    export.save(path, PLAIN, TITLE)
    before = path.read_bytes()
    with pytest.raises(TranscriptError, match="exists already"):
        export.save(path, Conversation(), "other")
    assert path.read_bytes() == before
    export.save(path, Conversation(), "other", force=True)
    assert path.read_bytes() != before
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 or os.name == "nt"
    assert list(tmp_path.iterdir()) == [path]


def test_an_unknown_ending_names_the_known_ones(tmp_path: Path) -> None:
    for name in ("a.pdf", "a", "a.mdd"):
        with pytest.raises(CommandError) as caught:
            export.save(tmp_path / name, PLAIN, TITLE)
        assert all(suffix in caught.value.hint.shown(at_prompt=True) for suffix in SUFFIXES)
    assert "did you mean '.md'" in str(caught.value)
    assert not list(tmp_path.iterdir())
    (tmp_path / "a.txt").touch()
    with pytest.raises(CommandError, match="cannot be read back"):
        export.load_all(tmp_path / "a.txt")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "no" / "such"
    with pytest.raises(TranscriptError, match=re.escape(f"There is no folder {folder}")):
        export.save(folder / "a.md", PLAIN, TITLE)
    with pytest.raises(TranscriptError, match="cannot be read"):
        export.load_all(folder / "a.md")[0]


FULL = """
import resource, sys
from pathlib import Path
from chatrepl.sessions import formats as export
from chatrepl.sessions.formats import html, mathml
from chatrepl.text import safe
from chatrepl.errors import TranscriptError
path, size = Path(sys.argv[1]), int(sys.argv[2])
chat = export.load_all(Path(sys.argv[3]))[0]
for limit in [*range(0, size, 97), size - 1]:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        export.save(path, *chat, force=True)
    except TranscriptError as error:
        print(error)
"""


@pytest.mark.skipif(os.name == "nt", reason="no limits on the size of files")
def test_a_disk_that_is_full_at_any_byte_leaves_the_old_file(tmp_path: Path) -> None:
    path, source = tmp_path / "here" / "a.md", tmp_path / "a.md"
    path.parent.mkdir()
    path.write_text("old")
    export.save(source, SPEECH, TITLE)
    size = source.stat().st_size
    run = subprocess.run(
        [sys.executable, "-c", FULL, str(path), str(size), str(source)], capture_output=True, text=True, check=True
    )
    assert run.stdout.count("cannot be written: File too large") == len(range(0, size, 97)) + 1
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_breaks_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    path = tmp_path / "a.md"
    export.save(path, PLAIN, TITLE)
    before = path.read_bytes()
    monkeypatch.setattr(os, step, refuse)
    with pytest.raises(TranscriptError, match="cannot be written: Input/output error"):
        export.save(path, Conversation(), "other", force=True)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("steps", [["fsync"], ["link", "replace"], ["link", "close"]])
def test_a_write_that_breaks_leaves_nothing_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: list[str]
) -> None:
    for step in steps:
        monkeypatch.setattr(os, step, refuse)
    with pytest.raises(TranscriptError, match="cannot be written"):
        export.save(tmp_path / "a.md", PLAIN, TITLE)
    assert not list(tmp_path.iterdir())


def test_an_interruption_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        export.save(tmp_path / "a.md", PLAIN, TITLE)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("links", [True, False])
def test_of_two_writers_one_wins_and_the_other_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    path = tmp_path / "a.md"
    fsync = os.fsync

    def meanwhile(handle: int) -> None:
        fsync(handle)
        path.write_text("the other")

    monkeypatch.setattr(os, "fsync", meanwhile)
    if not links:
        monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(TranscriptError, match="exists already"):
        export.save(path, PLAIN, TITLE)
    assert path.read_text() == "the other"
    assert list(tmp_path.iterdir()) == [path]


def test_of_many_writers_at_once_exactly_one_wins(tmp_path: Path) -> None:
    path = tmp_path / "a.md"

    def attempt(number: int) -> str:
        try:
            export.save(path, PLAIN, str(number))
        except TranscriptError:
            return ""
        return str(number)

    with ThreadPoolExecutor(8) as pool:
        winners = [name for name in pool.map(attempt, range(32)) if name]
    assert winners == [export.load_all(path)[0].title]


def test_a_file_system_without_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "a.json"
    export.save(path, SPEECH, TITLE)
    assert export.load_all(path)[0] == (SPEECH, TITLE)
    assert list(tmp_path.iterdir()) == [path]


def refuse(*_: object) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


# Reading what was edited or damaged

EDITED = """\
\ufeff---
chatrepl: 1
title: Plain words: a title
tags: [kept by nobody]
---
## User <!-- chatrepl -->
Hi

## Assistant <!-- chatrepl {"model": "m"} -->

Hello.
## Not a heading of ours
### File · `a b.py` <!-- chatrepl {} -->


```python

x
```

"""


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_what_a_person_wrote_by_hand_is_read(tmp_path: Path, ends: str) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(EDITED.replace("\n", ends).encode())
    answer = (TextPart("Hello.\n## Not a heading of ours"), FilePart("a b.py", "\nx"))
    turn = (Message("user", (TextPart("Hi"),)), Message("assistant", answer, "m"))
    assert export.load_all(path)[0] == (Conversation("", [turn]), "Plain words: a title")


def test_an_ordinary_chat_stands_there_as_it_was_said() -> None:
    answer = "# Title\n\n## Part\n\n---\n\n```md\n## User\n```\n\n<!-- note --> a < b, `x`, \\# no\n\n- ⟨x⟩ é 👍\n"
    turn = (Message("user", (TextPart("Hi"),)), Message("assistant", (TextPart(answer),)))
    assert export.render(".md", Conversation("", [turn]), "t").endswith(f"<!-- chatrepl -->\n\n{answer}\n")


ODD_IMAGES = [
    ("image/png", "AAAA BB"),
    ("image/png", ""),
    ("image png", "AA"),
    ("image/png", "AA\n"),
    ("image/png", '"'),
]


@pytest.mark.parametrize(("mime", "data"), ODD_IMAGES)
def test_an_image_that_is_none_is_kept_in_its_heading(tmp_path: Path, mime: str, data: str) -> None:
    turn = (Message("user", (ImagePart(mime, data, "a.png"),)), Message("assistant", ()))
    export.save(tmp_path / "a.md", Conversation("", [turn]), "t")
    assert export.load_all(tmp_path / "a.md")[0].conversation.turns == [turn]


def test_nothing_in_a_comment_ends_it() -> None:
    turn = (Message("user", (ThinkingPart("", "--> x"),), at="-->"), Message("assistant", (), "`-->", "-->"))
    headings = [
        line for line in export.render(".md", Conversation("", [turn]), "t").split("\n") if line.startswith("##")
    ]
    assert [line.count("-->") for line in headings] == [1, 1, 1]


def test_windows_lines_stay_readable() -> None:
    text = export.render(".md", Conversation("a\r\nb\r\n"), "t")
    assert "\na\nb\n\n" in text
    assert "⟨" not in text


DAMAGED = {
    "no front matter": ("hello", 1, "front matter"),
    "not ours": ("---\ntitle: x\n---\n", 1, "no transcript of chatrepl"),
    "from the future": ("---\nchatrepl: 99\n---\n", 2, "newer chatrepl"),
    "a title cut off": ('---\ntitle: "x\nchatrepl: 1\n---\n', 2, "no valid JSON"),
    "words before all": ("---\nchatrepl: 1\n---\n\nhello\n", 5, "before the first heading"),
    "a broken heading": ("---\nchatrepl: 1\n---\n## User <!-- chatrepl {\n", 4, "cannot be read"),
    "broken JSON": ("---\nchatrepl: 1\n---\n\n## User <!-- chatrepl {x} -->\n", 5, "no valid JSON"),
    "an unknown word": ("---\nchatrepl: 1\n---\n## Usr <!-- chatrepl -->\n", 4, "did you mean 'User'"),
    "a lone question": ("---\nchatrepl: 1\n---\n## User <!-- chatrepl -->\n\nHi\n", 4, "no answer"),
    "a lone answer": ("---\nchatrepl: 1\n---\n## Assistant <!-- chatrepl -->\n\nHi\n", 4, "no question"),
    "a lone part": ("---\nchatrepl: 1\n---\n### Text <!-- chatrepl -->\n", 4, "belongs to no message"),
    "a number for a model": ('---\nchatrepl: 1\n---\n## User <!-- chatrepl {"model": 1} -->\n', 4, "is no text"),
    "no such field": (EDITED.replace("{}", '{"x": ""}'), 13, "'x' cannot stand"),
    "a text behind the text": (EDITED.replace("{}", '{"text": "y"}'), 13, "'text' cannot stand"),
    "an open fence": (EDITED.replace("x\n```", "x\n"), 16, "fence"),
    "a lost image": (EDITED.replace("### File", "### Image").replace("x\n", "[image-7]\n"), 13, "image-7 is missing"),
    "no image": (EDITED + "## Images <!-- chatrepl -->\n[image-1]: http://x\n", 22, "this is no image"),
}


@pytest.mark.parametrize(("text", "line", "what"), DAMAGED.values(), ids=DAMAGED)
def test_damage_is_told_with_its_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    path = tmp_path / "a.md"
    path.write_text(text, "utf-8")
    with pytest.raises(TranscriptError, match=re.escape(f"{path}, line {line}: ")) as caught:
        export.load_all(path)[0]
    assert what in str(caught.value)
    assert "\n" not in str(caught.value)


def load_or_say(path: Path) -> None:
    """Nothing but a chat or one line may come of a file, whatever it holds."""
    try:
        chat = export.load_all(path)[0]
        assert isinstance(chat.title, str)
    except TranscriptError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("suffix", [".md", ".json", ".jsonl"])
def test_cut_at_every_byte(folder: Path, suffix: str) -> None:
    path = folder / f"cut{suffix}"
    whole = export.render(suffix, SPEECH if suffix == ".md" else PLAIN, TITLE).encode()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        load_or_say(path)


@pytest.mark.parametrize("suffix", [".md", ".json", ".jsonl", ".db"])
@given(data=st.data())
def test_mutated(folder: Path, suffix: str, data: st.DataObject) -> None:
    path = folder / f"mutated{suffix}"
    whole = database() if suffix == ".db" else export.render(suffix, PLAIN, TITLE).encode()
    junk = st.binary(max_size=4) | st.sampled_from([text.encode("utf-8", "surrogatepass") for text in NASTY])
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(whole)))
        end = data.draw(st.integers(start, min(len(whole), start + 9)))
        whole = whole[:start] + data.draw(junk) + whole[end:]
    path.write_bytes(whole)
    load_or_say(path)


WORDS = [
    "mapping",
    "message",
    "author",
    "role",
    "content",
    "content_type",
    "parts",
    "parent",
    "current_node",
    "create_time",
    "a",
]
WORDS += [
    "chatrepl",
    "title",
    "system",
    "turns",
    "thoughts",
    "metadata",
    "recipient",
    "update_time",
    "text",
    "model_slug",
]
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["", "user", "assistant", "all", "a", "text"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=6),
    max_leaves=30,
)


@given(value=values)
def test_json_of_any_shape(folder: Path, value: object) -> None:
    path = folder / "shape.json"
    path.write_text(json.dumps(value))
    load_or_say(path)


TOO_LATE = '[{"mapping": {}, "update_time": ' + "9" * 400 + "}]"


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5000, '{"chatrepl": 2}', "[]", "\xff", TOO_LATE])
def test_odd_json(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text, "latin-1")
    with pytest.raises(TranscriptError):
        export.load_all(path)[0]


# HTML


class Page(HTMLParser):
    """What a browser would make of a page: its elements, and what could act in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.live: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        for name, value in attrs:
            if name.startswith("on") or (name == "style" and value not in ALIGNMENTS):
                self.live.append(f"{tag} {name}={value}")
            if name in ("href", "src", "action", "formaction", "srcset", "data", "xlink:href", "background", "poster"):
                self.links.append(f"{tag} {value}")


ALIGNMENTS = {"text-align:left", "text-align:right", "text-align:center"}
ELEMENTS = (
    set(
        "html head meta title style body header h1 h2 h3 h4 h5 h6 div section b p br hr em strong s code pre span a ul "
        "ol li blockquote table thead tbody tr th td details summary figure figcaption img script math".split()
    )
    | mathml._ELEMENTS
)
ATTACKS = [
    *("![<script>a()</script>](https://x.y/p)", "\x1b[2J", "\u202e", "&#x202e;&#27;", "\ud800", "a\u0301\u0301"),
    *(
        "<script>alert(1)</script>",
        "</style><script>alert(1)</script>",
        "</title><script>x</script>",
        "<img src=x onerror=a()>",
    ),
    *(
        "[a](javascript:alert(1))",
        "![a](javascript:alert(1))",
        "![a](data:image/svg+xml;base64,AAAA)",
        "<javascript:alert(1)>",
    ),
    *(
        "[a](JaVaScRiPt:alert(1))",
        "[a](&#106;avascript:alert(1))",
        "[a](vbscript:x)",
        "[a](data:text/html,x)",
        "[a](//x.y)",
    ),
    *(
        "[a]: javascript:alert(1)\n\n[a]",
        "![p](https://x.y/p.png)",
        '[a](https://x.y "onclick=b")',
        '<https://x.y/"onclick=b>',
    ),
    *(
        '" onclick="a()',
        "' onload='a()",
        '"><svg onload=a()>',
        '```"><script>\nx\n```',
        "```html\n<script>a()</script>\n```",
    ),
    *(
        "<iframe src=//x.y>",
        "<a href=javascript:a()>",
        "-->",
        "<!--",
        "]]>",
        "{{style}}",
        "{style}",
        "<style>*{}</style>",
        "\0",
        "`",
        "\n\n",
        r"$\text{<script>a()</script>}$",
        r"$\href{javascript:a()}{x}_1$",
        r"$$\style{background:url(//x.y)}{x}$$",
        r"\(\text{&lt;img src=x onerror=a()&gt;}\)",
        r"$\def\a{xxxx}\def\b{\a\a\a\a}\b\b$",
        "[bank․com](https://x.y/)",
    ),
    *(
        "[",
        "](",
        ")",
        "![",
        "|a|\n|-:|\n|",
        "<",
        ">",
        "&",
        "&lt;script&gt;",
        "\\",
        "image/png",
        "data:image/png;base64,AAAA",
    ),
]
attacks = st.lists(st.sampled_from(ATTACKS) | st.text(max_size=5), max_size=6).map("".join)
attacking_parts = st.one_of(
    st.builds(TextPart, attacks),
    st.builds(ThinkingPart, attacks, attacks),
    st.builds(ImagePart, attacks, attacks, attacks),
    st.builds(FilePart, attacks | st.just("a.html"), attacks),
    st.builds(ToolCallPart, attacks, attacks, attacks),
    st.builds(ToolResultPart, attacks, attacks),
)


def attacking(role: str) -> st.SearchStrategy[Message]:
    parts = st.lists(attacking_parts, min_size=1, max_size=4).map(tuple)
    return st.builds(Message, st.just(role), parts, attacks, attacks, st.none(), attacks)


def page_of(reply: str) -> str:
    """The page of a conversation with one reply."""
    turn = (Message("user", ()), Message("assistant", (TextPart(reply),)))
    return export.render(".html", Conversation("", [turn]), "")


def assert_harmless(text: str) -> None:
    page = Page(text)
    assert set(page.elements) <= ELEMENTS
    assert page.elements.count("style") == page.elements.count("title") == page.elements.count("script") == 1
    assert not page.live
    assert safe.text(text) == text
    assert all(
        re.match(r"a (https?://|mailto:)|img data:image/(png|jpeg|gif|webp);base64,", link) for link in page.links
    )
    head, script = text[: text.index("<style>")], text[text.index("<script>") + 8 : text.index("</script>")]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; script-src 'sha256-{digest}';" in head
    assert script == Path(html.__file__).with_suffix(".js").read_text("utf-8")


@given(system=attacks, title=attacks, turn=st.tuples(attacking("user"), attacking("tool"), attacking("assistant")))
def test_nothing_on_a_page_acts(system: str, title: str, turn: tuple[Message, ...]) -> None:
    assert_harmless(export.render(".html", Conversation(system, [turn]), title))


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_alone_acts(attack: str) -> None:
    turn = (
        Message("user", (TextPart(attack), FilePart(attack, attack))),
        Message("assistant", (TextPart(attack),), attack),
    )
    assert_harmless(export.render(".html", Conversation(attack, [turn]), attack))


@pytest.mark.parametrize(
    ("mime", "data"), [*ODD_IMAGES, ("image/svg+xml", "AAAA"), ("text/html", "AAAA"), ('image/png" onload="a', "AAAA")]
)
def test_only_an_image_is_shown_as_one(mime: str, data: str) -> None:
    turn = (Message("user", (ImagePart(mime, data, "a.png"),)), Message("assistant", ()))
    page = export.render(".html", Conversation("", [turn]), "")
    assert_harmless(page)
    assert "img" not in Page(page).elements


def test_a_page_shows_what_was_said() -> None:
    page = export.render(".html", SPEECH, TITLE)
    assert '<span class="nb">sum</span>' in page
    assert "prefers-color-scheme: dark" in page
    assert '<img alt="a.png" src="data:image/png;base64,iVBO">' in page
    assert "interrupted" in page
    assert "<title>Sums: the “easy” ones</title>" in page


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**测试。**后文", "<p><strong>测试。</strong>后文</p>"),
        ("1. a\n5. b\n6. c", '<ol>\n<li>a</li>\n<li value="5">b</li>\n<li>c</li>\n</ol>'),
        ("3. a\n2. b", '<ol start="3">\n<li>a</li>\n<li value="2">b</li>\n</ol>'),
        ("1. a\n1. b\n1. c", "<ol>\n<li>a</li>\n<li>b</li>\n<li>c</li>\n</ol>"),
        ("- [ ] a\n- [x] b", "<ul>\n<li>☐ a</li>\n<li>☑ b</li>\n</ul>"),
        ("1. [X] a", "<ol>\n<li>☑ a</li>\n</ol>"),
        ("[a][1]\n\n[1]: https://x.y", '<p><a href="https://x.y" rel="noopener noreferrer">a</a></p>'),
        ("[a]\n\n[a]: javascript:b", "<p>[a]</p>\n<p>[a]: javascript:b</p>"),
        ("[x․y](https://a.b)", "x․y</a> <span class=about>(https://a.b)</span>"),
        ("<std::string> <error:404>", "<p>&lt;std::string&gt; &lt;error:404&gt;</p>"),
        ("${HOME}/bin:${PATH}", "<p>${HOME}/bin:${PATH}</p>"),
        ("a|b\n-|-\n`c||d`|e\nf|g|LOST", "<td>LOST</td>"),
        ("a<br>b", "<p>a<br>\nb</p>"),
        ("#", "<p class=about>This reply has nothing to show but #</p>"),
        ("<br>", "<p class=about>This reply has nothing to show but &lt;br&gt;</p>"),
        (" \n", "<p class=about>This reply is blank</p>"),
        ("---", "<hr>"),
        ("Donau\xaddampf", "<p>Donau\xaddampf</p>"),
        ("$x^2$", "<msup><mi>x</mi><mn>2</mn></msup>"),
        ("$$x<y$$", '<span class=display><math display="block" alttext="x&lt;y">'),
        ("$\\unheardof{x}$", "<p><code>\\unheardof{x}</code></p>"),
        ("$\\text{<b>}_1$", "<mtext>&lt;b&gt;</mtext>"),
    ],
)
def test_markdown_on_a_page_is_what_it_is_on_the_terminal(text: str, shown: str) -> None:
    page = export.render(
        ".html", Conversation("", [(Message("user", ()), Message("assistant", (TextPart(text),)))]), ""
    )
    assert_harmless(page)
    assert shown.replace("<br>\n", "<br />\n").replace("<hr>", "<hr />") in page


def test_without_its_library_a_formula_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    mathml.mathml.cache_clear()
    monkeypatch.setitem(sys.modules, "latex2mathml.converter", None)
    page = export.render(
        ".html", Conversation("", [(Message("user", ()), Message("assistant", (TextPart("$x^2$"),)))]), ""
    )
    assert "<code>x^2</code>" in page
    mathml.mathml.cache_clear()


ROWS = "|a|b|\n|-|-|\n"
LONG = {
    "stars": "*" * 120_000 + "a" + "*" * 120_000,
    "some stars": "*" * 30_000 + "a" + "*" * 30_000,
    "table": ROWS + "|one|two|\n" * 40_000,
    "table that is drawn": ROWS + "|one|two|\n" * 19_000,
    "list": "- a\n" * 200_000,
    "list that is drawn": "- a\n" * 45_000,
    "brackets": "[" * 30_000,
    "formulas": "\\(" * 30_000,
    "links": "[x.y](https://a.b) " * 1_700,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_long_reply_takes_no_longer_than_its_length_asks_for(text: str) -> None:
    began = time.process_time()
    page = export.render(
        ".html", Conversation("", [(Message("user", ()), Message("assistant", (TextPart(text),)))]), ""
    )
    assert time.process_time() - began < 4
    assert len(page) > len(text) / 2


def test_code_on_a_page_keeps_its_lines() -> None:
    turn = (Message("user", ()), Message("assistant", (TextPart("```python\n\n\n  x\n\n```"),)))
    page = export.render(".html", Conversation("", [turn]), "")
    shown = re.sub("<[^>]*>", "", page[page.index("<pre>") : page.index("</pre>")])
    assert shown == "\n\n  x\n\n"


def test_plain_words() -> None:
    words = export.render(".txt", PLAIN, "a\x1b[2J")
    assert words.startswith("a␛[2J\n\nSystem:\nBe brief.\n\nYou:\nHow do I sum a list?\n\ngpt-4o:\n")


@settings(max_examples=50)
@pytest.mark.parametrize("suffix", [".html", ".txt"])
@given(conversation=conversations, title=words)
def test_any_conversation_can_be_printed(suffix: str, conversation: Conversation, title: str) -> None:
    export.render(suffix, conversation, title).encode()


# Importing


def node(parent: str | None, role: str, *parts: object, **more: object) -> dict[str, object]:
    content = {"content_type": "text", "parts": list(parts)}
    return {"parent": parent, "message": {"author": {"role": role}, "content": content, "create_time": 1.7e9, **more}}


def thoughts(text: str) -> dict[str, object]:
    return {"content_type": "thoughts", "thoughts": [{"summary": "s", "content": text}]}


CHATGPT = [
    {
        "title": "Older",
        "update_time": 1.0,
        "current_node": "b",
        "mapping": {"a": node(None, "user", "x"), "b": node("a", "assistant", "y")},
    },
    {
        "title": "Branches",
        "update_time": 2.0,
        "current_node": "a2",
        "mapping": {
            "root": {"parent": None, "message": None},
            "sys": node("root", "system", ""),
            "hid": node("sys", "user", "about me", metadata={"is_visually_hidden_from_conversation": True}),
            "q1": node("hid", "user", "Hi"),
            "a1": node("q1", "assistant", "the branch not taken"),
            "t2": node("q1", "assistant", content=thoughts("Hm.")),
            "c2": node("t2", "assistant", "search()", recipient="web"),
            "r2": node("c2", "tool", "results"),
            "a2": node(
                "r2", "assistant", "Hello", {"asset_pointer": "file-service://f"}, metadata={"model_slug": "gpt-5"}
            ),
        },
    },
    {"title": "Nothing said", "update_time": 3.0, "current_node": "", "mapping": {}},
]


def test_a_chatgpt_export_gives_its_current_branches_newest_first(tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps(CHATGPT))
    newest, older = export.load_all(path)
    assert export.load_all(path)[0] == newest
    at = "2023-11-14T22:13:20+00:00"
    asked = Message("user", (TextPart("Hi"),), at=at)
    search = (ThinkingPart("Hm."), ToolCallPart("call_1", "web", '{"input": "search()"}'))
    found = Message("tool", (ToolResultPart("call_1", "results"),), at=at)
    answer = (TextPart("Hello\n\n[not in the export: file-service://f]"),)
    answered = Message("assistant", answer, "gpt-5", "stop", at=at)
    turn = (asked, Message("assistant", search, "", "tool_calls", at=at), found, answered)
    assert newest == (Conversation("", [turn]), "Branches")
    assert (older.title, [message.text for message in older.conversation.messages]) == ("Older", ["x", "y"])


def test_what_a_chatgpt_export_tells_of_tools_stays_well_formed(tmp_path: Path) -> None:
    mapping = {
        "q": node(None, "user", "Hi"),
        "r0": node("q", "tool", "of no call"),
        "c1": node("r0", "assistant", '{"q": "x"}', recipient="a8.jit_plugin"),
        "c2": node("c1", "assistant", recipient="python", content={"content_type": "code", "text": "1/0"}),
        "r2": node("c2", "tool", content={"content_type": "system_error", "name": "E", "text": "by zero"}),
        "r3": node("r2", "tool", content={"content_type": "tether_browsing_display", "result": "found"}),
        "r4": node("r3", "tool", "one too many"),
        "q2": node("r4", "user", "Go on"),
        "c5": node("q2", "assistant", "ls", recipient="python"),
    }
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps({"mapping": mapping, "current_node": "c5"}))
    conversation = export.load_all(path)[0].conversation
    first, second = conversation.turns
    assert [part for message in first for part in message.parts] == [
        TextPart("Hi"),
        ToolCallPart("call_1", "a8.jit_plugin", '{"q": "x"}'),
        ToolCallPart("call_2", "python", '{"input": "1/0"}'),
        ToolResultPart("call_1", "by zero", "failed"),
        ToolResultPart("call_2", "found"),
    ]
    assert [message.role for message in first] == ["user", "assistant", "tool", "assistant"]
    assert [part for message in second for part in message.parts][1:] == [
        ToolCallPart("call_3", "python", '{"input": "ls"}')
    ]
    accepted(conversation)


@pytest.mark.parametrize("current", ["gone", "", None, 7])
def test_a_tree_whose_current_node_is_not_there_gives_its_longest_branch(tmp_path: Path, current: object) -> None:
    mapping = {
        "q": node(None, "user", "Hi"),
        "a": node("q", "assistant", "Hello"),
        "q2": node("a", "user", "And?"),
        "a2": node("q2", "assistant", "Well."),
        "b": node("q", "assistant", "Cut short"),
        "e1": node("b", "assistant"),
        "e2": node("e1", "tool", "nothing to us"),
        "lost": node("nowhere", "assistant", "x"),
    }
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps({"mapping": mapping, "current_node": current, "default_model_slug": "gpt-5"}))
    messages = export.load_all(path)[0].conversation.messages
    assert [message.text for message in messages] == ["Hi", "Hello", "And?", "Well."]
    assert [message.model for message in messages] == ["", "gpt-5", "", "gpt-5"]


MARKED = {
    "See the page \ue200cite\ue202turn0search1\ue201.": "See the page.",
    "A\ue200cite\ue202turn0search1\ue202turn2news3\ue201 b": "A b",
    "Old 【4†source】, older【12:0†a file.pdf】": "Old, older",
    'In \ue200entity\ue202["city","Paris","capital"]\ue201 now': "In Paris now",
    "\ue203The claim\ue204\ue200cite\ue202turn1view0\ue201 holds": "The claim holds",
    '\ue200image_group\ue202{"query":["x"]}\ue201\nText': "\nText",
    "\ue200entity\ue202broken\ue201 x": " x",
    "【a note】 stays": "【a note】 stays",
}


@pytest.mark.parametrize("text", MARKED)
def test_marks_of_citations_are_left_out(tmp_path: Path, text: str) -> None:
    mapping = {"q": node(None, "user", "Hi"), "a": node("q", "assistant", text)}
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps({"mapping": mapping, "current_node": "a"}))
    assert export.load_all(path)[0].conversation.messages[1].text == MARKED[text]


def test_a_tree_that_runs_in_a_circle_comes_to_an_end(tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    mapping = {"q": node("a", "user", "Hi"), "a": node("q", "assistant", "Hello")}
    path.write_text(json.dumps({"mapping": mapping, "current_node": "a"}))
    assert [message.text for message in export.load_all(path)[0].conversation.messages] == ["Hi", "Hello"]
    path = tmp_path / "logs.db"
    path.write_bytes(database(OLDER, NEWER, "update messages set parent_hash = 'a' where hash = 's'"))
    assert len(export.load_all(path)[0].conversation.messages) == 2


def test_an_export_in_which_nothing_was_said(tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps(CHATGPT[2:]))
    with pytest.raises(TranscriptError, match="no conversation"):
        export.load_all(path)[0]


OLDER = """
create table conversations (id text, name text, model text);
create table responses (id text, model text, prompt text, system text, response text, conversation_id text,
  datetime_utc text);
create table fragments (id integer, content text);
create table prompt_fragments (response_id text, fragment_id integer, "order" integer);
insert into conversations values ('c1', 'First', 'm'), ('c2', 'Again', 'm');
insert into responses values
  ('r1', 'm', 'Hi', 'Be brief.', 'Hello', 'c1', '2024-01-01'), ('r2', 'm', 'And?', null, 'So.', 'c1', '2024-01-02'),
  ('r3', 'm', 'old', null, 'old', 'c2', '2024-01-01');
insert into fragments values (1, 'a file');
insert into prompt_fragments values ('r2', 1, 0);
"""
NEWER = """
create table messages (hash text, parent_hash text, role text, provider_metadata text);
create table parts (id integer, message_hash text, position integer, type text, text text, payload text);
create table attachments (id text, type text, path text, url text, content blob);
create table threads (id text, name text, tip_message_hash text);
create table turns (id text, thread_id text, tip_message_hash text, model text, resolved_model text,
  input_tokens integer, output_tokens integer, datetime_utc text);
insert into messages values ('s', null, 'system', null), ('u', 's', 'user', null), ('a', 'u', 'assistant', null),
  ('x', 'u', 'assistant', null);
insert into parts values (1, 's', 0, 'text', 'Be kind.', null), (2, 'u', 1, 'text', 'Hi', null),
  (3, 'u', 0, 'attachment', null, '{"attachment": {"id": "i"}}'), (4, 'a', 0, 'reasoning', 'Hm.', null),
  (5, 'a', 1, 'text', null, '{"text_ref": [{"literal": "It is "}, {"fragment": 1}]}'),
  (6, 'x', 0, 'text', 'the branch not taken', null);
insert into attachments values ('i', 'image/png', null, null, x'89504e47');
insert into threads values ('c2', 'Again', 'a');
insert into turns values ('t', 'c2', 'a', 'm', 'm-1', 3, 4, '2024-01-03');
"""


def database(*scripts: str) -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        for script in scripts or (OLDER, NEWER):
            connection.executescript(script)
        return connection.serialize()


def test_the_logs_of_llm_older_and_newer(tmp_path: Path) -> None:
    path = tmp_path / "logs.db"
    path.write_bytes(database())
    before = path.read_bytes()
    newer, older = export.load_all(path)
    asked = Message("user", (ImagePart("image/png", "iVBORw=="), TextPart("Hi")))
    answer = (ThinkingPart("Hm."), TextPart("It is a file"))
    answered = Message("assistant", answer, "m-1", "stop", Usage(input=3, output=4), "2024-01-03")
    assert newer == (Conversation("Be kind.", [(asked, answered)]), "Again")
    assert (older.title, older.conversation.system) == ("First", "Be brief.")
    assert [message.text for message in older.conversation.messages] == ["Hi", "Hello", "a file\nAnd?", "So."]
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


OLDER_TOOLS = """
create table tool_calls (id integer, response_id text, tool_id integer, name text, arguments text, tool_call_id text);
create table tool_results (id integer, response_id text, name text, output text, tool_call_id text, exception text);
insert into conversations values ('c9', 'Tools', 'm');
insert into responses values ('s1', 'm', '2+2?', null, '', 'c9', '2025-01-01'),
  ('s2', 'm', '', null, 'Four.', 'c9', '2025-01-02'), ('s3', 'm', 'Sure?', null, 'Yes.', 'c9', '2025-01-03');
insert into tool_calls values (1, 's1', 1, 'add', '{"a": 2}', 'x'), (2, 's1', 1, 'add', '{"a": 3}', null);
insert into tool_results values (1, 's2', 'add', '4', 'x', null), (2, 's2', 'add', '', null, 'too large');
"""
NEWER_TOOLS = """
alter table parts add column tool_name text;
insert into messages values ('q', 'a', 'user', null), ('b', 'q', 'assistant', null), ('t', 'b', 'tool', null),
  ('z', 't', 'assistant', null);
insert into parts values (11, 'q', 0, 'text', 'Look', null, null),
  (12, 'b', 0, 'tool_call', null, '{"arguments": {"q": 1}, "tool_call_id": "w", "server_executed": true}', 'web'),
  (13, 'b', 1, 'tool_result', null, '{"output": "found", "tool_call_id": "w", "server_executed": true}', 'web'),
  (14, 'b', 2, 'tool_call', null, '{"arguments": {}, "tool_call_id": "v"}', 'see'),
  (15, 't', 0, 'tool_result', null, '{"output": "seen", "tool_call_id": "v", "attachments": [{"id": "i"}]}', 'see'),
  (16, 'z', 0, 'text', 'There.', null, null);
update threads set tip_message_hash = 'z';
"""


def test_the_logs_of_llm_keep_calls_and_their_results(tmp_path: Path) -> None:
    path = tmp_path / "logs.db"
    path.write_bytes(database(OLDER, OLDER_TOOLS, NEWER, NEWER_TOOLS))
    found = {chat.title: chat.conversation for chat in export.load_all(path)}
    first, second = found["Tools"].turns
    assert [part for message in first[1:] for part in message.parts] == [
        ToolCallPart("x", "add", '{"a": 2}'),
        ToolCallPart("call_1", "add", '{"a": 3}'),
        ToolResultPart("x", "4"),
        ToolResultPart("call_1", "too large", "failed"),
        TextPart("Four."),
    ]
    assert [message.text for message in second] == ["Sure?", "Yes."]
    assert [part for message in found["Again"].turns[1][1:] for part in message.parts] == [
        ToolCallPart("w", "web", '{"q": 1}'),
        ToolResultPart("w", "found"),
        ToolCallPart("v", "see", "{}"),
        ToolResultPart("v", "seen"),
        ImagePart("image/png", "iVBORw=="),
        TextPart("There."),
    ]
    for conversation in found.values():
        accepted(conversation)
        for suffix in (".md", ".jsonl", ".json"):
            file = tmp_path / f"again{suffix}"
            file.write_text(export.render(suffix, conversation, "Again"))
            assert export.load_all(file)[0].conversation == conversation
        for suffix in (".html", ".txt"):
            words = export.render(suffix, conversation, "")
            parts = [part for message in conversation.messages for part in message.parts]
            assert all(part.name in words for part in parts if isinstance(part, ToolCallPart))
            assert all(part.text in words for part in parts if isinstance(part, ToolResultPart))


@pytest.mark.parametrize("script", [OLDER, NEWER + "create table fragments (id integer, content text);"])
def test_the_logs_of_one_version_of_llm(tmp_path: Path, script: str) -> None:
    path = tmp_path / "logs.db"
    path.write_bytes(database(script))
    assert export.load_all(path)


def test_another_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "logs.db"
    for content in (database("create table t (x)"), b"no database at all, but long enough to be one"):
        path.write_bytes(content)
        with pytest.raises(TranscriptError, match="no database of llm"):
            export.load_all(path)[0]


def test_every_format_is_in_the_table() -> None:
    modules = [import_module(f"{export.__name__}.{name}") for _, name, _ in pkgutil.iter_modules(export.__path__)]
    formats = {module.__name__.rpartition(".")[2] for module in modules if hasattr(module, "FORMAT")}
    assert formats == {each.module for each in export.FORMATS.values()}
    known = {suffix: import_module(f"{export.__name__}.{name}").FORMAT for suffix, (name, *_) in export.FORMATS.items()}
    assert tuple(suffix for suffix, each in known.items() if each.render) == export.WRITTEN
    assert tuple(suffix for suffix, each in known.items() if each.read) == export.READ


@pytest.mark.parametrize(("suffix", "use"), [(".pdf", "save"), (".db", "save"), (".pdf", "load"), (".html", "load")])
def test_a_name_that_ends_wrong_is_told_how_it_may_end(tmp_path: Path, suffix: str, use: str) -> None:
    path = tmp_path / f"talk{suffix}"
    if use == "load":
        path.touch()
    with pytest.raises(CommandError) as told:
        export.save(path, Conversation(), "") if use == "save" else export.load_all(path)
    endings = export.WRITTEN if use == "save" else export.READ
    assert told.value.hint.text == f"The name has to end in one of {' '.join(endings)}."
