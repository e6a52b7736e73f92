"""What is offered while a command is typed, with no key waiting for it; and how commands read their words."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from chatrepl import sessions
from chatrepl.chat.commands import COMMANDS, clipboard, run, suggestions
from chatrepl.chat.commands.table import GROUPS, distinct
from chatrepl.chat.session import Session
from chatrepl.config import settings
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import Message, TextPart, question
from chatrepl.errors import CommandError, TranscriptError
from chatrepl.files import completion, manual
from chatrepl.sessions import peek
from chatrepl.sessions.entries import Mark, Said
from chatrepl.terminal import markdown
from tests.support.calls import calls
from tests.support.stored import kept
from tests.support.talking import Talk, shown


@pytest.fixture
def chat(talk: Talk) -> Session:
    """A session in which three things were said."""
    session = talk(Profile("test", dialect="openai-chat", place=Url("http://127.0.0.1:9"), model="m"))
    for text in ("One", "```\nfirst()\n```\n\n```\nsecond()\n```", "Three"):
        session.transcript.add(Said(question(f"About {text[:5]}")))
        session.transcript.add(Said(Message("assistant", (TextPart(text),), "m", "stop")))
    return session


def offered(chat: Session, before: str) -> list[str]:
    return [text for text, _, _ in suggestions(chat, before)]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_completes_what_is_typed_behind_it(chat: Session, name: str) -> None:
    for words in ("", "x", "1", "--"):
        for text, meaning, replaced in suggestions(chat, f"{name} {words}"):
            assert isinstance(text, str)
            assert isinstance(meaning, str)
            assert 0 <= replaced <= len(words)


def test_the_values_of_a_setting_are_offered_with_what_it_does(chat: Session) -> None:
    assert list(suggestions(chat, "/set theme li")) == [("light", dict(settings.names())["theme"], 2)]


def test_replies_are_offered_and_the_code_of_the_one_that_is_named(chat: Session) -> None:
    assert offered(chat, "/copy ") == ["3", "2", "1"]
    assert offered(chat, "/copy 2") == ["2", "2.1", "2.2"]
    assert offered(chat, "/copy 2.") == ["2.1", "2.2"]
    assert list(suggestions(chat, "/copy 2.2")) == [("2.2", "second()", 3)]


def test_a_reply_is_parsed_once_however_many_keys_are_typed(chat: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    clipboard._blocks.cache_clear()
    parsed = calls(monkeypatch, markdown, "code_blocks")
    for words in ("1", "1.", "1.1", "1."):
        offered(chat, f"/copy {words}")
    assert parsed == [("One",)]


def test_only_the_files_that_are_shown_are_looked_at(
    chat: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(500):
        (folder / f"F{number:03}.txt").touch()
    (folder / "deep").mkdir()
    looked = calls(monkeypatch, completion, "_kind")
    assert offered(chat, f"/file {folder}/f49") == [f"{folder}/F49{digit}.txt" for digit in range(10)]
    assert len(looked) == 10
    assert offered(chat, f"/file {folder}/")[:2] == [f"{folder}/deep/", f"{folder}/F000.txt"]
    assert len(looked) == 10 + completion.SHOWN


FILES = {
    "/file sr": ['"src dir/'],
    '/file "sr': ['"src dir/'],
    '/file "src dir/': ['"src dir/a b.txt"', '"src dir/c.png"', '"src dir/sub/'],
    "/file 'src dir/c": ["'src dir/c.png'"],
    "/file src\\ ": ['"src dir/'],
    "/file src\\ dir/c": ['"src dir/c.png"'],
    '/file "src dir/c.png"': [],
    '/file "src dir/c.png" not': ["notes.md"],
    "/file 'q": ["'quo\"te.txt'"],
    "/file q": ["'quo\"te.txt'"],
    '@"src dir/sub/': ['"src dir/sub/d.md"'],
    'look at @"src dir/c.png" and @n': ["notes.md"],
    "look at @src": ['"src dir/'],
    "me@n": [],
    "@q": [],
    "/image ": ['"src dir/'],
    '/image "src dir/': ['"src dir/c.png"', '"src dir/sub/'],
    "/load ": ["notes.md", "src dir/"],
    "/load src dir/sub/": ["src dir/sub/d.md"],
    "/save -f no": ["notes.md"],
    "/system @no": ["notes.md"],
}


@pytest.mark.parametrize("before", FILES)
def test_files_are_offered_as_the_command_takes_them(
    chat: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    (tmp_path / "src dir" / "sub").mkdir(parents=True)
    for name in ("notes.md", 'quo"te.txt', "src dir/a b.txt", "src dir/c.png", "src dir/sub/d.md"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").rename(tmp_path / ".home")
    assert offered(chat, before) == FILES[before]


def test_a_session_that_did_not_change_is_read_once(chat: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = chat.paths.sessions
    path = kept(folder, "older", "Hi", "Hello", used=100)
    known = offered(chat, "/resume ")
    assert known == [chat.transcript.path.stem if chat.transcript.path else "", "older"]
    read = calls(monkeypatch, peek, "data_of")
    assert offered(chat, "/resume old") == ["older"]
    assert read == []
    path.write_bytes(path.read_bytes() + b'{"mark":"rename","text":"Anew"}\n')
    assert list(suggestions(chat, "/resume older")) == [("older", "Anew", 5)]
    assert [str(each[0]) for each in read] == [str(path)]


@pytest.mark.parametrize("line", ["/undo", "/history", "/fork", "/copy", "/copy 1.", "/sessions", "/edit"])
def test_a_number_that_nobody_means_is_a_line(chat: Session, line: str) -> None:
    for digits in ("9" * 23, "9" * 5_000, "0", "-1", "²"):
        with pytest.raises(CommandError, match="is not a number above 0"):
            run(chat, f"{line}{'' if line.endswith('.') else ' '}{digits}")


def test_words_begin_behind_any_white_space(chat: Session) -> None:
    run(chat, "/system\nYou talk\nlike a pirate.")
    assert chat.conversation.system == "You talk\nlike a pirate."
    run(chat, "/title\tAbout pirates")
    assert chat.transcript.state.title == "About pirates"


def test_a_command_is_found_in_large_letters_and_by_the_beginning_of_its_name(chat: Session) -> None:
    run(chat, "/SYSTEM Be brief.")
    assert chat.conversation.system == "Be brief."
    assert offered(chat, "/COPY 2.") == ["2.1", "2.2"]
    for line in ("/mu", "/MU", "/help mu"):
        with pytest.raises(CommandError, match=r"did you mean '/?multiline'\?"):
            run(chat, line)


@pytest.mark.parametrize("columns", [80, 40])
def test_help_lists_every_command_in_its_group(chat: Session, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setattr(type(chat.screen), "columns", columns)
    monkeypatch.setattr(chat.screen, "_styles", False)
    monkeypatch.setattr(chat.screen.notes, "isatty", lambda: True)
    run(chat, "/help all")
    lines = shown(chat).splitlines()
    assert max(map(len, lines)) < columns
    assert [line for line in lines if line in GROUPS] == list(GROUPS)
    whole = " ".join(" ".join(lines).split())
    for each in distinct():
        own = [line for line in lines if f"{line} ".startswith(each.usage + " ")]
        assert len(own) == 1 if columns == 80 else each.usage in lines
        assert each.about in whole
    assert all(re.search(rf"shows one of .*\b{page}\b", whole) for page in manual.topics())


def test_help_explains_a_prompt_file_too_and_says_of_a_slip_what_was_meant(chat: Session) -> None:
    chat.paths.prompts.mkdir(parents=True)
    (chat.paths.prompts / "review.md").write_text("---\ndescription: Review it\nargument-hint: [branch]\n---\nLook.")
    run(chat, "/help review")
    assert "/review [branch]\nReview it" in shown(chat)
    for slip, meant in (("revew", "review"), ("scriptin", "scripting"), ("undoo", "/undo")):
        with pytest.raises(CommandError, match=rf"no page '{slip}': did you mean '{meant}'\?"):
            run(chat, f"/help {slip}")


@pytest.mark.parametrize(("columns", "rows"), [(80, 14), (40, 22)])
def test_help_is_one_screen(chat: Session, monkeypatch: pytest.MonkeyPatch, columns: int, rows: int) -> None:
    monkeypatch.setattr(type(chat.screen), "columns", columns)
    monkeypatch.setattr(chat.screen, "_styles", False)
    monkeypatch.setattr(chat.screen.notes, "isatty", lambda: True)
    run(chat, "/help")
    lines = shown(chat).splitlines()
    assert len(lines) <= rows
    assert max(map(len, lines)) < columns
    assert not [word for line in lines for word in re.findall(r"(?<!\S)/[a-z]+", line) if word not in COMMANDS]


def test_help_explains_keys_a_command_and_a_page_of_the_manual(
    chat: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "files.md").write_text("# Files\n\nHow they go along.\n")
    monkeypatch.setattr(manual, "FOLDER", tmp_path)
    for words, expected in (
        ("undo", "/undo [n]"),
        ("/file", "/file path"),
        ("files", "How they go along."),
        ("", "files"),
    ):
        run(chat, f"/help {words}".rstrip())
        assert expected in shown(chat)


def test_a_table_keeps_its_columns(chat: Session) -> None:
    path = chat.transcript.path
    assert path
    kept(chat.paths.sessions, "20260101-090000-4fa1", "Hi", "Hello", used=100)
    run(chat, "/sessions")
    _, mine, other = shown(chat).splitlines()
    assert mine.startswith(f"*  {path.stem}  ")
    assert other.startswith("   20260101-090000-4fa1  1970-01-01 ")
    chat.user = replace(chat.user, answer=lambda _question: "9" * 5_000)
    for number in range(9):
        kept(chat.paths.sessions, f"20260101-090000-000{number}", "Hi", f"Hello {number}")
    run(chat, "/resume hi")
    rows = shown(chat).splitlines()[3:-1]
    assert [row[:4] for row in rows] == [f"{place:>2}  " for place in range(1, 11)]


def test_a_flag_may_stand_at_either_end(chat: Session, tmp_path: Path) -> None:
    path = tmp_path / "talk.md"
    for line in (f"/save {path}", f"/save -f {path}", f"/save {path} -f"):
        run(chat, line)
    assert shown(chat).count("Saved to") == 3
    with pytest.raises(TranscriptError, match="exists already"):
        run(chat, f"/save {path}")


def test_a_setting_is_saved_with_the_flag_at_either_end_and_comments_stay(chat: Session) -> None:
    path = chat.config.path
    chat.profile = chat.config.profile("openai")
    path.write_text("[ui] # mine\n")
    run(chat, "/set temperature 0.2 --save")
    run(chat, "/set --save theme dark")
    assert path.read_text() == '[ui] # mine\ntheme = "dark"\n\n[profiles.openai.options]\ntemperature = 0.2\n'
    assert shown(chat).count(f", saved to {path}\n") == 2
    with pytest.raises(CommandError, match="no setting '--savex'"):
        run(chat, "/set --savex theme light")
    with pytest.raises(CommandError, match="'search' is not a setting but a command") as refused:
        run(chat, "/set search on")
    assert refused.value.hint.at_prompt.startswith("/search [on|off]: ")


def test_a_title_is_found_beside_an_image_and_whatever_stands_in_the_text(tmp_path: Path) -> None:
    for number, text in enumerate(['say {"kind":"text","text":"no"}', 'a"},{"role":"b', "back\\", "é\u2028"]):
        path = kept(tmp_path, f"s{number}", text, "Hello", used=100 + number)
        assert next(each.title for each in sessions.listed(tmp_path) if each.path == path) == text.splitlines()[0]


def test_a_mark_changes_the_title_that_is_listed(chat: Session) -> None:
    chat.transcript.add(Mark("rename", "Other"))
    assert next(sessions.listed(chat.paths.sessions)).title == "Other"
