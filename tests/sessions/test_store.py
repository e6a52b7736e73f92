"""Sessions: opened again, listed, searched, shared by two terminals, forked and deleted."""

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from chatrepl import config, sessions
from chatrepl.chat import recall, repl, turn as asking
from chatrepl.config import reading
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import Message, question
from chatrepl.errors import TranscriptError
from chatrepl.files import locking
from chatrepl.sessions import formats as export, store, transcript
from chatrepl.sessions.encoding import to_data
from chatrepl.sessions.entries import Entry, Header, Mark, Piece, Said
from chatrepl.sessions.state import State
from chatrepl.sessions.transcript import Busy, Transcript
from tests.support import strategies
from tests.support.program import run
from tests.support.server import Server, say, stay, whole
from tests.support.stored import kept, reply
from tests.support.talking import Talk, asked, no_trouble, shown
from tests.support.terminal import CTRL_C, CTRL_D, DOWN, ENTER, Terminal, chatrepl, environment

# Opened again


def test_a_session_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = kept(tmp_path, "one", "Hi", "Hello")
    journal = Transcript.reopened(path, no_trouble)
    journal.add(Said(question("More")))
    journal.add(Said(reply("Yes")))
    journal.close()
    assert [message.text for message in transcript.read(path).conversation.messages] == ["Hi", "Hello", "More", "Yes"]
    assert transcript.read(path) == journal.state


@given(st.data())
def test_a_file_torn_anywhere_is_mended_and_goes_on(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("sessions")
    path = kept(folder, "one", "q0", "a0", "q1\u2028", "a1")
    whole = path.read_bytes()
    torn = whole[: data.draw(st.integers(whole.index(b"\n") + 1, len(whole)))]
    path.write_bytes(torn)
    before = transcript.read(path)
    journal = Transcript.reopened(path, no_trouble)
    assert journal.state == before
    journal.add(Said(question("more")))
    journal.close()
    lines = path.read_bytes()
    assert lines.endswith(b"\n")
    assert all(json.loads(line) for line in lines.splitlines())
    aside = folder / "one.jsonl.damaged"
    assert lines.startswith(torn) or torn == lines[: torn.rfind(b"\n") + 1] + aside.read_bytes().rstrip(b"\n")


def test_a_reply_that_the_program_did_not_live_to_end_is_counted(tmp_path: Path) -> None:
    journal = Transcript(tmp_path / "a.jsonl", no_trouble)
    for entry in (Said(question("Hi")), Piece("Hel"), Piece("lo")):
        journal.add(entry)
    journal.close()
    kept(tmp_path, "b", "Hi", "Hello", "unanswered")
    assert [(each.id, each.turns) for each in sessions.listed(tmp_path)] == [("b", 1), ("a", 1)]


def test_an_unreadable_line_is_told_with_its_number_kept_aside_and_skipped(tmp_path: Path) -> None:
    path = kept(tmp_path, "one", "q0", "a0", "q1", "a1", "q2", "a2")
    lines = path.read_bytes().splitlines()
    lines[3] = b'{"message": {"role": "us\xff\x00'
    path.write_bytes(b"\n".join(lines) + b"\n")
    for told in ([True], []):
        troubles: list[TranscriptError] = []
        journal = Transcript.reopened(path, troubles.append)
        journal.close()
        assert [turn[0].text for turn in journal.state.conversation.turns] == ["q0", "q2"]
        assert ["Line 4 of" in str(trouble) for trouble in troubles] == told, "once"
        assert all("one.jsonl.damaged" in trouble.hint.shown(at_prompt=True) for trouble in troubles)
        assert (tmp_path / "one.jsonl.damaged").read_bytes() == lines[3] + b"\n"
        assert path.read_bytes().splitlines() == lines, "the file itself stays as it is"


def test_a_reply_whose_line_is_damaged_is_there_in_its_pieces(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    entries: list[Entry] = [Header("one", ""), Said(question("q0")), Piece("a"), Piece("0"), Said(reply("a0"))]
    entries += [Said(question("q1")), Said(reply("a1"))]
    lines = [json.dumps(to_data(entry)) for entry in entries]
    lines[4] = lines[4][:-9]
    path.write_text("\n".join(lines) + "\n")
    said = [(message.text, message.ending) for message in transcript.read(path).conversation.messages]
    assert said == [("q0", ""), ("a0", "interrupted"), ("q1", ""), ("a1", "stop")]


def test_only_what_is_a_session_of_this_version_is_opened(tmp_path: Path) -> None:
    for text, complaint in [
        ('{"a": 1}\n', "no session"),
        ("", "no session"),
        ('{"chatrepl":99,"id":"","at":""}\n', "newer chatrepl"),
        ('{"chatrepl":1,"id":"","at":""}\n', "not read any more"),
    ]:
        (tmp_path / "other.jsonl").write_text(text)
        with pytest.raises(TranscriptError, match=complaint):
            Transcript.reopened(tmp_path / "other.jsonl", no_trouble)
        assert (tmp_path / "other.jsonl").read_text() == text
    with pytest.raises(TranscriptError, match="cannot be opened"):
        Transcript.reopened(tmp_path / "none.jsonl", no_trouble)


pieces = st.builds(Piece, strategies.texts, strategies.texts)
entries = pieces | st.builds(Said, strategies.questions | strategies.replies) | st.just(Mark("rename", "x"))


@given(st.lists(entries | pieces, max_size=15), st.sets(st.integers(1, 15)))
def test_pieces_that_became_a_reply_need_not_be_read(
    tmp_path_factory: pytest.TempPathFactory, whole: list[Entry], damaged: set[int]
) -> None:
    path = tmp_path_factory.mktemp("sessions") / "one.jsonl"
    lines = [json.dumps(to_data(entry), separators=(",", ":")) for entry in [Header("one", ""), *whole]]
    state = State()
    for place, entry in enumerate(whole, 1):
        if place in damaged and not isinstance(entry, Piece):
            lines[place] = lines[place][:-3]
        else:
            state.take(entry)
    path.write_text("\n".join(lines) + "\n")
    assert transcript.read(path) == state


# Found


def test_the_list_begins_with_the_newest_and_shows_what_each_is_about(tmp_path: Path) -> None:
    kept(tmp_path, "a", "\n What is sed? ", "A tool", used=100)
    kept(tmp_path, "b", "Hi", "Hello", title="About awk", used=300)
    kept(tmp_path, "c", used=0)
    kept(tmp_path, "d", "", "nothing", "Then this", "Yes", used=200)
    assert [(each.id, each.title) for each in sessions.listed(tmp_path)] == [
        ("b", "About awk"),
        ("d", "Then this"),
        ("a", "What is sed?"),
    ]
    assert sessions.newest(tmp_path) == tmp_path / "b.jsonl"
    assert list(sessions.listed(tmp_path / "nowhere")) == []
    assert sessions.newest(tmp_path / "nowhere") is None


def test_a_file_that_holds_nothing_and_one_that_is_gone_hide_no_session(tmp_path: Path) -> None:
    kept(tmp_path, "a", "Hi", "Hello", used=100)
    (tmp_path / "b.jsonl").touch()
    (tmp_path / "c.jsonl").symlink_to(tmp_path / "gone")
    assert sessions.newest(tmp_path) == tmp_path / "a.jsonl"
    assert [each.id for each in sessions.listed(tmp_path)] == ["a"]
    assert sessions.unfinished(tmp_path) is None


marks = st.sampled_from(["rename", "withdraw", "edit", "undo", "redo", "clear", "retry"])


@given(st.sampled_from(["\n", "Hi"]), st.lists(strategies.questions | strategies.replies | marks, max_size=8))
def test_the_title_in_a_list_is_the_title_of_the_session(
    tmp_path_factory: pytest.TempPathFactory, first: str, said: list[Message | str]
) -> None:
    path = tmp_path_factory.mktemp("sessions") / "one.jsonl"
    journal = Transcript(path, no_trouble)
    for place, message in enumerate([question(first), *said]):
        journal.add(Mark(message, f"t{place}", 1) if isinstance(message, str) else Said(message))
    journal.close()
    assert [each.title for each in sessions.listed(path.parent)] == [journal.state.title]


def test_a_transcript_put_among_the_sessions_is_one(tmp_path: Path) -> None:
    path = kept(tmp_path, "a", "What is sed?", "A tool", "And awk?", "Another")
    state = transcript.read(path)
    export.save(tmp_path / "b.jsonl", state.conversation, state.title)
    os.utime(path, (1, 1))
    assert [(each.id, each.title) for each in sessions.listed(tmp_path)] == [("b", state.title), ("a", state.title)]
    journal = Transcript.reopened(tmp_path / "b.jsonl", no_trouble)
    assert journal.state.conversation == state.conversation
    journal.close()


def test_a_session_is_meant_by_its_id_its_title_or_what_was_said(tmp_path: Path) -> None:
    kept(tmp_path, "20260101-090000-4fa1", "What is sed?", "A tool of old", used=100)
    kept(tmp_path, "20260102-090000-77c0", "What is awk?", "Another tool, older than sed", used=200)

    def meant(words: str) -> list[str]:
        return [each.id[-4:] for each in sessions.named(tmp_path, words)]

    assert meant("20260101-090000-4fa1") == meant("4fa1") == meant("20260101") == ["4fa1"]
    assert meant("2026") == ["77c0", "4fa1"]
    assert meant("SED") == ["4fa1"], "the title comes before what was said"
    assert meant("tool older") == ["77c0"]
    assert meant("perl") == []


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Die Straße nach Preußen", "PREUßEN straße"),
        ("Привет, мир", "привет"),
        ("ПРИВЕТ", "Привет"),
        ("日本語の質問", "日本語"),
        ('say "a\\b"', 'say "a\\b"'),
        ("one\nthe needle here\nthree", "here needle"),
        ("K\u2028needle", "needle"),
        ("-->", "-->"),
    ],
)
def test_words_are_found_whatever_their_alphabet_and_case(tmp_path: Path, said: str, words: str) -> None:
    kept(tmp_path, "a", "Hi", said)
    kept(tmp_path, "b", "Hi", "something else")
    assert [match.session.id for match in sessions.found(tmp_path, words)] == ["a"]


def test_words_are_found_in_a_transcript_put_among_the_sessions(tmp_path: Path) -> None:
    state = transcript.read(kept(tmp_path / "elsewhere", "a", "Привет", "日本語"))
    export.save(tmp_path / "b.jsonl", state.conversation, state.title)
    assert [match.line for match in sessions.found(tmp_path, "ПРИВЕТ")] == ["Привет"]
    assert [match.line for match in sessions.found(tmp_path, "日本語")] == ["日本語"]


def test_what_was_found_is_shown_by_its_line_and_what_was_set_aside_is_marked(tmp_path: Path) -> None:
    path = kept(tmp_path, "a", "Hi", "one\nthe needle here\nthree")
    assert [match.line for match in sessions.found(tmp_path, "needle")] == ["the needle here"]
    journal = Transcript.reopened(path, no_trouble)
    journal.add(Mark("edit", count=1))
    journal.close()
    assert [(match.line, match.aside) for match in sessions.found(tmp_path, "needle")] == [("the needle here", True)]


@pytest.mark.parametrize(
    ("end", "open_"),
    [
        ([], False),
        ([Said(question("Why?"))], True),
        ([Said(question("x" * 70_000))], True),
        ([Said(question("Why?")), Piece("Be")], True),
        ([Mark("retry")], True),
        ([Mark("retry"), Mark("withdraw")], False),
    ],
)
def test_a_session_that_ended_in_mid_turn_is_known_by_its_end(tmp_path: Path, end: list[Entry], open_: bool) -> None:
    journal = Transcript.reopened(kept(tmp_path, "a", "Hi", "Hello"), no_trouble)
    for entry in end:
        journal.add(entry)
    assert sessions.unfinished(tmp_path) is None, "it is in use"
    journal.close()
    assert bool(sessions.unfinished(tmp_path)) == open_
    if open_:
        path = tmp_path / "a.jsonl"
        path.write_bytes(path.read_bytes()[:-3])
        assert sessions.unfinished(tmp_path)


# Two at once


def test_a_session_is_held_by_one_and_the_other_gets_a_copy(tmp_path: Path) -> None:
    path = kept(tmp_path, "a", "Hi", "Hello", title="Greetings")
    first = Transcript.reopened(path, no_trouble)
    with pytest.raises(Busy, match="another terminal"):
        Transcript.reopened(path, no_trouble)
    with pytest.raises(Busy):
        sessions.delete(path)
    told: list[str] = []
    second = sessions.take_up(path, tmp_path, told.append, no_trouble)
    assert "copy" in told[0]
    assert second.state.conversation == first.state.conversation
    assert second.state.title == "Greetings (fork)"
    assert second.path != path
    assert second.path
    assert not second.path.exists(), "a copy in which nothing is said leaves no file"
    second.add(Said(question("More")))
    assert [turn[0].text for turn in transcript.read(second.path).conversation.turns] == ["Hi"]
    first.close()
    second.close()
    with open(path, "rb") as file:
        assert locking.hold(file.fileno()), "the lock goes with its holder"


def test_whom_a_session_talks_to_is_kept_and_recalled(tmp_path: Path) -> None:
    known = reading.load(tmp_path / "none.toml")
    groq = replace(known.profile("groq"), model="other", default_model="")
    by_hand = replace(config.by_hand(Url("http://127.0.0.1:9")), dialect="ollama", model="m")
    for profile in (groq, by_hand):
        assert recall.recalled(known, recall.who(profile, known)) == profile
    assert recall.recalled(known, {"profile": "gone"}) is None
    assert recall.recalled(known, {}) is None
    moved = replace(groq, place=Url("http://elsewhere.example/v1"))
    assert recall.recalled(known, recall.who(moved, known)) is None, "a file does not say where a key goes"
    for secrets in ({"headers": {"Authorization": "Bearer x"}}, {"client_cert": "me.pem"}, {"key_file": "k"}):
        mine = config.Profile("mine", dialect="openai-chat", place=Url("https://a.example"), **secrets)
        holding = known._replace(profiles={"mine": mine})
        kept = recall.who(replace(mine, place=Url("http://elsewhere.example/v1")), holding)
        assert recall.recalled(holding, kept) is None, "nor what else is a secret"
    replayed = config.Profile("replay", dialect="ollama", place=config.Replay(Path()), model="m")
    assert not recall.who(replayed, known)["base_url"], "a replay is nowhere to go back to"
    secret = replace(by_hand, place=Url("http://user:password@example.org"))
    assert "password" not in str(recall.who(secret, known))


# On the command line


def test_the_newest_session_goes_on_with_whom_it_talked_to(server: Server, home: Path) -> None:
    run("--base-url", server.url, "-m", "m", "-s", "Be brief.", "Hi", home=home)
    server.answers(say("Yes."))
    done = run("-c", "Still there?", home=home)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"Yes.\n", b"")
    assert [each["content"] for each in server.requests[-1].body["messages"]] == [
        "Be brief.",
        "Hi",
        "Hello",
        "Still there?",
    ]
    assert len(list((home / "sessions").iterdir())) == 1
    run("-r", "still", "-s", "Be long.", "More", home=home)
    assert server.requests[-1].body["messages"][0]["content"] == "Be long."
    assert server.requests[-1].body["model"] == "m"


def test_going_on_passes_by_a_session_in_which_nothing_was_answered(server: Server, home: Path) -> None:
    run("--base-url", server.url, "-m", "m", "Hi", home=home)
    server.answers(whole({"error": {"message": "no"}}, 401))
    assert run("--base-url", server.url, "-m", "m", "Lost", home=home).returncode == 1
    run("-c", "Still there?", home=home)
    assert [each["content"] for each in server.requests[-1].body["messages"]] == ["Hi", "Hello", "Still there?"]


def test_going_on_without_writing_leaves_the_session_as_it_is(server: Server, home: Path) -> None:
    run("--base-url", server.url, "-m", "m", "Hi", home=home)
    (path,) = (home / "sessions").glob("*.jsonl")
    before = path.read_bytes()
    run("-c", "--ephemeral", "More", home=home)
    assert len(server.requests[-1].body["messages"]) == 3
    assert path.read_bytes() == before
    assert len(list((home / "sessions").iterdir())) == 1


def test_no_key_stands_in_a_session(server: Server, home: Path) -> None:
    key = "recognisable-0123456789"
    run("Hi", home=home, OPENAI_BASE_URL=server.url, OPENAI_API_KEY=key)
    run("-c", "More", home=home, OPENAI_BASE_URL=server.url, OPENAI_API_KEY=key)
    assert server.requests[-1].headers["authorization"] == f"Bearer {key}"
    assert len(server.requests[-1].body["messages"]) == 3
    for path in home.rglob("*"):
        assert not path.is_file() or not {key, "uthorization"} & set(path.read_text().replace('"', " ").split())


def test_sessions_are_listed_written_out_and_taken_in(server: Server, home: Path, tmp_path: Path) -> None:
    run("--base-url", server.url, "-m", "m", "About sed", home=home)
    listed = run("--list-sessions", home=home).stdout.decode()
    assert "About sed" in listed
    ident = listed.split()[0]
    target = tmp_path / "talk.md"
    assert run("--export", ident[-4:], str(target), home=home).returncode == 0
    assert "Hello" in target.read_text()
    again = run("--export", "sed", str(target), home=home)
    assert (again.returncode, b"exists already" in again.stderr) == (2, True)
    assert b"/save" not in again.stderr, "which is no flag"
    other = tmp_path / "other"
    taken = run("--import", str(target), home=other)
    assert b"About sed" in taken.stdout
    assert b"About sed" in run("--list-sessions", home=other).stdout
    assert run("--export", "nobody", str(target), home=home).returncode == 2


def test_what_cannot_be_kept_is_not_said_to_be_taken_in(server: Server, home: Path, tmp_path: Path) -> None:
    run("--base-url", server.url, "-m", "m", "About sed", home=home)
    assert run("--export", "sed", str(tmp_path / "talk.md"), home=home).returncode == 0
    other = tmp_path / "other"
    other.mkdir()
    (other / "sessions").touch()
    done = run("--import", str(tmp_path / "talk.md"), home=other)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().count("cannot be written") == 1
    assert "goes on" not in done.stderr.decode()


def test_a_key_in_a_question_is_pointed_out_on_stderr(server: Server, home: Path) -> None:
    done = run("--base-url", server.url, "-m", "m", "--yes", "Is sk-abcdefghij0123456789xyz good?", home=home)
    assert done.stdout == b"Hello\n"
    assert b"looks like an OpenAI or Anthropic key" in done.stderr


# In the REPL


@pytest.fixture
def chat(server: Server, home: Path) -> Iterator[Terminal]:
    with chatrepl("--base-url", server.url, "-m", "test-model", env=environment(home)) as terminal:
        terminal.wait_for_prompt()
        yield terminal


def ask(chat: Terminal, text: str, awaited: str) -> None:
    times = chat.text().count(awaited) + 1
    chat.line(text)
    chat.wait_for(awaited, times=times)
    chat.wait_for_prompt()


def sent(server: Server) -> list[str]:
    return [message["content"] for message in server.requests[-1].body["messages"]]


def test_a_killed_session_is_offered_goes_on_and_its_reply_is_continued(
    chat: Terminal, server: Server, home: Path
) -> None:
    server.answers(say("First."), stay("It is ", "fo"), say("ur."))
    ask(chat, "Hi", "First.")
    chat.line("What is 2 + 2?")
    chat.wait_for("It is fo")
    chat.kill()
    chat.end()
    (path,) = (home / "sessions").glob("*.jsonl")
    with chatrepl("--base-url", server.url, "-m", "test-model", env=environment(home)) as again:
        again.wait_for('"Hi" ended in the middle of a reply')
        again.wait_for_prompt()
        ask(again, f"/resume {path.stem[-4:]}", '"Hi" goes on')
        for text in ("> Hi", "First.", "> What is 2 + 2?", "It is fo", "Stopped."):
            assert text in again.text()
        ask(again, "/continue", "ur.")
        assert sent(server)[:-1] == ["Hi", "First.", "What is 2 + 2?", "It is fo"]
        ask(again, "/history 1", "It is four.")
        ask(again, "/undo", "as it was")
        ask(again, "Thanks", "Hello")
        assert sent(server) == ["Hi", "First.", "What is 2 + 2?", "It is fo", "Thanks"]
        again.send(CTRL_D)
        assert again.end() == 0
    with chatrepl("-c", env=environment(home)) as third:
        third.wait_for("> Thanks")
        third.wait_for_prompt()
        assert "ended in the middle" not in third.text()


def test_a_question_without_a_reply_stands_in_the_prompt_again(chat: Terminal, server: Server, home: Path) -> None:
    server.answers(stay())
    chat.line("Anybody there?")
    server.received()
    chat.kill()
    chat.end()
    with chatrepl("-c", env=environment(home)) as again:
        again.wait_for_prompt("Anybody there?")
        again.line("")
        again.wait_for("Hello")
        assert sent(server) == ["Anybody there?"]


def test_a_server_that_goes_on_by_itself_gets_the_reply_as_it_is_and_is_asked_where_it_refuses(
    server: Server, home: Path
) -> None:
    home.mkdir()
    profile = f'dialect = "openai-chat"\nbase_url = "{server.url}"\nmodel = "m"\nprefill = true\n'
    (home / "config.toml").write_text(f'default = "here"\n[profiles.here]\n{profile}')
    refusal = whole({"error": {"message": "prefill is incompatible with enable_thinking"}}, 400)
    server.answers(stay("It is ", "fo"), say("u"), refusal, say("r."))
    with chatrepl(env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.line("What is 2 + 2?")
        chat.wait_for("It is fo")
        chat.send(CTRL_C)
        chat.wait_for_prompt()
        ask(chat, "/continue", "2 out")
        assert sent(server) == ["What is 2 + 2?", "It is fo"]
        ask(chat, "/continue", "r.")
        assert sent(server)[:-1] == ["What is 2 + 2?", "It is fou"]
        ask(chat, "/history", "It is four.")


def test_what_is_refused_for_another_reason_says_nothing_about_the_prefill(server: Server, talk: Talk) -> None:
    profile = Profile("test", dialect="openai-chat", place=Url(server.url), model="m", prefill=True)
    chat = talk(profile)
    too_long = whole({"error": {"message": "This model's maximum context length is 10 tokens"}}, 400)
    odd = whole({"error": {"message": "What is that?"}}, 400)
    server.answers(say("It is "), too_long, odd, odd, say("four."))
    asked(chat, "What is 2 + 2?")
    assert not asking.go_on(chat).kept
    assert len(server.requests) == 2, "it would be too long once more"
    assert not asking.go_on(chat).kept
    assert len(server.requests) == 4, "it may have been the prefill, which was no help to leave out"
    assert asking.go_on(chat).kept
    assert sent(server) == ["What is 2 + 2?", "It is "]
    assert chat.conversation.turns[-1][-1].text == "It is four."


def test_a_session_is_shown_again_with_the_room_it_had(chat: Terminal, home: Path) -> None:
    ask(chat, "Hi", "2 out")
    assert "> Hi\n\nHello\n" in chat.text()
    ask(chat, "/history", "[1] you\nHi\n\n[1] test-model\nHello\n\n>")
    with chatrepl("-c", env=environment(home)) as again:
        again.wait_for_prompt()
        assert "> Hi\n\nHello\n\nresumed " in again.text()


def test_of_a_long_session_the_end_is_shown(server: Server, home: Path) -> None:
    kept(home / "sessions", "long", *[f"text {number}." for number in range(60)])
    with chatrepl("-c", "--base-url", server.url, "-m", "m", env=environment(home)) as chat:
        chat.wait_for("10 turns before these; /history shows all.")
        chat.wait_for("text 59.")
        chat.wait_for_prompt()
        assert "text 19." not in chat.text()
        assert "> text 20." in chat.text()


@pytest.mark.parametrize("line", ["/history", "/resume long", "/find text"])
def test_ctrl_c_stops_what_is_shown(server: Server, home: Path, talk: Talk, line: str) -> None:
    for place in range(9):
        kept(home / "sessions", f"other{place}", "text", "text", used=place + 1)
    kept(home / "sessions", "long", *[f"text {number}." for number in range(20)])
    chat = talk(Profile("test", dialect="openai-chat", place=Url(server.url), model="m"))
    if line == "/history":
        chat.resume(home / "sessions" / "long.jsonl")
    write = chat.screen.out.write

    def pressed(text: str) -> int:
        signal.raise_signal(signal.SIGINT)
        return write(text)

    with chat.interrupts.caught(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(chat.screen.out, "write", pressed)
        if line.startswith("/find"):
            patch.setattr(store, "_match", lambda *_: signal.raise_signal(signal.SIGINT))
        repl.obey(chat, line)
    assert "Stopped" in shown(chat)
    assert "text 3." not in shown(chat)


def test_what_was_replaced_comes_back(chat: Terminal, server: Server) -> None:
    server.answers(say("First."), say("Second."))
    ask(chat, "Hi", "First.")
    ask(chat, "/retry", "Second.")
    ask(chat, "/undo", "The old reply is back")
    ask(chat, "More", "Hello")
    assert sent(server) == ["Hi", "First.", "More"]
    ask(chat, "/undo 2", "2 turns removed")
    ask(chat, "/redo", "Brought back: the conversation has 2 turns")
    chat.line("/edit 1")
    chat.wait_for_prompt("Hi")
    chat.send(CTRL_C)
    ask(chat, "/undo", "Everything is back: the conversation has 2 turns")
    chat.line("/edit 2")
    chat.wait_for_prompt("More")
    chat.line("?")
    chat.wait_for("Hello", times=2)
    assert sent(server) == ["Hi", "First.", "More?"]


def test_a_retry_that_is_stopped_or_killed_keeps_the_whole_reply(chat: Terminal, server: Server, home: Path) -> None:
    server.answers(say("First."), stay("Sec"), say("Yes."), stay("Thi"))
    ask(chat, "Hi", "First.")
    chat.line("/retry")
    chat.wait_for("Sec")
    chat.send(CTRL_C)
    chat.wait_for("The old reply stays; /redo takes what came of the new one.")
    chat.wait_for_prompt()
    ask(chat, "More", "Yes.")
    assert sent(server) == ["Hi", "First.", "More"]
    chat.line("/retry")
    chat.wait_for("Thi")
    chat.kill()
    chat.end()
    with chatrepl("-c", env=environment(home)) as again:
        again.wait_for("The old reply stays; /redo takes what came of the new one.")
        again.wait_for_prompt()
        assert "Thi" not in again.text()
        ask(again, "/redo", "Brought back")
        ask(again, "And?", "Hello")
        assert sent(server) == ["Hi", "First.", "More", "Thi", "And?"]


def test_going_on_means_going_on_with_who_was_asked_last(chat: Terminal, server: Server, home: Path) -> None:
    ask(chat, "Hi", "Hello")
    ask(chat, "/retry once", "2 out")
    assert server.requests[-1].body["model"] == "once"
    chat.send(CTRL_D)
    assert chat.end() == 0
    for start, model in (("test-model", "kept"), ("kept", "kept")):
        with chatrepl("-c", env=environment(home)) as again:
            again.wait_for_prompt()
            ask(again, "/retry", "2 out")
            assert server.requests[-1].body["model"] == start
            ask(again, f"/model {model}", f"· {model}")
            ask(again, "/retry", "2 out")
            again.send(CTRL_D)
            assert again.end() == 0


def test_a_question_comes_back_with_what_went_along(chat: Terminal, server: Server, home: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("precious")
    ask(chat, f"/file {notes}", "notes.txt")
    ask(chat, "Read this", "Hello")
    notes.unlink()
    chat.line("/edit")
    chat.wait_for_prompt("Read this")
    server.answers(stay())
    chat.line(" again")
    server.received()
    received = server.received()
    assert "precious" in json.dumps(received.body)
    chat.kill()
    chat.end()
    with chatrepl("-c", env=environment(home)) as again:
        again.wait_for_prompt("Read this again")
        again.line("")
        again.wait_for("Hello")
        assert "precious" in json.dumps(server.requests[-1].body)


def test_a_fork_goes_its_own_way(chat: Terminal, server: Server, home: Path) -> None:
    for number in range(3):
        ask(chat, f"q{number}", "Hello")
    ask(chat, "/fork 1", "A new session with 1 turn")
    ask(chat, "other", "Hello")
    assert sent(server) == ["q0", "Hello", "other"]
    lengths = [len(transcript.read(path).conversation.turns) for path in (home / "sessions").glob("*.jsonl")]
    assert sorted(lengths) == [2, 3]
    ask(chat, "/fork 1", "A new session with 1 turn")
    titles = sorted(each.title for each in sessions.listed(home / "sessions"))
    assert titles == ["q0", "q0 (fork 2)", "q0 (fork)"]
    chat.line("/fork 7")
    chat.wait_for("has only 1 turn")


def test_two_terminals_on_one_session_part_ways(chat: Terminal, server: Server, home: Path) -> None:
    ask(chat, "Hi", "Hello")
    with chatrepl("-c", env=environment(home)) as second:
        second.wait_for("is open in another terminal")
        second.wait_for("> Hi")
        second.wait_for_prompt()
        ask(second, "/delete", "This conversation is not saved yet")
        ask(second, "Mine", "Hello")
        assert sent(server) == ["Hi", "Hello", "Mine"]
    ask(chat, "Yours", "Hello")
    assert sent(server) == ["Hi", "Hello", "Yours"]


def test_a_copy_is_a_file_once_it_is_another_session(chat: Terminal, home: Path) -> None:
    ask(chat, "Hi", "Hello")
    for words, count in (([], 1), (["/title changed"], 2)):
        with chatrepl("-c", env=environment(home)) as second:
            second.wait_for("is open in another terminal")
            second.wait_for_prompt()
            for line in words:
                ask(second, line, "changed")
            second.line("/quit")
            second.end()
            assert len(list((home / "sessions").glob("*.jsonl"))) == count
            assert ("The session is in" in second.text()) is bool(words), "what is told is true"
    assert sorted(each.title for each in sessions.listed(home / "sessions")) == ["Hi", "changed"]


def test_a_session_is_named_found_chosen_and_deleted_after_a_question(
    chat: Terminal, server: Server, home: Path
) -> None:
    ask(chat, "Tell me of sed", "Hello")
    ask(chat, "/title On old tools", "On old tools")
    ask(chat, "/fork", "A new session")
    ask(chat, "/find hello", "/resume ID")
    assert "  On old tools (fork)" in chat.text()
    chat.line("/resume old tools")
    chat.wait_for("2 of 2")
    ids = sorted(path.stem for path in (home / "sessions").glob("*.jsonl"))
    rows = [[each[-4:], "1 turn"] for each in ids]
    chat.until(lambda: all(any(all(word in line for word in row) for line in chat.lines()) for row in rows), "both")
    chat.send(DOWN + ENTER)
    chat.wait_for('"On old tools" goes on')
    chat.wait_for_prompt()
    chat.line("/delete")
    chat.wait_for("for good?")
    assert "1 turn," in chat.text()
    assert any(f"Delete {each}, 20" in chat.text() for each in ids)
    chat.send(ENTER)
    chat.wait_for("It was not deleted")
    chat.wait_for_prompt()
    chat.line("/delete")
    chat.wait_for("for good?", times=2)
    chat.send("y" + ENTER)
    chat.wait_for("Deleted")
    chat.wait_for_prompt()
    assert len(list((home / "sessions").iterdir())) == 1
    ask(chat, "Anew", "Hello")
    assert sent(server) == ["Anew"]


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_lists_of_sessions_stay_in_their_columns(server: Server, home: Path, columns: int) -> None:
    kept(home / "sessions", "20261121-081513-ae05", "One?", "word " * 60 + "needle " + "word " * 60)
    kept(home / "sessions", "20261121-081513-ae06", "Two?", "漢字" * 60 + "needle" + "漢字" * 60)
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home), columns=columns) as chat:
        chat.wait_for_prompt()
        ask(chat, "/sessions 9", "One?")
        (start,) = {line.index(name) for name in ("One?", "Two?") for line in chat.lines() if line.endswith(name)}
        assert start == (21 if columns == 40 else 42)
        ask(chat, "/find needle", "/resume ID")
        shown = chat.lines()
        begins = shown.index(next(line for line in shown if line.startswith("20261121-081513-ae0")))
        excerpts = [line for line in shown[begins:] if "needle" in line]
        assert len(excerpts) == 2
        rows = [line for line in shown[begins : shown.index("/resume ID goes on with one.")] if "?" not in line]
        assert all(line.startswith(("    ", "2026")) for line in rows), rows


def test_a_key_is_sent_and_written_only_after_a_yes(chat: Terminal, server: Server, home: Path) -> None:
    key = "ghp_abcdefghijklmnopqrstuvwxyz0123456789"
    chat.line(f"Is {key} good?")
    chat.wait_for("[y/N]")
    chat.send(ENTER)
    chat.wait_for_prompt(f"Is {key} good?")
    assert not server.requests
    assert not any(key in path.read_text() for path in home.rglob("*") if path.is_file())
    chat.line("")
    chat.wait_for("[y/N]", times=2)
    chat.send("y" + ENTER)
    chat.wait_for("Hello")
    assert key in sent(server)[0]
    assert key not in (home / "history").read_text()


def test_of_many_conversations_in_a_file_one_is_chosen(chat: Terminal, server: Server, tmp_path: Path) -> None:
    def conversation(title: str, when: float) -> dict[str, object]:
        def node(role: str, text: str) -> dict[str, object]:
            return {"author": {"role": role}, "content": {"content_type": "text", "parts": [text]}}

        mapping = {
            "a": {"id": "a", "parent": None, "children": ["b"], "message": node("user", f"Of {title}")},
            "b": {"id": "b", "parent": "a", "children": [], "message": node("assistant", "So it is")},
        }
        return {"title": title, "create_time": when, "update_time": when, "mapping": mapping, "current_node": "b"}

    export = tmp_path / "conversations.json"
    export.write_text(json.dumps([conversation("old", 1.0), conversation("new", 2.0)]))
    chat.line(f"/load {export}")
    chat.wait_for("2 conversations")
    chat.wait_for("Which one? [1-2]")
    chat.send("2" + ENTER)
    chat.wait_for("1 turn loaded: old")
    chat.wait_for_prompt()
    ask(chat, "More", "Hello")
    assert sent(server) == ["Of old", "So it is", "More"]


def test_a_last_question_that_nobody_answered_elsewhere_stands_in_the_prompt(
    chat: Terminal, server: Server, home: Path, tmp_path: Path
) -> None:
    def node(parent: str | None, role: str, text: str) -> dict[str, object]:
        said = {"author": {"role": role}, "content": {"content_type": "text", "parts": [text]}}
        return {"parent": parent, "message": said}

    mapping = {"a": node(None, "user", "Hi"), "b": node("a", "assistant", "Yes?"), "c": node("b", "user", "And then?")}
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([{"title": "Cut short", "mapping": mapping, "current_node": "c"}]))
    chat.line(f"/load {path}")
    chat.wait_for("1 turn loaded: Cut short")
    chat.wait_for("The last question got no answer; it is in the prompt.")
    chat.wait_for_prompt("And then?")
    ask(chat, "", "Hello")
    assert sent(server) == ["Hi", "Yes?", "And then?"]
    done = run("--import", str(path), home=tmp_path / "other")
    name = done.stdout.split()[0].decode()
    with chatrepl("-r", name, env=environment(tmp_path / "other")) as again:
        again.wait_for_prompt("And then?")
