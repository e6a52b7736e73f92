"""Images that are pasted into the line, or dropped on the terminal; what the clipboard holds besides."""

import base64
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("there is no pty on Windows", allow_module_level=True)

from chatrepl.conversation import ImagePart
from chatrepl.errors import CommandError
from chatrepl.terminal import clipboard
from chatrepl.terminal.prompt import dropped
from chatrepl.terminal.prompt.pastes import Pastes
from tests.support.chatting import ask
from tests.support.files import PNG, PNG_DATA
from tests.support.server import Server, say, whole
from tests.support.terminal import CTRL_C, ENTER, PASTE, UP, Terminal, chatrepl, environment

CTRL_V, ALT_V, BACKSPACE = "\x16", "\x1bv", "\x7f"

WL_PASTE = """#!/bin/sh
case "$*" in
--list-types) cat "{there}/types" ;;
*image/png) cat "{there}/image" ;;
*text) cat "{there}/text" ;;
*) exit 1 ;;
esac
"""
XCLIP = """#!/bin/sh
case "$*" in
"-selection clipboard -o -t TARGETS") cat "{there}/types" ;;
"-selection clipboard -o -t image/png") cat "{there}/image" ;;
"-selection clipboard -o -t UTF8_STRING") cat "{there}/text" ;;
*) exit 1 ;;
esac
"""
Holds = Callable[..., dict[str, str]]


@pytest.fixture
def holding(tmp_path: Path) -> Holds:
    """Lets a program stand on the PATH that reads a clipboard, and the clipboard hold something."""

    def hold(name: str = "wl-paste", *, image: bytes = b"", text: bytes = b"") -> dict[str, str]:
        there = tmp_path / "clipboard"
        there.mkdir(exist_ok=True)
        program = there / name
        program.write_text({"wl-paste": WL_PASTE, "xclip": XCLIP}[name].format(there=there))
        program.chmod(stat.S_IRWXU)
        (there / "types").write_text(
            "text/html\n" + ("image/png\n" if image else "") + ("text/plain\n" if text else "")
        )
        (there / "image").write_bytes(image)
        (there / "text").write_bytes(text)
        return {"PATH": f"{there}:/usr/bin:/bin", {"wl-paste": "WAYLAND_DISPLAY", "xclip": "DISPLAY"}[name]: "x"}

    return hold


@contextmanager
def chatting(server: Server, home: Path, more: dict[str, str]) -> Iterator[Terminal]:
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home, **more), columns=100) as terminal:
        terminal.wait_for_prompt()
        yield terminal


def content(server: Server) -> Any:
    return server.requests[-1].body["messages"][-1]["content"]


@pytest.mark.parametrize(("name", "key"), [("wl-paste", CTRL_V), ("xclip", ALT_V)])
def test_an_image_in_the_clipboard_goes_along(name: str, key: str, server: Server, home: Path, holding: Holds) -> None:
    with chatting(server, home, holding(name, image=PNG, text=b"alt text")) as chat:
        chat.send(f"What is {key}")
        chat.wait_for_prompt("What is [image 1]")
        ask(chat, "?", "Hello")
        text, image = sorted(content(server), key=lambda part: str(part["type"] != "text"))
        assert text["text"] == "What is [image 1]?"
        assert image["image_url"]["url"] == f"data:image/png;base64,{PNG_DATA}"
        ask(chat, "And now?", "Hello")
        assert content(server) == "And now?"
        chat.send(UP * 2)  # what was typed comes back with its image
        chat.wait_for_prompt("What is [image 1]?")
        ask(chat, "", "Hello")
        assert len(content(server)) == 2


def test_one_backspace_takes_it_away(server: Server, home: Path, holding: Holds) -> None:
    with chatting(server, home, holding(image=PNG)) as chat:
        chat.send(f"a {CTRL_V}")
        chat.wait_for_prompt("a [image 1]")
        chat.send(CTRL_V)
        chat.wait_for_prompt("a [image 1][image 2]")
        chat.send(BACKSPACE * 2)
        chat.wait_for_prompt("a")
        ask(chat, "b", "Hello")
        assert content(server) == "a b"


def test_a_text_in_the_clipboard_is_pasted_and_sends_nothing(server: Server, home: Path, holding: Holds) -> None:
    with chatting(server, home, holding(text=b"one\r\n\x1b[31mtwo")) as chat:
        chat.send(CTRL_V)
        chat.wait_for("[31mtwo")
        assert b"\x1b[31mtwo" not in chat.bytes
        assert not server.requests
        ask(chat, "", "Hello")
        assert content(server) == "one\n\x1b[31mtwo"


def test_nothing_to_paste_is_told(server: Server, home: Path, holding: Holds) -> None:
    with chatting(server, home, holding()) as chat:
        chat.send(f"half{CTRL_V}")
        chat.wait_for("holds neither a text nor an image")
        chat.wait_for_prompt("half")
    with chatting(server, home, {"PATH": "/nowhere"}) as chat:
        chat.send(f"half{CTRL_V}")
        chat.wait_for("No program here reads the clipboard")


def test_an_image_stays_in_a_question_that_comes_back(server: Server, home: Path, holding: Holds) -> None:
    server.answers(whole({"error": {"message": "no"}}, 400), say("Hello"), say("Hello"))
    with chatting(server, home, holding(image=PNG)) as chat:
        chat.send(f"a {CTRL_V}")
        chat.wait_for_prompt("a [image 1]")
        chat.send(ENTER)
        chat.wait_for("answered 400")
        chat.wait_for_prompt("a [image 1]")
        ask(chat, "", "Hello")
        assert len(content(server)) == 2
        chat.send(f"b {CTRL_V}")
        chat.wait_for_prompt("b [image 2]")
        chat.send(CTRL_C)
        chat.wait_for_prompt()
        ask(chat, "c", "Hello")
        assert content(server) == "c"


@pytest.mark.parametrize(
    "written", ["'{}'", '"{}"', "{}", "{escaped}", "file://{url}", "file://localhost{url} ", "{escaped} '{}' "]
)
def test_what_is_dropped_on_the_terminal_is_an_image(written: str, tmp_path: Path) -> None:
    path = tmp_path / "a picture (1).png"
    path.write_bytes(PNG)
    text = written.format(path, escaped=str(path).replace(" ", "\\ ").replace("(", "\\(").replace(")", "\\)"),
                          url=str(path).replace(" ", "%20"))  # fmt: skip
    found = dropped.images(text)
    assert [each.data for each in found] == [PNG_DATA] * (2 if " '" in written else 1)


@pytest.mark.parametrize(
    ("written", "path", "on_windows"),
    [
        ("file:///C:/Users/me/a%20b.png", "/C:/Users/me/a b.png", "C:/Users/me/a b.png"),
        ("FILE:/c|/a.png", "/c|/a.png", "c:/a.png"),
        ("file://localhost/a%25%231.png", "/a%#1.png", "/a%#1.png"),
        ("file:///tmp/%C3%A9%E9?#.png", "/tmp/é\udce9?#.png", "/tmp/é\udce9?#.png"),
        ("file://server/share/a.png", "", ""),
        ("file://[/a.png", "", ""),
        ("C:\\a%20b.png", "C:\\a%20b.png", "C:\\a%20b.png"),
    ],
)
def test_a_url_of_a_file_is_a_path_of_this_machine(written: str, path: str, on_windows: str) -> None:
    assert (dropped.path(written, posix=True), dropped.path(written, posix=False)) == (path, on_windows)


def test_other_texts_stay_texts(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("no image")
    (tmp_path / "b.txt").write_text("b")
    for text in ("a.png", f"see {tmp_path}/a.png", f"{tmp_path}/none.png", f"{tmp_path}/a.png", f"{tmp_path}/b.txt",
                 "file://elsewhere/a.png", "file://[/a.png", "'", "\0.png", "~nobody-here/a.png"):  # fmt: skip
        assert dropped.images(text) == []


def test_a_dropped_image_goes_along_but_not_behind_a_command(server: Server, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "a b.png"
    path.write_bytes(PNG)
    with chatting(server, home, {}) as chat:
        chat.send(f"/image {PASTE[0]}'{path}'{PASTE[1]}")
        chat.wait_for(f"/image '{path}'")
        chat.send(CTRL_C)
        chat.wait_for_prompt()
        chat.send(f"{PASTE[0]}'{path}' {PASTE[1]}")
        chat.wait_for_prompt("[image 1]")
        ask(chat, "what?", "Hello")
        assert len(content(server)) == 2


def test_numbers_go_on_behind_those_in_the_line() -> None:
    pastes = Pastes()
    part = ImagePart("image/png", PNG_DATA)
    line = f"[image 4] {pastes.picture(part, '[image 4]')}"
    assert [each.name for each in pastes.images(line)] == ["[image 5]"]
    assert pastes.unfold(line) == "[image 4] [image 5]"
    assert pastes.refold("[image 4] [image 5]") == "[image 4] [image 5]"  # that of another session, or typed
    pastes.sent(line)
    assert pastes.refold("[image 4] [image 5]") == line
    assert pastes.refold("[image 5]", edited=True) == line[-1]


def test_an_image_is_taken_from_each_system(tmp_path: Path) -> None:
    digits = PNG.hex().upper()
    scripts = {
        "osascript": f"echo '«data PNGf{digits}»'",
        "powershell.exe": f"echo {base64.b64encode(PNG).decode()}",
    }
    for name, line in scripts.items():
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{line}\n")
        program.chmod(stat.S_IRWXU)
        assert clipboard.read({"PATH": f"{tmp_path}:/bin:/usr/bin"}) == PNG
        program.unlink()
    with pytest.raises(CommandError):
        clipboard.read({"PATH": str(tmp_path)})


def test_a_program_that_writes_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clipboard, "MOST", 10_000)
    program = tmp_path / "xsel"
    program.write_text("#!/bin/sh\nwhile :; do echo 0123456789; done\n")
    program.chmod(stat.S_IRWXU)
    assert clipboard.read({"PATH": f"{tmp_path}:/bin:/usr/bin", "DISPLAY": ":0"}) == ""
