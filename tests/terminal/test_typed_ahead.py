"""What is typed while nobody reads: it is for the next prompt, and neither for a shell nor an answer to a question."""

import sys
import threading
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("there is no pty on Windows", allow_module_level=True)

from tests.support.chatting import CTRL_Z, ask, say_slowly, sent, shell
from tests.support.server import Exchange, Server, say, stay, whole
from tests.support.terminal import CTRL_C, CTRL_D, ENTER, PASTE, chatrepl, environment


@pytest.mark.parametrize("flags", [(), ("--plain",)], ids=["live", "plain"])
def test_ctrl_z_gives_the_shell_nothing_and_the_next_prompt_all(
    server: Server, home: Path, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    release = threading.Event()
    server.answers(say_slowly(release))
    with shell(server, home, *flags) as chat:
        chat.line("Hi")
        chat.wait_for("one")
        chat.send(f"touch {tmp_path}/PWNED{ENTER}half é")
        chat.send(CTRL_Z)
        chat.wait_for("Stopped")
        chat.line("echo al''ive")
        chat.wait_for("alive")
        assert not (tmp_path / "PWNED").exists()
        chat.line("fg")
        release.set()
        chat.wait_for("Hello")
        chat.wait_for_prompt("half é")
    assert sent(server)[-1] == ("user", f"touch {tmp_path}/PWNED")


@pytest.mark.parametrize("flags", [(), ("--plain",)], ids=["live", "plain"])
def test_what_is_typed_behind_the_end_is_no_command_of_the_shell(
    server: Server, home: Path, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    release = threading.Event()
    server.answers(say_slowly(release))
    with shell(server, home, *flags) as chat:
        chat.line("Hi")
        chat.wait_for("one")
        chat.send(f"/quit{ENTER}{' ' * 1100}touch {tmp_path}/PWNED{ENTER}")
        release.set()
        chat.wait_for("The session is in")
        chat.line("echo al''ive")
        chat.wait_for("alive")
    assert not (tmp_path / "PWNED").exists()


@pytest.mark.parametrize("flags", [(), ("--plain",)], ids=["live", "plain"])
def test_a_question_is_answered_by_what_is_typed_after_it_stands_there(
    server: Server, home: Path, flags: tuple[str, ...]
) -> None:
    release = threading.Event()
    server.answers(say_slowly(release))
    with chatrepl(*flags, "--base-url", server.url, "-m", "m", env=environment(home), columns=66) as chat:
        chat.wait_for_prompt()
        chat.line("Hi")
        chat.wait_for("one")
        chat.send(f"/delete{ENTER}y{ENTER}")
        release.set()
        chat.until(lambda: chat.lines()[-1].strip() in ("good? [y/N]", "for good? [y/N]"), "no word is torn")
        chat.line("n")
        chat.wait_for("It was not deleted.")
        chat.wait_for("Enter alone sends this again: y") if flags else chat.wait_for_prompt("y")
    assert len(server.requests) == 1


def test_a_paste_that_a_returning_draft_breaks_in_two_stands_below_it(server: Server, home: Path) -> None:
    release = threading.Event()

    def refusal(exchange: Exchange) -> None:
        assert release.wait(20)
        whole({"error": {"message": "no such model"}}, 404)(exchange)

    server.answers(refusal, say("Fine."))
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.line("Precious")
        server.received()
        chat.send("\x1b[200~one\rtw")
        release.set()
        chat.wait_for("no such model")
        chat.send(f"o{PASTE[1]}")
        chat.until(lambda: chat.at_cursor() == "  two", "the paste")
        ask(chat, "", "Fine.")
    assert sent(server) == [("user", "Precious\none\ntwo")]


@pytest.mark.parametrize("flags", [(), ("--plain",)], ids=["live", "plain"])
def test_what_was_typed_before_ctrl_c_is_sent_by_the_next_enter_alone(
    server: Server, home: Path, flags: tuple[str, ...]
) -> None:
    server.answers(stay("one"), say("Fine."))
    with chatrepl(*flags, "--base-url", server.url, "-m", "m", env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.line("Hi")
        chat.wait_for("one")
        chat.send(f"/title T{ENTER}and{ENTER}then{ENTER}")
        chat.send(CTRL_C)
        chat.wait_for("What came is kept")
        chat.wait_for("Enter alone sends this again: and then") if flags else chat.until(
            lambda: chat.at_cursor() == "  then", "both lines"
        )
        assert len(server.requests) == 1
        ask(chat, "", "Fine.")
    assert sent(server)[-1] == ("user", "and\nthen")


@pytest.mark.parametrize("flags", [(), ("--plain",)], ids=["live", "plain"])
def test_a_command_that_fails_holds_what_was_typed_behind_it(
    server: Server, home: Path, flags: tuple[str, ...]
) -> None:
    release = threading.Event()
    server.answers(say_slowly(release), say("Fine."))
    with chatrepl(*flags, "--base-url", server.url, "-m", "m", env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.line("Hi")
        chat.wait_for("one")
        chat.send(f"/load nofile.md{ENTER}and then{ENTER}")
        release.set()
        chat.wait_for("cannot be read")
        chat.wait_for("Enter alone sends this again: and then") if flags else chat.wait_for_prompt("and then")
        chat.line("" if flags else " more")
        chat.wait_for("Fine.")
    assert sent(server)[-1] == ("user", "and then" if flags else "and then more")


def test_ctrl_c_stops_a_reply_also_behind_a_paste_that_fills_the_terminal(server: Server, home: Path) -> None:
    server.answers(stay("one"))
    pasted = "\n".join(f"line {number} of a long paste" for number in range(400))
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.line("Hi")
        chat.wait_for("one")
        chat.send(pasted.join(PASTE))
        chat.send(CTRL_C)
        chat.wait_for("Stopped.")
        chat.wait_for_prompt("[pasted 400 lines]")
        chat.line("")
        chat.wait_for("Hello")
    assert sent(server)[-1] == ("user", pasted)


@pytest.mark.parametrize("stops", [False, True], ids=["whole", "Ctrl-C"])
def test_the_beginning_of_a_line_typed_ahead_is_seen_before_enter_sends_it(
    server: Server, home: Path, *, stops: bool
) -> None:
    release = threading.Event()
    server.answers(stay("one") if stops else say_slowly(release), say("Fine."))
    with chatrepl("--plain", "--base-url", server.url, "-m", "m", env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.line("Hi")
        chat.wait_for("one")
        chat.send("half\x1b[A")
        if stops:
            chat.send(CTRL_C)
        release.set()
        chat.until(lambda: chat.at_cursor().startswith("> half"), "what was typed ahead")
        chat.line(" a line")
        chat.wait_for("Fine.")
    assert sent(server)[-1] == ("user", "half\x1b[A a line")


def test_a_question_that_failed_is_sent_with_the_beginning_typed_ahead(server: Server, home: Path) -> None:
    release = threading.Event()

    def refusal(exchange: Exchange) -> None:
        assert release.wait(20)
        whole({"error": {"message": "no such model"}}, 404)(exchange)

    server.answers(refusal, say("Fine."))
    with chatrepl("--plain", "--base-url", server.url, "-m", "m", env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.line("Precious")
        server.received()
        chat.send("half")
        release.set()
        chat.wait_for("Enter sends this again, and what you began: Precious")
        chat.wait_for_prompt("half")
        ask(chat, "", "Fine.")
    assert sent(server) == [("user", "Precious\nhalf")]


def test_ctrl_d_typed_ahead_ends_the_plain_prompt(server: Server, home: Path) -> None:
    release = threading.Event()
    server.answers(say_slowly(release))
    with chatrepl("--plain", "--base-url", server.url, "-m", "m", env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.line("Hi")
        chat.wait_for("one")
        chat.send(CTRL_D)
        release.set()
        assert chat.end() == 0
