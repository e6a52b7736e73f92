"""Prompt files: what is read of them, how their variables are filled, and what none of them can do."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from chatrepl.config import prompts
from chatrepl.config.filling import Filled, fill
from chatrepl.config.prompts import PromptFile, parsed, written
from chatrepl.errors import CommandError

HERE = Path("p.md")


def file(text: str) -> PromptFile:
    return parsed(text, "p", HERE)


def test_what_the_front_matter_says() -> None:
    found = file(
        "---\n"
        "description: Review a change\n"
        "argument-hint: [branch]\n"
        "profile: work\n"
        "model: gpt-6-luna\n"
        'system: "Be brief.\\nBe kind."\n'
        "options: { temperature = 0.2 }\n"
        "tools: files, weather\n"
        "search: true\n"
        "schema: name, age int\n"
        "---\n\nReview $1.\n"
    )
    assert found == PromptFile(
        "p",
        HERE,
        "Review a change",
        "[branch]",
        "work",
        "gpt-6-luna",
        "Be brief.\nBe kind.",
        {"temperature": 0.2},
        ("files", "weather"),
        True,
        "name, age int",
        "Review $1.",
        12,
    )


@pytest.mark.parametrize(
    "value",
    [
        "files, weather",
        "files weather",
        "[files, weather]",
        '["files", "weather"]',
        "\n- files\n- weather",
        "\n  - 'files'\n  - weather",
    ],
)
def test_tools_are_named_in_any_way_that_a_list_is_written(value: str) -> None:
    assert file(f"---\ntools: {value}\n---\nGo").tools == ("files", "weather")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        # the shapes that people publish for Claude Code
        ("Explain this error: $ARGUMENTS", "Explain this error: a b"),
        (
            "---\nallowed-tools: Bash(git add:*), Bash(git status:*)\ndescription: Commit\n---\nStatus: !`git status`",
            None,
        ),
        ("---\nallowed-tools:\n  - Bash\n  - Read\nmodel: sonnet\n---\nGo: $ARGUMENTS", "Go: a b"),
        (
            "---\nargument-hint: [pr-number] [priority]\n---\nReview PR #$1 with priority $2.",
            "Review PR #a with priority b.",
        ),
        ("# /fix\n\nRun `echo $HOME` and mend it.", "# /fix\n\nRun `echo $HOME` and mend it.\n\na b"),
        ("---\ndescription: |\n  Two\n  lines\n---\nHi", "Hi\n\na b"),
        # and for opencode
        ("---\nagent: build\nsubtask: true\nmodel: inherit\n---\nCreate $1 in $2.", "Create a in b."),
        ("Only $1.", "Only a b."),
        # and others
        ("Translate into $1: $input", "Translate into a b: a b"),
        ("It costs $$5.", "It costs $5.\n\na b"),
        ("\ufeff---\r\ndescription: x\r\n---\r\nHi\r\n", "Hi\n\na b"),
        ("", "\n\na b"),
    ],
)
def test_files_that_people_publish_are_read_and_filled(tmp_path: Path, text: str, said: str | None) -> None:
    (tmp_path / "p.md").write_bytes(text.encode())
    found = prompts.load(tmp_path, "p")
    assert not found.model, "a word of another program is no model"
    assert fill(found, "a b").text == (said if said is not None else "Status: !`git status`\n\na b")


def test_a_command_in_a_file_is_text_and_can_be_told() -> None:
    found = file("Diff: !`git diff` and !`rm -rf /`")
    assert found.commands == ["!`git diff`", "!`rm -rf /`"]
    assert fill(found).text == found.text


def test_variables_by_name_and_what_is_missing() -> None:
    found = file("Write to $name about $topic, $name. $HOME $input")
    assert found.variables == ["name", "topic"]
    assert fill(found, "name=Ada topic='the engine' soon") == Filled("Write to Ada about the engine, Ada. $HOME soon")
    assert fill(found, "", {"name": "Ada", "HOME": "/h"}).text == "Write to Ada about $topic, Ada. /h "
    assert fill(found, "name=Ada").missing == ("topic",)
    assert fill(found, "to=Bob name=Ada").text.endswith("to=Bob"), "what is no variable of the file is text"


def test_a_value_is_not_filled_again() -> None:
    assert fill(file("$a $b"), "a=$b b=$a").text == "$b $a"
    assert fill(file("$1"), "'$input'").text == "$input"


def test_the_last_number_takes_the_rest_and_quotes_hold_words_together() -> None:
    assert fill(file("[$1] [$2]"), '"one two" three four').text == "[one two] [three four]"
    assert fill(file("[$1] [$2]"), "one").text == "[one] []"
    assert fill(file("$0 $1"), "x").text == "$0 x"


def test_files_of_the_folder_go_along_and_no_others(tmp_path: Path) -> None:
    folder = tmp_path / "prompts"
    folder.mkdir()
    (folder / "style.md").write_text("s")
    (tmp_path / "secret.txt").write_text("s")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    found = file(
        f"@style.md @{folder}/style.md @../secret.txt @~/.ssh/id_rsa @/etc/passwd @link.txt me@example.org @param"
    )
    done = fill(found, folder=folder)
    assert done.files == {"style.md": (folder / "style.md").resolve()}
    assert done.outside == ("../secret.txt", "~/.ssh/id_rsa", "/etc/passwd", "link.txt")


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("---\ndescription: x\nHi", 1, "has no end"),
        ("---\nno colon here\n---\nHi", 2, "is no key: value"),
        ("---\nmodel: m\n\n: x\n---\nHi", 4, "is no key: value"),
        ("---\noptions: 3\n---\nHi", 2, "not what belongs there"),
        ("---\nmodel: m\nsearch: perhaps\n---\nHi", 3, "not what belongs there"),
        ("---\noptions: nan\n---\nHi", 2, "no request can hold"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, what: str) -> None:
    with pytest.raises(CommandError, match=rf"p\.md, line {line}: .*{what}"):
        file(text)


def test_a_file_without_a_text_is_a_persona() -> None:
    assert file("---\nsystem: You are a pirate.\n---\n").is_persona
    assert not file("Hi").is_persona


def test_names_and_folders(tmp_path: Path) -> None:
    for name in ("commit.md", "git/commit.md", "git/deep/log.md", "two words.md", ".hidden.md", "no.txt", "ünder.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    assert sorted(prompts.names(tmp_path)) == ["commit", "git:commit", "git:deep:log"]
    assert [path.name for path in prompts.unfit(tmp_path)] == ["two words.md", "ünder.md"]
    assert prompts.load(tmp_path, "git:commit").path == tmp_path / "git" / "commit.md"
    with pytest.raises(CommandError, match=r"no prompt file 'comit': did you mean 'commit'"):
        prompts.load(tmp_path, "comit")


@pytest.mark.parametrize("name", ["../config", "a/b", "..", "", "a b", "a:..:b", "/etc/passwd", "a\n", "a:", "ä"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError, match="No prompt file can be called"):
        prompts.load(tmp_path, name)


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes")
def test_what_is_no_file_or_too_large_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "large.md").write_bytes(b"x" * 10_000_000)
    (tmp_path / "latin.md").write_bytes(b"\xfc")
    (tmp_path / "circle.md").symlink_to(tmp_path / "circle.md")
    (tmp_path / "below").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.md")
    for name, what in (
        ("large", "larger than 256 kB"),
        ("latin", "not UTF-8"),
        ("circle", "no prompt"),
        ("pipe", "no prompt"),
    ):
        with pytest.raises(CommandError, match=what):
            prompts.load(tmp_path, name)
    assert len(prompts.names(tmp_path)) == 4


@given(st.text(max_size=200), st.text(max_size=40))
def test_whatever_stands_in_a_file_is_read_or_a_line(text: str, words: str) -> None:
    try:
        found = file(text)
    except CommandError:
        return
    fill(found, words)


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "description": st.text(min_size=1),
        "profile": st.text("abc-", min_size=1),
        "model": st.text("abc/-.:0123", min_size=1).filter(lambda text: text not in prompts._MODEL_WORDS),
        "system": st.text(min_size=1),
        "options": st.dictionaries(st.text("ab", min_size=1), st.integers(-9, 9) | st.text(), min_size=1),
    },
)
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]))


@given(FIELDS, TEXT.map(str.strip))
def test_what_is_written_is_read_back(fields: dict[str, Any], text: str) -> None:
    found = parsed(written(fields, text), "p", HERE)
    assert found.text == text
    for key, value in fields.items():
        assert getattr(found, key) == value
