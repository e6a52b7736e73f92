"""What goes out with a question: what somebody meant to send, told before it leaves, and nothing else."""

import base64
import shlex
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.files import PNG
from tests.support.program import run
from tests.support.server import Server, held, say, whole
from tests.support.terminal import ALT_ENTER, ENTER, PASTE, UP, Terminal, chatrepl, environment

if sys.platform == "win32":
    pytest.skip("there is no pty on Windows", allow_module_level=True)

from tests.support.chatting import ask, sent

TOKEN = "ghp_abcdefghijklmnopqrstuvwxyz0123456789"


@pytest.fixture
def chat(server: Server, home: Path) -> Iterator[Terminal]:
    """chatrepl at its prompt, talking to the scripted server."""
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home), columns=200) as terminal:
        terminal.wait_for_prompt()
        yield terminal


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.txt"
    path.write_text("alpha")
    return path


def body(server: Server) -> str:
    return str(server.requests[-1].body)


# Files that a text names


def test_a_pipe_attaches_nothing_and_the_prompt_beside_it_does(server: Server, home: Path, note: Path) -> None:
    done = run("--base-url", server.url, "-m", "m", "Sum up", home=home, typed=f"Dear all, see @{note} for more")
    assert (done.stdout, done.stderr) == (b"Hello\n", b"")
    assert "alpha" not in body(server)
    done = run("--base-url", server.url, "-m", "m", f"Sum up @{note}", home=home, typed="Dear all")
    assert done.stderr.decode() == f"+ {note} (5 bytes)\n"
    assert "alpha" in body(server)


def test_a_file_named_by_hand_goes_along_and_is_told(chat: Terminal, server: Server, note: Path) -> None:
    chat.send(f"What is{ALT_ENTER}in @{note} ?{ENTER}")
    chat.wait_for("note.txt (5 bytes)")
    chat.wait_for("Hello")
    assert "alpha" in body(server)
    assert "[y/N]" not in chat.text()


def test_a_file_that_is_not_there_is_told_and_the_question_goes_out(chat: Terminal, server: Server) -> None:
    chat.line("What is wrong in @nofile.py ?")
    chat.wait_for("nofile.py: no such file, sent as text")
    chat.wait_for("Hello")


@pytest.mark.parametrize("lines", [1, 3, 40])
def test_a_file_named_in_a_paste_goes_along_only_after_a_yes(
    chat: Terminal, server: Server, note: Path, lines: int
) -> None:
    pasted = "\r".join([*["Dear all,"] * (lines - 1), f"see @{note} for more"])
    chat.send(pasted.join(PASTE) + ENTER)
    chat.wait_for("note.txt. Attach it? [y/N]")
    chat.line("n")
    chat.wait_for("Hello")
    chat.wait_for_prompt()
    assert "alpha" not in body(server)
    chat.send(UP)
    chat.until(lambda: chat.at_cursor() != ">", "the paste")
    if lines > 1:
        chat.send(ENTER)
        chat.wait_for("note.txt. Attach it? [y/N]", times=2)
        chat.line("y")
        chat.wait_for("note.txt (5 bytes)")
        chat.wait_for("Hello", times=2)
        assert "alpha" in body(server)


def test_in_a_simple_terminal_a_paste_asks_too(server: Server, home: Path, note: Path) -> None:
    with chatrepl("--base-url", server.url, "-m", "m", "--plain", env=environment(home), columns=200) as chat:
        chat.wait_for_prompt()
        chat.send(f"Dear all,\rsee @{note}\r")
        chat.wait_for("note.txt. Attach it? [y/N]")
        chat.line("")
        chat.wait_for("Hello")
        assert "alpha" not in body(server)
        chat.wait_for_prompt()
        chat.line(f"What is @{note} ?")
        chat.wait_for("note.txt (5 bytes)")
        chat.wait_for("Hello", times=2)
        assert "alpha" in body(server)


def test_a_question_that_came_back_asks_for_no_file_again(chat: Terminal, server: Server, note: Path) -> None:
    server.answers(whole({"error": {"message": "no"}}, 400))
    chat.line(f"What is @{note} ?")
    chat.wait_for("400 Bad Request")
    chat.wait_for("note.txt (5 bytes)", times=2)
    chat.until(lambda: chat.at_cursor().endswith("note.txt ?"), "the question")
    chat.send(ENTER)
    chat.wait_for("Hello")
    assert body(server).count("alpha") == 1
    assert "[y/N]" not in chat.text()


# Files that are attached


def test_images_of_one_name_in_two_folders_both_go_along(chat: Terminal, server: Server, tmp_path: Path) -> None:
    for number, folder in enumerate("ab"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "plot.png").write_bytes(PNG + bytes([number]))
    chat.line(f"/image {tmp_path}/a/plot.png {tmp_path}/b/plot.png")
    chat.wait_for("b/plot.png (71 bytes)")
    chat.wait_for_prompt()
    ask(chat, "Which is which?", "Hello")
    for number in range(2):
        assert base64.b64encode(PNG + bytes([number])).decode() in body(server)


def test_a_file_goes_along_once_however_it_is_named(chat: Terminal, server: Server, home: Path) -> None:
    (home / "n.txt").write_text("alpha")
    chat.line(f"/file {home}/n.txt")
    chat.wait_for("n.txt (5 bytes)")
    chat.wait_for_prompt()
    ask(chat, "What is in @~/n.txt ?", "Hello")
    assert body(server).count("alpha") == 1


def test_a_large_file_of_the_command_line_is_asked_about_where_somebody_is_there(
    server: Server, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "big.txt").write_text("x" * 300_000)
    flags = ["--base-url", server.url, "-m", "m", "-f", f"{tmp_path}/big.txt"]
    with chatrepl(*flags, env=environment(home)) as chat:
        chat.wait_for("attach it? [y/N]")
        chat.line("n")
        chat.wait_for("is not attached.")
        chat.wait_for_prompt()
    done = run(*flags, f"What is @{tmp_path}/big.txt ?", home=home)
    assert (done.stdout, done.stderr.count(b"(300.0 kB)")) == (b"Hello\n", 1)
    assert body(server).count("x" * 300_000) == 1


def test_a_question_whose_large_file_is_not_wanted_comes_back(chat: Terminal, server: Server, home: Path) -> None:
    (home / "big.txt").write_text("x" * 300_000)
    chat.line("What is in @~/big.txt ?")
    chat.wait_for("~/big.txt (300.0 kB): attach it? [y/N]")
    chat.line("n")
    chat.wait_for("~/big.txt is not attached, so nothing was sent.")
    chat.wait_for_prompt("What is in @~/big.txt ?")
    assert not server.requests


# Secrets


@pytest.mark.parametrize("where", ["-f", "@", "typed"])
def test_one_shot_tells_of_a_secret_wherever_it_stands(server: Server, home: Path, note: Path, where: str) -> None:
    note.write_text(f"KEY={TOKEN}")
    words = {"-f": ["-f", str(note), "Hi"], "@": [f"Hi @{note}"], "typed": [TOKEN]}[where]
    done = run("--base-url", server.url, "-m", "m", *words, home=home)
    assert (done.returncode, done.stdout, server.requests) == (2, b"", [])
    assert b"contains what looks like a GitHub token." in done.stderr
    assert b"--yes sends it all the same." in done.stderr
    done = run("--base-url", server.url, "-m", "m", "--yes", *words, home=home)
    assert b"contains what looks like a GitHub token." in done.stderr
    assert done.stdout == b"Hello\n"


def test_after_a_no_the_files_of_that_question_do_not_go_along_with_another(
    chat: Terminal, server: Server, note: Path
) -> None:
    note.write_text(f"KEY={TOKEN}")
    chat.line(f"What is in @{note} ?")
    chat.wait_for("Send it anyway? [y/N]")
    chat.line("n")
    chat.until(lambda: chat.at_cursor().endswith("note.txt ?"), "the question")
    chat.send("\x03")
    chat.wait_for_prompt()
    ask(chat, "Never mind.", "Hello")
    assert sent(server) == [("user", "Never mind.")]


@pytest.mark.parametrize("flags", [(), ("--plain",)], ids=["drawn", "plain"])
def test_what_is_typed_at_a_question_and_no_answer_stands_in_the_next_prompt(
    server: Server, home: Path, flags: tuple[str, ...]
) -> None:
    with chatrepl("--base-url", server.url, "-m", "m", *flags, env=environment(home)) as chat:
        chat.wait_for_prompt()
        ask(chat, "Hi", "Hello")
        chat.line("/delete")
        chat.wait_for("[y/N]")
        chat.line("yes, and what then?")
        chat.wait_for("Type y or n:")
        chat.line("")
        chat.wait_for("yes, and what then?", times=2)
        ask(chat, "", "Hello")
    assert sent(server)[-1] == ("user", "yes, and what then?")
    assert len(sent(server)) == 3, "nothing was deleted"


# What the command line and a pipe ask first is sent, never obeyed


def first(server: Server, home: Path, piped: str, *words: str) -> Terminal:
    command = [sys.executable, "-m", "chatrepl", "--base-url", server.url, "-m", "m", "-i", *words]
    return Terminal(["sh", "-c", f"printf %s {shlex.quote(piped)} | {shlex.join(command)}"], environment(home))


@pytest.mark.parametrize("piped", ["/* licence */\nint main;", "/quit", "//twice", "/save -f x.md"])
def test_what_is_piped_in_first_is_sent_as_it_is(server: Server, home: Path, piped: str) -> None:
    chat = first(server, home, piped)
    try:
        chat.wait_for("Hello")
        chat.wait_for_prompt()
    finally:
        chat.close()
    assert sent(server) == [("user", piped)]


def test_of_a_long_text_that_is_piped_in_first_the_beginning_is_shown(server: Server, home: Path) -> None:
    chat = first(server, home, "\n".join(f"line {number}" for number in range(1000)), "Sum up")
    try:
        chat.wait_for("Hello")
        chat.wait_for_prompt()
        assert "> Sum up\n\n  line 0\n  [8,897 characters in 1,002 lines]\n\nHello\n" in chat.text()
    finally:
        chat.close()


def test_the_prompt_of_the_command_line_is_sent_as_it_is_and_comes_back_as_it_is(server: Server, home: Path) -> None:
    server.answers(whole({"error": {"message": "no"}}, 400))
    with chatrepl("--base-url", server.url, "-m", "m", "-i", "/etc/hosts?", env=environment(home)) as chat:
        chat.wait_for("400 Bad Request")
        chat.wait_for_prompt("/etc/hosts?")
        ask(chat, "", "Hello")
    assert sent(server, 0) == sent(server, 1) == [("user", "/etc/hosts?")]


def test_a_first_question_that_cannot_be_sent_is_a_line_and_stands_in_the_prompt(
    server: Server, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "program").write_bytes(b"\x7fELF\0")
    with chatrepl(
        "--base-url", server.url, "-m", "m", "-i", f"@{tmp_path}/program ?", env=environment(home), columns=200
    ) as chat:
        chat.wait_for("neither a text nor")
        chat.until(lambda: chat.at_cursor().endswith("program ?"), "the question")
        assert not server.requests


def test_json_is_plain_text_in_any_terminal(server: Server, home: Path) -> None:
    server.answers(whole({"choices": [{"message": {"content": "\x9b31m \u202e 漢"}}]}))
    done = run("--base-url", server.url, "-m", "m", "--json", "--no-stream", "Hi", home=home)
    assert '"text": "\\u009b31m \\u202e 漢"' in done.stdout.decode()


# What was typed before a question came back


def fail(chat: Terminal, server: Server, typed: str) -> None:
    """Ask, type that while it is waited for, and let the question fail."""
    release = threading.Event()
    server.answers(held(release, whole({"error": {"message": "no"}}, 400)))
    chat.line("first question")
    server.received()
    chat.send(typed)  # into the terminal before the answer leaves
    release.set()
    chat.wait_for("400 Bad Request")


def test_what_was_typed_ahead_stands_below_the_question_that_came_back_and_is_not_sent(
    chat: Terminal, server: Server
) -> None:
    fail(chat, server, "and the second\rthird\r")
    chat.until(lambda: chat.at_cursor().endswith("third"), "what was typed")
    assert "\n> first question\n  and the second\n  third\n" in chat.text()
    ask(chat, "!", "Hello")
    assert [sent(server, number) for number in range(len(server.requests))] == [
        [("user", "first question")],
        [("user", "first question\nand the second\nthird!")],
    ]


@pytest.mark.parametrize("typed", ["\r", "\r\r"])
def test_an_enter_alone_sends_no_question_again_that_failed_meanwhile(
    chat: Terminal, server: Server, typed: str
) -> None:
    fail(chat, server, typed)
    chat.wait_for_prompt("first question")
    chat.send("\x05?")  # from where one edits it
    chat.wait_for_prompt("first question?")
    assert len(server.requests) == 1


def test_a_command_typed_ahead_is_run_and_then_the_question_stands_in_the_prompt(
    chat: Terminal, server: Server
) -> None:
    fail(chat, server, "/set temperature 0.5\r")
    chat.wait_for("temperature = 0.5")
    chat.wait_for_prompt("first question")
    assert len(server.requests) == 1
    ask(chat, "", "Hello")
    assert (sent(server), server.requests[1].body["temperature"]) == ([("user", "first question")], 0.5)


def test_a_command_and_a_line_typed_ahead_are_kept_apart(chat: Terminal, server: Server) -> None:
    fail(chat, server, "/set temperature 0.5\r//and the second\r")
    chat.wait_for("temperature = 0.5")
    chat.until(lambda: chat.at_cursor().endswith("//and the second"), "what was typed")
    assert "\n> first question\n  //and the second" in chat.text()
    assert len(server.requests) == 1


def test_at_a_simple_terminal_lines_typed_ahead_are_lines(server: Server, home: Path) -> None:
    release = threading.Event()
    server.answers(held(release, say("Hello")))
    with chatrepl("--base-url", server.url, "-m", "m", "--plain", env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.line("first")
        server.received()
        chat.send("second\rthird\r/quit\r")
        release.set()
        assert chat.end() == 0
    assert [sent(server, number)[-1] for number in range(3)] == [
        ("user", each) for each in ("first", "second", "third")
    ]


def test_at_a_simple_terminal_too_nothing_is_sent_unseen(server: Server, home: Path) -> None:
    with chatrepl("--base-url", server.url, "-m", "m", "--plain", env=environment(home)) as chat:
        chat.wait_for_prompt()
        fail(chat, server, "/set temperature 0.5\rand the second\r")
        chat.wait_for("temperature = 0.5")
        chat.wait_for("Enter alone sends this again: first question and the second")
        assert len(server.requests) == 1
        ask(chat, "/set temperature 0.6", "temperature = 0.6")
        ask(chat, "", "Hello")
    assert sent(server) == [("user", "first question\nand the second")]


def test_what_is_typed_after_a_command_that_was_typed_ahead_is_not_mixed_up(chat: Terminal, server: Server) -> None:
    fail(chat, server, "/se")
    chat.wait_for_prompt("/se")
    chat.send("\x03")
    chat.wait_for_prompt()
    ask(chat, "another", "Hello")
    assert sent(server) == [("user", "another")]
    chat.send(UP + UP)
    chat.wait_for_prompt("first question")
