"""What the system does to the program: signals, and streams that are closed, slow, or not the terminal."""

import fcntl
import json
import os
import re
import shlex
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.chatting import shell

if sys.platform == "win32":
    pytest.skip("there is no pty on Windows", allow_module_level=True)

from chatrepl.sessions import transcript
from chatrepl.terminal.interrupts import Interrupts
from tests.support.chatting import CTRL_Z, ask, sent
from tests.support.server import END, PATIENCE, Exchange, Server, chunk, say, stay, whole
from tests.support.terminal import CTRL_C, Terminal, chatrepl, environment

CTRL_BACKSLASH = "\x1c"


def echoes(terminal: Terminal) -> bool:
    modes: int = termios.tcgetattr(terminal.fd)[3]
    return bool(modes & termios.ECHO and modes & termios.ICANON)


def test_ctrl_backslash_during_a_reply_leaves_the_terminal_as_it_was(server: Server, home: Path) -> None:
    server.answers(stay("one"))
    words = [sys.executable, "-m", "chatrepl", "--base-url", server.url, "-m", "m"]
    # who runs the tests in the background has the signal ignored, and so would the program
    heard = "import os, signal, sys; signal.signal(signal.SIGQUIT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
    chat = Terminal(
        ["sh", "-c", f"stty sane; exec {shlex.join([sys.executable, '-c', heard, *words])}"], environment(home)
    )
    try:
        chat.wait_for_prompt()
        chat.line("Hi")
        chat.wait_for("one")
        assert not echoes(chat)
        chat.send(CTRL_BACKSLASH)
        chat.until(lambda: echoes(chat), "the modes of before")
    finally:
        chat.close()


def test_what_is_typed_at_a_simple_prompt_is_seen_after_ctrl_z_too(server: Server, home: Path) -> None:
    with shell(server, home, "--plain") as chat:
        chat.send(CTRL_Z)
        chat.wait_for("Stopped")
        chat.line("fg")
        chat.wait_for("--plain", times=2)
        chat.send("half a thought")
        chat.wait_for("half a thought")
        ask(chat, "", "Hello")
        assert sent(server) == [("user", "half a thought")]


def test_ctrl_z_during_a_reply_leaves_the_screen_to_the_shell(server: Server, home: Path) -> None:
    release = threading.Event()
    text = "\n".join(f"w{number:05}" for number in range(8))

    def script(exchange: Exchange) -> None:
        exchange.head()
        exchange.send(chunk(text))
        assert release.wait(PATIENCE)
        exchange.send(chunk(" end") + END)

    server.answers(script)
    with shell(server, home) as chat:
        chat.line("Hi")
        chat.wait_for("w00007")
        chat.send(CTRL_Z)
        chat.wait_for("Stopped")
        chat.until(lambda: chat.at_cursor() == "$", "the shell")
        assert "Ctrl-C stops" not in chat.text()
        chat.line("echo the shell was here")
        chat.wait_for("the shell was here", times=2)
        chat.line("fg")
        chat.wait_for("Ctrl-C stops")
        release.set()
        chat.wait_for("2 out")
        assert "Ctrl-C stops" not in chat.text()
        assert "Stopped" in chat.text()
        assert chat.text().count("the shell was here") == 2
        assert re.findall(r"w\d{5}", chat.text()) == text.replace("\n", " ").split()


def program(server: Server, *words: str) -> list[str]:
    return [sys.executable, "-m", "chatrepl", "--base-url", server.url, "-m", "m", *words]


def redirected(server: Server, home: Path, how: str, *words: str) -> Terminal:
    """chatrepl on a terminal, with that at the end of its command line."""
    return Terminal(["sh", "-c", f"exec {shlex.join(program(server, *words))} {how}"], environment(home), 40)


def unread(pipe: int) -> int:
    """How many bytes wait in a pipe."""
    return int(struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"1234"))[0])


def until(met: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)


def test_a_reply_has_its_colours_wherever_the_errors_go(server: Server, home: Path) -> None:
    server.answers(say("# Title"))
    chat = redirected(server, home, "2>/dev/null", "Hi")
    assert chat.end() == 0
    assert b"\x1b[1;4;95mTitle" in chat.bytes


def test_a_chat_has_its_styles_and_its_width_wherever_the_errors_go(server: Server, home: Path) -> None:
    chat = redirected(server, home, "2>/dev/null")
    try:
        chat.wait_for_prompt()
        assert b"\x1b[2m/help lists the commands." in chat.bytes
        ask(chat, "/help", "/undo")
        lines = chat.lines()
        assert all(len(line) < 40 for line in lines[lines.index("> /help") :])
    finally:
        chat.close()


def test_a_slow_reader_gets_every_byte_of_a_pipe_that_does_not_block(server: Server, home: Path) -> None:
    text = "".join(f"line {number}\n" for number in range(3000))
    server.answers(say(text))
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    capacity = fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
    process = subprocess.Popen(
        program(server, "Hi"),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
        env=environment(home),
    )
    until(lambda: unread(ours) == capacity or process.poll() is not None, "a full pipe")
    os.close(theirs)
    with open(ours, "rb") as pipe:
        assert pipe.read().decode() == text
    assert process.communicate(timeout=PATIENCE)[1] == b""
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("how", "status", "told"),
    [
        ("Hi <&-", 0, b"Hello"),
        ("<&-", 2, b"There is nothing to ask"),
        ("Hi >&-", 0, b""),
        ("Hi 2>&-", 0, b"Hello"),
        ("-p nobody Hi 2>&-", 2, b""),
        ("Hi <&- >&- 2>&-", 0, b""),
    ],
)
def test_closed_streams_are_like_empty_ones(server: Server, home: Path, how: str, status: int, told: bytes) -> None:
    done = subprocess.run(
        ["sh", "-c", f"exec {shlex.join(program(server))} {how}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment(home),
        timeout=PATIENCE,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    assert done.returncode == status
    assert told in done.stdout + done.stderr


def test_ctrl_c_ends_the_waiting_for_piped_text(server: Server, home: Path) -> None:
    ours, theirs = os.pipe()
    process = subprocess.Popen(
        program(server, "Hi"), stdin=ours, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment(home)
    )
    os.write(theirs, b"begun")
    until(lambda: unread(ours) == 0, "somebody who reads")
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=PATIENCE)[1] == b""
    assert process.returncode == 130
    os.close(ours)
    os.close(theirs)
    assert not server.requests


def test_keys_after_piped_text_come_from_a_terminal_that_every_system_can_wait_for(server: Server, home: Path) -> None:
    """Where that is /dev/tty, macOS cannot."""
    chat = redirected(server, home, "< /dev/null", "-i", "Hi")
    try:
        chat.wait_for("Hello")
        chat.wait_for_prompt()
        assert Path(f"/proc/{chat.pid}/fd/0").readlink().parts[:3] == ("/", "dev", "pts")
        ask(chat, "And now?", "Hello")
    finally:
        chat.close()


def test_the_question_before_a_chat_leaves_the_terminal_to_whoever_comes_next(server: Server, home: Path) -> None:
    for text in ("first", "second"):
        subprocess.run(program(server, text), stdin=subprocess.DEVNULL, env=environment(home), check=True)
    chat = redirected(server, home, "", "--resume")
    try:
        chat.wait_for("resume ›")
        chat.wait_for("2 of 2")
        chat.send("\x1b")
        assert chat.end() == 2
        assert chat.bytes.rindex(b"\x1b[?2004l") > chat.bytes.rindex(b"\x1b[?2004h")
    finally:
        chat.close()


def piped(server: Server, home: Path, how: str, *words: str) -> "subprocess.CompletedProcess[bytes]":
    """The command of a shell in which ``chatrepl`` stands for the program, with those words."""
    command = how.replace("chatrepl", shlex.join(program(server, *words)))
    return subprocess.run(
        ["bash", "-c", command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment(home),
        timeout=PATIENCE,
        check=False,
    )


def unfinished(home: Path) -> list[str]:
    """The endings of the last replies of all sessions."""
    found = [transcript.read(path) for path in (home / "sessions").glob("*.jsonl")]
    return [each.conversation.turns[-1][-1].ending if not each.question else "open" for each in found]


def test_an_answer_is_given_also_where_nobody_reads_the_errors(server: Server, home: Path) -> None:
    server.answers(whole({"error": {"message": "later"}}, 503, Retry_After="0"), say("Hello"))
    done = piped(server, home, "exec 3> >(exec 0<&-); wait $!; chatrepl 2>&3", "Hi")
    assert (done.returncode, done.stdout) == (0, b"Hello\n")


FULL = b"The output cannot be written: No space left on device\n"


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /dev/full")
@pytest.mark.parametrize("words", [["Hi"], ["--json", "Hi"], ["--list-sessions"], ["--list-models"], ["--help"]])
def test_a_full_disk_behind_the_output_is_told_in_one_line(server: Server, home: Path, words: list[str]) -> None:
    subprocess.run(program(server, "before"), stdin=subprocess.DEVNULL, env=environment(home), check=True)
    done = piped(server, home, "chatrepl > /dev/full", *words)
    assert (done.returncode, done.stderr) == (1, FULL)
    assert "open" not in unfinished(home)


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /dev/full")
def test_the_version_too_tells_a_full_disk_and_leaves_who_has_seen_enough_alone() -> None:
    name = shlex.join([sys.executable, "-m", "chatrepl", "--version"])
    full = subprocess.run(["bash", "-c", f"{name} > /dev/full"], capture_output=True, check=False)
    assert (full.returncode, full.stderr) == (1, FULL)
    gone = f"exec 3> >(exec 0<&-); wait $!; {name} >&3"
    enough = subprocess.run(["bash", "-c", gone], capture_output=True, check=False)
    assert (enough.returncode, enough.stderr) == (0, b"")


def test_a_reply_of_which_enough_was_seen_is_kept_as_far_as_it_came(server: Server, home: Path) -> None:
    release = threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.head()
        exchange.send(chunk("one\ntwo\n"))
        assert release.wait(PATIENCE)
        while not exchange.received.closed.is_set():
            exchange.send(chunk("more\n"))

    server.answers(script)
    command = ["bash", "-c", f"{shlex.join(program(server, 'Hi'))} 2> {home}/errors"]
    home.mkdir()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment(home)) as process:
        assert process.stdout
        assert process.stdout.readline() == b"one\n"
        process.stdout.close()
        release.set()
    assert (process.returncode, (home / "errors").read_text()) == (0, "")
    assert unfinished(home) == ["interrupted"]


@pytest.mark.parametrize(("key", "status"), [(CTRL_C, 130), ("\x1b", 2)], ids=["ctrl-c", "escape"])
def test_ctrl_c_at_the_choice_of_a_session_is_an_interruption(
    server: Server, home: Path, key: str, status: int
) -> None:
    subprocess.run(program(server, "one"), stdin=subprocess.DEVNULL, env=environment(home), check=True)
    chat = redirected(server, home, "", "--resume")
    try:
        chat.wait_for("resume ›")
        chat.send(key)
        assert chat.end() == status
    finally:
        chat.close()


def test_ctrl_c_is_let_through_again_behind_a_question_that_awaited_it_too() -> None:
    interrupts = Interrupts()
    with interrupts.caught(), interrupts.awaited():
        with interrupts.awaited():
            pass
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_ctrl_c_while_the_program_loads_is_no_traceback() -> None:
    loading = "import signal, sys; from chatrepl import __main__; import gc; "
    pressed = "gc.disable = lambda: signal.raise_signal(signal.SIGINT); sys.exit(__main__.main())"
    done = subprocess.run([sys.executable, "-c", loading + pressed], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "")


def test_a_key_command_may_ask_at_the_terminal(server: Server, home: Path) -> None:
    asking = "import getpass; print(getpass.getpass('The password, please: '))"
    command = [sys.executable, "-c", asking]
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text(
        f"[profiles.mine]\ndialect = 'openai-chat'\nbase_url = '{server.url}'\nmodel = 'm'\nkey_command = {command}\n"
    )
    with chatrepl("-p", "mine", env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.line("Hi")
        chat.wait_for("The password, please:")
        chat.line("an-open-sesame")
        chat.wait_for("Hello")
        assert server.requests[0].headers["authorization"] == "Bearer an-open-sesame"
        assert chat.text().count("The password, please:") == 1, (
            "once a question, though the question is searched for it"
        )
        assert "sesame" not in chat.text()


@pytest.mark.parametrize("busy", [False, True], ids=["at the prompt", "in a reply"])
def test_a_terminal_that_is_closed_ends_the_program_without_a_word(server: Server, home: Path, busy: bool) -> None:
    server.answers(stay("one"))
    words = [sys.executable, "-m", "chatrepl", "--base-url", server.url, "-m", "m"]
    chat = Terminal(["sh", "-c", f"exec {shlex.join(words)} 2> {home}.errors"], environment(home))
    chat.wait_for_prompt()
    if busy:
        chat.line("Hi")
        chat.wait_for("one")
    assert chat.hang_up() == 129
    assert Path(f"{home}.errors").read_text() == ""


@pytest.mark.parametrize("flags", [(), ("--plain",)], ids=["drawn", "plain"])
@pytest.mark.parametrize("busy", [False, True], ids=["at the prompt", "in a reply"])
def test_under_nohup_a_terminal_that_is_closed_ends_the_program(
    server: Server, home: Path, flags: tuple[str, ...], busy: bool
) -> None:
    def endless(exchange: Exchange) -> None:
        exchange.head()
        while True:  # until the program hangs up
            exchange.send(chunk("one\n"))
            time.sleep(0.01)  # a model writes no faster

    server.answers(endless)
    words = [sys.executable, "-m", "chatrepl", "--base-url", server.url, "-m", "m", *flags]
    chat = Terminal(["sh", "-c", f"trap '' HUP; exec {shlex.join(words)} 2> {home}.errors"], environment(home))
    chat.wait_for_prompt()
    if busy:
        chat.line("Hi")
        chat.wait_for("one")
    assert chat.hang_up() in (0, 1)
    assert "Traceback" not in Path(f"{home}.errors").read_text()
    assert not busy or any('"one' in path.read_text() for path in (home / "sessions").glob("*.jsonl"))


def test_json_is_json_in_any_encoding(server: Server, home: Path) -> None:
    server.answers(say("\u201cthere\u201d is an \u00e9"))
    words = [sys.executable, "-m", "chatrepl", "--base-url", server.url, "-m", "m", "--json", "Hi"]
    env = environment(home, PYTHONIOENCODING="latin-1")
    done = subprocess.run(words, capture_output=True, env=env, check=True)
    assert json.loads(done.stdout.decode("latin-1"))["text"] == "\u201cthere\u201d is an \u00e9"
