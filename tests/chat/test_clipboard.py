"""Copying, attaching, counting, pipes and checking the setup: through the whole program."""

import base64
import json
import os
import re
import shlex
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatrepl.chat import repl
from chatrepl.client import offers
from chatrepl.config import reading
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from tests.support.files import PNG
from tests.support.program import run
from tests.support.server import PATIENCE, Server, say, serving, stay, whole
from tests.support.talking import Talk, asked, shown
from tests.support.terminal import CTRL_C, CTRL_D, Terminal, chatrepl, environment

if sys.platform == "win32":
    pytest.skip("there is no pty on Windows", allow_module_level=True)

from tests.support.chatting import ask, sent


@pytest.fixture
def chat(server: Server, home: Path) -> Iterator[Terminal]:
    """chatrepl at its prompt, talking to the scripted server."""
    with chatrepl("--base-url", server.url, "-m", "test-model", env=environment(home)) as terminal:
        terminal.wait_for_prompt()
        yield terminal


CODE = "Two of them:\n\n```python\ndef f():\n\treturn  1  \n```\n\n- in a list\n\n  ~~~\n  deep\n  ~~~\n"


def copied(chat: Terminal) -> list[str]:
    """What the terminal was asked to put into its clipboard."""
    return [base64.b64decode(text).decode() for text in re.findall(rb"\x1b]52;c;([^\x07]*)\x07", chat.bytes)]


def test_copy_takes_the_exact_source_of_a_reply_or_of_its_code(chat: Terminal, server: Server) -> None:
    server.answers(say(CODE), say("Later."))
    ask(chat, "Code?", "deep")
    ask(chat, "More?", "Later.")
    ask(chat, "/copy", "Reply 2, 1 line: sent to the terminal, which may ignore it.")
    ask(chat, "/copy 1", "Reply 1, ")
    ask(chat, "/copy 1.1", "Code block 1 of reply 1, 2 lines: ")
    ask(chat, "/copy 1.2", "Code block 2 of reply 1, 1 line: ")
    assert copied(chat) == ["Later.", CODE, "def f():\n\treturn  1  \n", "deep\n"]


def test_copy_leaves_out_what_acts_or_hides_and_says_so(chat: Terminal, server: Server) -> None:
    hostile = "```sh\necho hi\x1b[201~\nrm\u202e -rf\u200b ~\U000e0061\n```\n"
    server.answers(say(hostile))
    ask(chat, "Code?", "rm")
    ask(chat, "/copy", "4 characters that act or hide when pasted were left out; /copy -r copies all.")
    ask(chat, "/copy -r 1", "Reply 1, 4 lines")
    ask(chat, "/copy .1", "Code block 1 of reply 1, 2 lines")
    cleaned = "echo hi[201~\nrm -rf ~\n"
    assert copied(chat) == [f"```sh\n{cleaned}```\n", hostile, cleaned]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [("7", "The conversation has only "), ("1.3", "Reply 1 has no code blocks"), ("x", "not a number above 0")],
)
def test_copy_says_what_is_not_there(chat: Terminal, words: str, complaint: str) -> None:
    chat.line("/copy")
    chat.wait_for("There is nothing to copy yet")
    chat.wait_for_prompt()
    ask(chat, "Hi", "Hello")
    chat.line(f"/copy {words}")
    chat.wait_for(complaint)
    assert not copied(chat)


@pytest.mark.parametrize(
    ("name", "variable", "words"), [("xclip", "DISPLAY", "-selection clipboard"), ("tmux", "TMUX", "load-buffer -w -")]
)
def test_copy_fills_a_surer_clipboard_too(
    server: Server, home: Path, tmp_path: Path, name: str, variable: str, words: str
) -> None:
    program = tmp_path / "bin" / name
    program.parent.mkdir()
    clipboard = shlex.quote(str(tmp_path / "clipboard"))
    program.write_text(f'#!/bin/sh\ncat > {clipboard}\nprintf " %s" "$*" >> {clipboard}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    env = environment(home, **{variable: ":0"})
    env["PATH"] = f"{program.parent}:{env['PATH']}"
    with chatrepl("--base-url", server.url, "-m", "test-model", env=env) as chat:
        chat.wait_for_prompt()
        ask(chat, "Hi", "Hello")
        ask(chat, "/copy", f"Reply 1, 1 line: copied by {name}.")
    assert (tmp_path / "clipboard").read_text() == f"Hello {words}"


def test_a_folder_is_taken_back_as_it_came(chat: Terminal, server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    for name in ("a.txt", "b.txt"):
        (folder / name).write_text(name)
    (tmp_path / "c.txt").write_text("gamma")
    ask(chat, f"/file {tmp_path}/c.txt", "c.txt (5 bytes)")
    ask(chat, f"/file {folder}", "b.txt (5 bytes)")
    ask(chat, "/undo", "2 files are no longer attached.")
    ask(chat, "/undo", "c.txt is no longer attached.")
    ask(chat, "Hi", "Hello")
    assert sent(server) == [("user", "Hi")]


def test_files_go_along_and_stand_above_the_prompt(chat: Terminal, server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("alpha")
    (tmp_path / "b c.txt").write_text("beta")
    chat.line(f'/file {tmp_path}/a.txt "{tmp_path}/b c.txt"')
    chat.wait_for("(4 bytes)")
    chat.wait_for_prompt()
    chat.line("/undo")
    chat.wait_for("no longer attached.")
    chat.wait_for_prompt()
    assert not server.requests
    ask(chat, "What is it?", "Hello")
    (content,) = [content for _, content in sent(server)]
    assert "alpha" in str(content)
    assert "beta" not in str(content)
    ask(chat, "And now?", "Hello")
    assert sent(server)[-1] == ("user", "And now?")


def test_the_working_folder_may_go_while_a_file_waits(
    server: Server, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = environment(home, PYTHONPATH=os.getcwd())
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "a.txt").write_text("alpha")
    monkeypatch.chdir(folder)
    with chatrepl("--base-url", server.url, "-m", "m", env=env) as chat:
        monkeypatch.undo()
        chat.wait_for_prompt()
        chat.line("/file a.txt")
        chat.wait_for("(5 bytes)")
        chat.wait_for_prompt()
        (folder / "a.txt").unlink()
        folder.rmdir()
        ask(chat, "What is in @a.txt and @b.txt?", "Hello")
        assert "alpha" in str(sent(server)[0][1])


def test_a_file_that_a_message_names_goes_along(chat: Terminal, server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("alpha")
    ask(chat, f"What is in @{tmp_path}/a.txt?", "Hello")
    assert "alpha" in str(sent(server)[0][1])
    assert f"What is in @{tmp_path}/a.txt?" in str(sent(server)[0][1])


def test_an_image_goes_along_in_base64(chat: Terminal, server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    chat.line(f"/image {tmp_path}/a.png")
    chat.wait_for("(70 bytes)")
    ask(chat, "What is it?", "Hello")
    assert base64.b64encode(PNG).decode() in json.dumps(server.requests[0].body)


def test_a_large_file_goes_along_only_after_a_yes(chat: Terminal, server: Server, tmp_path: Path) -> None:
    (tmp_path / "big.txt").write_text("x" * 300_000)
    for answer, attached in (("n", False), ("y", True)):
        chat.line(f"/file {tmp_path}/big.txt")
        chat.wait_for("attach it? [y/N]", times=1 + attached)
        chat.line(answer)
        chat.wait_for("is not attached.")
        chat.wait_for_prompt()
        assert any(line.startswith("+") for line in chat.lines()) == attached


def test_attachments_come_back_with_a_question_that_failed(chat: Terminal, server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("alpha")
    server.answers(stay())
    chat.line(f"/file {tmp_path}/a.txt")
    chat.wait_for("(5 bytes)")
    chat.wait_for_prompt()
    chat.line("What is it?")
    server.received()
    chat.send(CTRL_C)
    chat.wait_for("(5 bytes)", times=2)
    chat.wait_for_prompt("What is it?")
    ask(chat, "", "Hello")
    assert str(sent(server)[0][1]).count("alpha") == 1


def test_a_protocol_without_images_says_so_and_nothing_is_lost(server: Server, home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    flags = ["--dialect", "openai-completions", "--base-url", server.url, "-m", "m"]
    with chatrepl(*flags, env=environment(home)) as chat:
        chat.wait_for_prompt()
        for command in ("image", "file"):
            chat.line(f"/{command} {tmp_path}/a.png")
            chat.wait_for("openai-completions takes no images", times=1 + (command == "file"))
            chat.wait_for_prompt()
        chat.line("/undo")
        chat.wait_for("There is nothing to undo")
        chat.wait_for_prompt()  # what is typed before it waits for Enter, after a failure
        chat.line(f"What is @{tmp_path}/a.png?")
        chat.wait_for("openai-completions takes no images", times=3)
        chat.wait_for("a.png?", times=2)  # asked, and back in the prompt
        assert not server.requests
        assert not any(line.startswith("+") for line in chat.lines())  # nothing is said to go along


def test_usage_tells_what_is_known_and_calls_the_rest_unknown(server: Server, home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text(
        f'default = "work"\n[profiles.work]\ndialect = "openai-chat"\nbase_url = "{server.url}"\nmodel = "test-model"\n'
        "context = 1000\nprice = [100, 1000]\n"
    )
    server.answers(say("Hi"), whole({"choices": [{"message": {"content": "There"}, "finish_reason": "stop"}]}))
    with chatrepl(env=environment(home)) as chat:
        chat.wait_for_prompt()
        ask(chat, "One", "Hi")
        chat.wait_for("work · test-model · 11/1k · $0.0029 · One")
        ask(chat, "/set stream off", "stream = false")
        ask(chat, "Two", "There")
        chat.wait_for("~14/1k")  # the server counted 11
        ask(chat, "/usage", "~14 of 1k used")
        rows = [line.split() for line in chat.text().splitlines()]
        assert ["1", "9", "–", "2", "$0.0029"] in rows
        assert ["2", "–", "–", "–", "–"] in rows
        assert ["all", "9", "–", "2", "$0.0029+"] in rows


def test_what_was_spent_is_shown_when_the_conversation_is_gone(server: Server, home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text(
        f'default = "work"\n[profiles.work]\ndialect = "openai-chat"\nbase_url = "{server.url}"\nmodel = "test-model"\n'
        "price = [100, 1000]\n"
    )
    with chatrepl(env=environment(home)) as chat:
        chat.wait_for_prompt()
        ask(chat, "One", "2 out")
        ask(chat, "/retry", "2 out")
        chat.wait_for("11 tokens · $0.0058 · One")
        ask(chat, "/reset", "1 turn forgotten")
        chat.wait_for("0 tokens · $0.0058 · One")
        ask(chat, "/usage", "0 tokens in the conversation")
        assert ["session", "18", "–", "4", "$0.0058"] in [line.split() for line in chat.text().splitlines()]
    with chatrepl("-c", env=environment(home)) as again:
        again.wait_for("$0.0058")


def test_usage_without_a_price_is_unknown(chat: Terminal) -> None:
    ask(chat, "/usage", "Nothing was used yet.")
    ask(chat, "Hi", "Hello")
    ask(chat, "/usage", "The cost is unknown")


def test_files_of_the_command_line_go_along(server: Server, home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("alpha")
    (tmp_path / "b.png").write_bytes(PNG)
    flags = ["--base-url", server.url, "-m", "m", "-f", f"{tmp_path}/a.txt", "--file", f"{tmp_path}/b.png"]
    done = run(*flags, "What?", home=home)
    assert (done.returncode, done.stdout) == (0, b"Hello\n")
    assert done.stderr.decode() == f"+ {tmp_path}/a.txt (5 bytes)\n+ {tmp_path}/b.png (70 bytes)\n"
    body = json.dumps(server.requests[0].body)
    assert "alpha" in body
    assert base64.b64encode(PNG).decode() in body
    done = run("--base-url", server.url, "-m", "m", "-f", "nowhere.txt", "What?", home=home)
    assert (done.returncode, done.stdout) == (2, b"")


def test_a_pipe_is_answered_and_then_the_keys_come_from_the_terminal(server: Server, home: Path) -> None:
    words = [sys.executable, "-m", "chatrepl", "--base-url", server.url, "-m", "m", "-i", "Review this"]
    terminal = Terminal(["sh", "-c", f"echo + a line | {shlex.join(words)}"], environment(home))
    try:
        terminal.wait_for("Hello")
        terminal.wait_for_prompt()
        shown = [line.rstrip() for line in terminal.lines()]
        begin = shown.index("> Review this")
        assert shown[begin : begin + 5] == ["> Review this", "", "  + a line", "", "Hello"], "as if it were typed"
        ask(terminal, "And now?", "Hello")
        terminal.send(CTRL_D)
        assert terminal.end() == 0
    finally:
        terminal.close()
    assert sent(server) == [
        ("user", "Review this\n\n+ a line"),
        ("assistant", "Hello"),
        ("user", "And now?"),
    ]


def test_no_terminal_to_stay_at_is_a_line(server: Server, home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chatrepl", "--base-url", server.url, "-m", "m", "-i", "Hi"],
        input=b"text",
        capture_output=True,
        env=environment(home),
        timeout=PATIENCE,
        start_new_session=True,  # without a terminal of its own
        check=False,
    )
    assert done.returncode == 2
    assert b"no terminal to type at" in done.stderr


def test_a_file_gets_neither_colours_nor_a_stray_byte(server: Server, home: Path, tmp_path: Path) -> None:
    server.answers(say("**bold** é\n"))
    words = [sys.executable, "-m", "chatrepl", "--base-url", server.url, "-m", "m", "Hi"]
    out = tmp_path / "out"
    terminal = Terminal(["sh", "-c", f"{shlex.join(words)} > {shlex.quote(str(out))}"], environment(home))
    assert terminal.end() == 0
    assert out.read_bytes() == "**bold** é\n".encode()
    assert terminal.bytes == b""


def doctor(*words: str, home: Path, **env: str) -> "tuple[int, str]":
    done = run(*words, "--doctor", home=home, **env)
    assert b"Traceback" not in done.stderr
    return done.returncode, done.stdout.decode()


def test_doctor_finds_a_server_that_works(server: Server, home: Path) -> None:
    status, said = doctor("--base-url", server.url, "-m", "test-model", home=home)
    assert status == 0
    assert f"✓ server         {server.url.removesuffix('/v1')} answers and offers 2 models" in said
    assert "\n– terminal       none" in said


def test_in_a_narrow_window_what_the_doctor_found_stands_below_its_name(server: Server, home: Path) -> None:
    with chatrepl("--base-url", server.url, "-m", "m", "--doctor", env=environment(home), columns=40) as chat:
        chat.end()
    assert [line.rstrip() for line in chat.lines() if line.strip()][-2:] == ["✓ characters", "    utf-8"]


def test_doctor_finds_a_key_that_is_wrong_and_never_shows_it(
    server: Server, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "serve", whole({"error": {"message": "bad key sk-recognisable"}}, 401))
    status, said = doctor(home=home, OPENAI_BASE_URL=server.url, OPENAI_API_KEY="sk-recognisable")
    assert status == 1
    assert "✓ key            there" in said
    assert (
        f"✗ server         openai at {server.url.removesuffix('/v1')} answered 401 Unauthorized: bad key (hidden)"
        in said
    )
    assert "sk-recognisable" not in said


def test_doctor_says_what_to_do_where_the_server_is_gone_or_the_key_missing(home: Path) -> None:
    with serving() as gone:
        url = gone.url
    status, said = doctor("--base-url", url, "-m", "m", home=home)
    assert status == 1
    assert "cannot be reached" in said
    assert "Is the server running" in said
    status, said = doctor("-p", "openai", home=home)
    assert status == 1
    assert "OPENAI_API_KEY is not set" in said


def test_doctor_tells_a_mistake_in_the_configuration_among_its_findings(server: Server, home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text("[ui]\nmarkdwn = true\n")
    status, said = doctor("--base-url", server.url, "-m", "test-model", home=home)
    assert status == 1
    assert f"✗ configuration  {home}/config.toml, line 2: ui.markdwn is no known key" in said
    assert "answers and offers 2 models" in said
    assert "\n– terminal       none" in said


def test_a_fallback_is_no_trouble_to_who_only_looks(server: Server, home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text(
        f'default = "one"\nimport_mcp = ["{home}/mcp.json", "{home}/none.json"]\n[profiles.one]\n'
        f'dialect = "openai-chat"\nbase_url = "{server.url}"\nfallback = ["local"]\n'
        '[tools.dice]\ncommand = ["dice"]\ndescription = "Roll."\nparameters = {}\n'
    )
    (home / "mcp.json").write_text('{"mcpServers": {"a": {"command": "a"}, "b": {"command": "b"}}}')
    status, said = doctor(home=home)
    assert status == 0
    assert "answers and offers 2 models" in said
    assert "1 program, 2 MCP servers, off" in said
    assert "none.json, which import_mcp names," in " ".join(said.split())
    configuration = reading.load(home / "config.toml")
    there = threading.Event()
    found = offers.look(configuration.profile("one"), {}, configuration, there.set)
    assert there.wait(PATIENCE)
    assert [each.id for each in found] == server.models


def test_doctor_warns_of_a_home_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    status, said = doctor("--base-url", server.url, "-m", "m", home=tmp_path / "file")
    assert status == 0
    assert "✗ sessions       ~/sessions\n" in said


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_names_every_flag_and_is_good_syntax(home: Path, tmp_path: Path, shell: str) -> None:
    from chatrepl.cli import flags

    script = run("--completion", shell, home=home).stdout.decode()
    for action in flags.parser()._actions:
        for option in action.option_strings:
            in_fish = f"-l {option[2:]} " if option.startswith("--") else f"-s {option[1:]} "
            assert (in_fish if shell == "fish" else option) in script
    if subprocess.run(["sh", "-c", f"command -v {shell}"], capture_output=True, check=False).returncode:
        pytest.skip(f"there is no {shell}")
    (tmp_path / "script").write_text(script)
    done = subprocess.run([shell, "-n", str(tmp_path / "script")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_completion_works_in_bash(home: Path, tmp_path: Path) -> None:
    (tmp_path / "chatrepl").write_text(f'#!/bin/sh\nexec {sys.executable} -m chatrepl "$@"\n')
    (tmp_path / "chatrepl").chmod(0o755)
    env = environment(home, PYTHONPATH=os.getcwd())
    env["PATH"] = f"{tmp_path}:{env['PATH']}"
    (tmp_path / "a name.txt").touch()
    asks = 'COMP_WORDS=(chatrepl {}); COMP_CWORD={}; _chatrepl; printf "%s|" "${{COMPREPLY[@]}}"; echo'
    body = "source <(chatrepl --completion bash)\n" + "\n".join(
        asks.format(words, place)
        for words, place in (("--dialect open", 2), ("-p gro", 2), ("--doc", 1), ("-f a", 2), ("a", 1))
    )
    done = subprocess.run(["bash", "-c", body], capture_output=True, text=True, env=env, cwd=tmp_path, check=True)
    dialects = "openai-chat|openai-completions|openai-responses|"
    assert done.stdout.splitlines() == [dialects, "groq|", "--doctor|", "a name.txt|", "a name.txt|"]


def test_a_simple_terminal_is_never_repainted(server: Server, home: Path) -> None:
    server.answers(say("**one**\n"), say("two"), stay())
    for flags, env in ((["--plain"], {}), ([], {"TERM": "dumb"})):
        words = ["--base-url", server.url, "-m", "m", *flags]
        with chatrepl(*words, env=environment(home, **env)) as chat:
            chat.wait_for_prompt()
            chat.send("first \\\rsecond\r")
            chat.until(lambda: len(server.requests) > 0, "a request")
            chat.wait_for("2 out")
            chat.wait_for_prompt()
            chat.line("/reset")
            chat.wait_for("forgotten")
            chat.wait_for_prompt()
            chat.send(CTRL_D)
            assert chat.end() == 0
            assert b"\x1b" not in chat.bytes
            assert sent(server)[0] == ("user", "first \nsecond")


def test_a_paste_at_a_simple_terminal_is_one_text_and_a_failed_one_is_sent_again(server: Server, home: Path) -> None:
    server.answers(stay())
    with chatrepl("--base-url", server.url, "-m", "m", "--plain", env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.send("one\rtwo\rthree\r")
        server.received()
        chat.send(CTRL_C)
        chat.wait_for("Enter alone sends this again: one two three")
        chat.wait_for_prompt()
        ask(chat, "", "Hello")
        assert sent(server) == [("user", "one\ntwo\nthree")]


@pytest.mark.parametrize("paste", ["one\rtwo", "one\rtwö\rthr"])
def test_a_paste_that_ends_in_mid_line_at_a_simple_terminal_waits_for_enter(
    server: Server, home: Path, paste: str
) -> None:
    with chatrepl("--base-url", server.url, "-m", "m", "--plain", env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.send(paste)
        chat.wait_for(paste.rpartition("\r")[2])
        time.sleep(0.2)  # nothing shows that the paste is over
        assert not server.requests
        ask(chat, " more", "Hello")
        assert chat.lines().count("> one") == 1
    assert sent(server) == [("user", paste.replace("\r", "\n") + " more")]


def test_the_c_locale_gets_ascii_and_the_server_all(server: Server, home: Path) -> None:
    server.answers(say("| é | … |\n|---|---|\n| 漢 | ✓ |\n\n> q\n"))
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home, LC_ALL="C")) as chat:
        chat.wait_for_prompt()
        ask(chat, "é…", "2 out")
        chat.line("/hlep")
        chat.wait_for("x There is no command")
        assert chat.bytes.isascii()
    assert sent(server) == [("user", "é…")]


def test_a_home_that_cannot_be_written_is_told_and_the_chat_goes_on(server: Server) -> None:
    nowhere = Path("/proc/nowhere")
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(nowhere)) as chat:
        chat.wait_for("The input history /proc/nowhere/history cannot be used")
        chat.wait_for_prompt()
        ask(chat, "Hi", "Hello")
        assert "The session cannot be written" in chat.text()
        ask(chat, "again", "Hello")
        chat.send("\x1b[A\x1b[A")
        chat.wait_for_prompt("Hi")
        assert chat.text().count("cannot be used") == 1


def test_no_color_takes_the_colours_away(server: Server, home: Path) -> None:
    server.answers(say("# Title\n\n`code` and **bold**\n"))
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home, NO_COLOR="1")) as chat:
        chat.wait_for_prompt()
        ask(chat, "Hi", "bold")
        colours = re.findall(rb"\x1b\[(?:[\d;]*;)?(?:3[0-7]|9[0-7]|38|48)(?:;[\d;]*)?m", chat.bytes)
        assert colours == []
        assert b"\x1b[0;2mby-hand" in chat.bytes
        chat.send("H")
        chat.until(lambda: b"\x1b[0;2mi" in chat.bytes, "a suggestion that tells itself from what is typed")


def test_colours_are_kept_in_a_pipe_for_who_wants_them(server: Server, home: Path) -> None:
    server.answers(say("# Title\n\n`co", "de`\n"))
    done = run("--base-url", server.url, "-m", "m", "Hi", home=home, CLICOLOR_FORCE="1")
    assert re.sub(rb"\x1b\[[\d;]*m", b"", done.stdout) == b"Title\n\ncode\n"
    assert b"\x1b[" in done.stdout
    server.answers(say("`code`"))
    assert run("--base-url", server.url, "-m", "m", "Hi", home=home, CLICOLOR_FORCE="0").stdout == b"`code`\n"


def test_a_bell_rings_after_a_long_reply(server: Server, home: Path) -> None:
    script = (
        "import sys; from chatrepl.chat import turn; turn.LONG = 0.0\n"
        "from chatrepl.cli import main; sys.exit(main.main(sys.argv[1:]))"
    )
    env = environment(home)
    terminal = Terminal([sys.executable, "-c", script, "--base-url", server.url, "-m", "m"], env)
    try:
        terminal.wait_for_prompt()
        ask(terminal, "/set title off", "title = false")
        ask(terminal, "Hi", "Hello")
        assert b"\x1b]9;" not in terminal.bytes
        ask(terminal, "/set notify osc9", "notify = osc9")
        ask(terminal, "Hi", "Hello")
        assert b"\x1b]9;chatrepl: Hi\x07" in terminal.bytes
    finally:
        terminal.close()


def test_a_file_that_holds_a_key_is_sent_only_after_a_yes(chat: Terminal, server: Server, tmp_path: Path) -> None:
    (tmp_path / "env").write_text("KEY=ghp_abcdefghijklmnopqrstuvwxyz0123456789")
    chat.line(f"What is in @{tmp_path}/env ?")
    chat.wait_for("contains what looks like a GitHub token.")
    chat.wait_for("Send it anyway? [y/N]")
    chat.line("n")
    chat.until(lambda: chat.at_cursor().endswith("?"), "the question")
    assert not server.requests


def test_edit_brings_back_what_went_along(chat: Terminal, server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("alpha")
    chat.line(f"/file {tmp_path}/a.txt")
    chat.wait_for("(5 bytes)")
    chat.wait_for_prompt()
    ask(chat, "What is it?", "Hello")
    chat.line("/edit")
    chat.wait_for("(5 bytes)", times=2)
    chat.wait_for_prompt("What is it?")
    ask(chat, "", "Hello")
    assert str(sent(server)[0][1]).count("alpha") == 1


@pytest.mark.parametrize("line", ["/exit now", "/quit now", "/reset foo", "/redo 2", "/usage all", "/multiline on"])
def test_a_command_that_stands_alone_does_nothing_with_words_behind_it(talk: Talk, server: Server, line: str) -> None:
    session = talk(Profile("test", dialect="openai-chat", place=Url(server.url), model="m"))
    asked(session, "Hi")
    before = session.transcript.path.read_bytes() if session.transcript.path else b""
    repl.obey(session, line)
    name, _, word = line.partition(" ")
    usage = "/quit, /exit" if name in ("/exit", "/quit") else name
    assert f"takes no arguments, not {word!r}\n  {usage}\n" in shown(session)
    assert session.transcript.path
    assert session.transcript.path.read_bytes() == before


def test_there_is_nothing_to_forget_where_nothing_was_said(talk: Talk, server: Server) -> None:
    session = talk(Profile("test", dialect="openai-chat", place=Url(server.url), model="m"))
    asked(session, "Hi")
    repl.obey(session, "/reset")
    assert "1 turn forgotten; /undo brings it back." in shown(session)
    assert session.transcript.path
    before = session.transcript.path.read_bytes()
    repl.obey(session, "/reset")
    assert "There is nothing to forget" in shown(session)
    assert session.transcript.path.read_bytes() == before
