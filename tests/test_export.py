"""A conversation saved is the same conversation loaded, and a file is written whole or not at all."""

import os
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatrepl import export
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
plain_conversations = st.builds(Conversation, texts, st.lists(pairs, max_size=3))

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


@settings(deadline=None, max_examples=200)
@pytest.mark.parametrize("suffix", [".md", ".json"])
@given(conversation=conversations, title=words)
def test_what_is_saved_is_what_is_loaded(folder: Path, suffix: str, conversation: Conversation, title: str) -> None:
    path = folder / f"any{suffix}"
    export.save(path, conversation, title, force=True)
    assert export.load(path) == (conversation, title)


@settings(deadline=None, max_examples=200)
@given(conversation=plain_conversations, title=words)
def test_a_journal_too(folder: Path, conversation: Conversation, title: str) -> None:
    path = folder / "any.jsonl"
    export.save(path, conversation, title, force=True)
    assert export.load(path) == (conversation, title)


def test_a_journal_refuses_what_it_would_lose(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match="cannot hold turns with tool calls"):
        export.save(tmp_path / "a.jsonl", SPEECH, TITLE)
    assert not list(tmp_path.iterdir())


# Writing whole or not at all

SUFFIXES = [".md", ".json", ".jsonl", ".txt"]


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
        assert all(suffix in caught.value.hint for suffix in SUFFIXES)
    assert "did you mean '.md'" in str(caught.value)
    with pytest.raises(CommandError, match="cannot be read back"):
        export.load(tmp_path / "a.txt")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "no" / "such"
    with pytest.raises(TranscriptError, match=re.escape(str(folder))):
        export.save(folder / "a.md", PLAIN, TITLE)
    with pytest.raises(TranscriptError, match="cannot be read"):
        export.load(folder / "a.md")
