"""A recognisable key, driven through everything that shows or writes something: it is found nowhere."""

import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, strategies as st

from chatrepl.chat import commands, turn
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import question
from chatrepl.text.redaction import HIDDEN, Hiding, Secrets
from chatrepl.text.urls import origin, shown
from tests.support import faults
from tests.support.faults import KEY, wire
from tests.support.program import run
from tests.support.server import PATIENCE, Script, Server, byte_by_byte, cut, say, serving, stay, whole
from tests.support.terminal import CTRL_C, CTRL_D, ESCAPE, chatrepl, environment

OTHER = "header-secret-0123456789"


def write_config(home: Path, server: Server, second: Server) -> None:
    home.mkdir(exist_ok=True)
    (home / "key").write_text(f"{KEY}\n")
    (home / "config.toml").write_text(
        f"""
        default = "one"
        [profiles.one]
        dialect = "openai-chat"
        base_url = "{server.url}"
        model = "m"
        key_env = "THE_KEY"
        headers = {{ x-team-token = "{OTHER}" }}
        fallback = ["two"]
        [profiles.two]
        dialect = "anthropic"
        base_url = "{second.url}"
        model = "m"
        key_command = ["cat", "{home / "key"}"]
        """
    )


def written(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below a folder that chatrepl wrote."""
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in ("key", "config.toml"):
            yield path, path.read_bytes()


def command_lines(process: int) -> bytes:
    """The command lines of a process and its children, as ps shows them."""
    found = Path(f"/proc/{process}/cmdline").read_bytes()
    for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
        found += command_lines(int(child))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")
def test_the_key_is_nowhere(server: Server, home: Path, tmp_path: Path) -> None:
    echo = f"You sent {KEY}, and {OTHER}, and the half of it: {KEY[:16]}"
    with serving() as second:
        write_config(home, server, second)
        server.models = [f"model-{KEY}"]
        server.answers(
            whole({"error": {"message": echo}}, 404),  # and the fallback answers
            cut("half a reply"),
            whole(f"data: {{}}\n\nevent: error\ndata: {echo}\n\n", kind="text/event-stream"),
            stay("endless."),
        )
        spoken = wire("anthropic")
        second.answers(
            faults.answer(200, spoken.whole, spoken.kind),
            faults.answer(403, echo),
            faults.answer(200, echo, "text/html"),
        )
        recordings = ("--record", str(tmp_path / "recording"))
        with chatrepl(*recordings, env=environment(home, THE_KEY=KEY, PAGER="cat")) as chat:
            chat.wait_for_prompt()
            chat.line("One")
            chat.wait_for("asking two instead")
            chat.wait_for_prompt()
            assert KEY.encode() not in command_lines(chat.pid)
            chat.line("/last --curl")
            chat.wait_for("x-api-key: $X_API_KEY")
            chat.line("Two")
            chat.wait_for("incomplete")
            chat.wait_for_prompt()  # what is typed before it waits for Enter
            chat.line("Three")
            chat.wait_for("403 Forbidden")
            chat.wait_for_prompt("Three")
            chat.line("")
            chat.wait_for("endless")
            chat.send(CTRL_C)
            chat.wait_for("Stopped.")
            for command in ("/models", "/last", "/last --curl", f"/save {tmp_path}/talk.html", "/profile"):
                chat.wait_for_prompt()
                chat.line(command)
            chat.wait_for("Enter takes it")
            chat.send(ESCAPE)
            chat.wait_for_prompt()
            chat.line("/set")
            chat.wait_for("raw = not set")  # its last line
            chat.wait_for_prompt()
            chat.send(CTRL_D)
            chat.end()
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
        assert second.requests[0].headers["x-api-key"] == KEY
    assert (tmp_path / "talk.html").exists()
    assert len(list((tmp_path / "recording").iterdir())) > 10
    for secret in (KEY, OTHER, KEY[:16]):
        assert secret.encode() not in chat.bytes
        for path, data in written(tmp_path):
            assert secret.encode() not in data, path


def test_a_bug_shows_its_traceback_without_the_key(server: Server, home: Path) -> None:
    script = (
        "import sys; from chatrepl.cli import main\n"
        "import chatrepl.client.client as client\n"
        "def broken(*words, **more): raise KeyError('a bug')\n"
        "client.{} = broken\n"
        "sys.exit(main.main(['Hi']))"
    )
    for place in ("read", "_headers", "dialects.request", "Exchange", "httpx.Client.send"):
        done = subprocess.run(
            [sys.executable, "-X", "dev", "-c", script.format(place)],
            env=environment(home, OPENAI_BASE_URL=server.url, OPENAI_API_KEY=KEY, PYTHONPATH=os.getcwd()),
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        assert b"KeyError: 'a bug'" in done.stderr
        assert KEY.encode() not in done.stderr + done.stdout


def test_a_key_is_never_sent_to_another_host(server: Server, home: Path) -> None:
    with serving() as elsewhere:
        server.answers(whole("", 307, Location=f"{elsewhere.url}/chat/completions"))
        done = run("Hi", home=home, OPENAI_BASE_URL=server.url, OPENAI_API_KEY=KEY)
        assert b"not followed" in done.stderr
        assert not elsewhere.requests


# What hides them


words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=40)


@given(words, st.text(max_size=20), st.text(max_size=20))
def test_a_secret_is_hidden_wherever_it_stands(secret: str, before: str, after: str) -> None:
    secrets = Secrets()
    secrets.add(secret)
    assert secret not in secrets.hide(f"{before}{secret}{after}{secret}")
    assert secret.encode() not in secrets.hide_bytes(b"\xff" + secret.encode() + b"\xfe")


@given(words, st.integers(12, 40))
def test_what_a_server_cut_off_is_hidden_too(secret: str, size: int) -> None:
    secrets = Secrets()
    secrets.add(secret)
    assert secret[:size] not in secrets.hide(f"Incorrect key {secret[:size]}")


def test_of_a_secret_that_repeats_itself_nothing_is_left() -> None:
    secrets = Secrets()
    secrets.add("abcdefghijkl-abcdefghijkl-the-rest")
    said = "abcdefghijkl-abcdefghijkl-the-rest, abcdefghijkl-abcdefghijkl-the, abcdefghijkx, abcdefghijkl"
    assert secrets.hide(said) == f"{HIDDEN}, {HIDDEN}, abcdefghijkx, {HIDDEN}"


def test_a_secret_is_hidden_in_its_other_spellings() -> None:
    secrets = Secrets()
    secrets.add('a+b/c="d\\e&f')
    assert secrets.hide(r'key=a%2Bb%2Fc%3D%22d%5Ce%26f "a+b/c=\"d\\e&f"') == f'key={HIDDEN} "{HIDDEN}"'


def test_a_word_that_is_no_secret_is_left_alone() -> None:
    secrets = Secrets()
    secrets.add("EMPTY")
    secrets.add("")
    assert secrets.hide("EMPTY is what it says") == "EMPTY is what it says"


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://me:secret@a.example:8443/v1?key=secret", "https://a.example:8443"),
        ("me:secret@a.example/v1?key=secret", "a.example"),
        ("a.example?key=secret", "a.example"),
        ("local:", "local:"),
        ("", ""),
    ],
)
def test_an_origin_holds_no_secret(url: str, seen: str) -> None:
    assert origin(url) == seen


def test_what_a_server_echoes_of_a_url_is_hidden_too(server: Server, tmp_path: Path) -> None:
    password, query = "pass-word/12345", "query secret 777"
    basic = b64encode(f"me:{password}".encode()).decode()
    url = server.url.replace("://", f"://me:{quote(password, safe='')}@") + f"?api_key={quote(query)}"
    server.answers(lambda exchange: whole(f"{exchange.received.path} {password} {basic} {query}", 404)(exchange))
    profile = Profile("test", dialect="openai-chat", place=Url(url), model="m")
    with faults.session(tmp_path, profile, record=tmp_path / "recording") as seen:
        turn.ask(seen.session, question("Hi"))
        commands.run(seen.session, "/last")
    assert server.requests[0].headers["authorization"] == f"Basic {basic}"
    assert "404 Not Found: /v1/chat/completions?api_key=(hidden) (hidden) (hidden) (hidden)" in seen.notes.getvalue()
    texts = [seen.notes.getvalue(), *(path.read_text() for path in (tmp_path / "recording").iterdir())]
    for secret in (password, quote(password, safe=""), basic, query, quote(query)):
        assert not any(secret in text for text in texts)


def test_the_key_of_a_profile_goes_out_whatever_its_url_says(server: Server, tmp_path: Path) -> None:
    url = server.url.replace("://", "://me:pass-word@")
    with faults.session(
        tmp_path, Profile("test", dialect="openai-chat", place=Url(url), key_env="THE_KEY", model="m")
    ) as seen:
        turn.ask(seen.session, question("Hi"))
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://a.example/v1", "https://a.example/v1"),
        ("https://me:secret@a.example:8443/v1", "https://a.example:8443/v1"),
        ("https://a.example/v1?api_key=secret&b=c", f"https://a.example/v1?api_key={HIDDEN}&b=c"),
        ("https://a.example?token=secret", f"https://a.example?token={HIDDEN}"),
        ("local:", "local:"),
        ("", ""),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, seen: str) -> None:
    assert shown(url) == seen


# The key in what is said


AZURE = "0123456789abcdef0123456789abcdef"
"""A key that no pattern knows."""

near = st.text(st.sampled_from("abAB+"), min_size=8, max_size=30)


@given(st.lists(near, min_size=1, max_size=2), st.data())
def test_however_a_text_is_cut_the_same_comes_of_it_as_of_the_whole(hidden: list[str], data: st.DataObject) -> None:
    secrets = Secrets()
    for secret in hidden:
        secrets.add(secret)
    parts = st.sampled_from([*hidden, *(secret[:-3] for secret in hidden), "ab", "a", " and "])
    text = "".join(data.draw(st.lists(parts | st.text(max_size=3), max_size=8)))
    hiding, left, shown = Hiding(secrets), text, ""
    while left:
        size = data.draw(st.integers(1, len(left)))
        shown += hiding.feed(left[:size])
        left = left[size:]
    shown += hiding.end()
    assert shown == secrets.hide(text)
    assert not any(secret in shown for secret in hidden)


def test_of_a_secret_that_is_spelled_otherwise_in_a_url_no_end_is_left() -> None:
    secrets = Secrets()
    secrets.add("abcdefghijkl+the-rest")
    assert secrets.hide("abcdefghijkl+the-rest, abcdefghijkl%2Bthe-rest") == f"{HIDDEN}, {HIDDEN}"


def test_a_placeholder_for_a_key_is_no_secret() -> None:
    secrets = Secrets()
    secrets.add("lm-studio")
    assert secrets.hide("How do I start LM Studio? lm-studio") == "How do I start LM Studio? lm-studio"


@pytest.mark.parametrize("script", [say, byte_by_byte])
@pytest.mark.parametrize("words", [(), ("--json",)])
def test_the_key_that_a_server_says_is_neither_shown_nor_kept(
    server: Server, home: Path, words: tuple[str, ...], script: Callable[..., Script]
) -> None:
    server.answers(script("Your key: ", AZURE[:20], AZURE[20:], ", or its beginning ", AZURE[:5]))
    done = run(*words, "Hi", home=home, OPENAI_BASE_URL=server.url, OPENAI_API_KEY=AZURE, OPENAI_MODEL="m")
    assert f"Your key: {HIDDEN}, or its beginning 01234".encode() in done.stdout
    for path, data in written(home):
        assert AZURE[:12].encode() not in data, path


def test_what_was_held_back_of_a_reply_that_is_stopped_is_there(server: Server, home: Path) -> None:
    server.answers(stay("It begins with 012"))
    with chatrepl(env=environment(home, OPENAI_BASE_URL=server.url, OPENAI_API_KEY=AZURE)) as chat:
        chat.wait_for_prompt()
        chat.line("Hi")
        chat.wait_for("It begins with")
        chat.send(CTRL_C)
        chat.wait_for("It begins with 012")
        chat.wait_for("Stopped.")


@pytest.mark.parametrize("source", ['key_env = "THE_KEY"', 'key_command = ["cat", "{key}"]', 'key_file = "{key}"'])
def test_the_key_in_a_question_is_neither_sent_nor_kept(server: Server, home: Path, source: str) -> None:
    home.mkdir()
    (home / "key").write_text(f"{AZURE}\n")
    (home / "note.txt").write_text(f"the key is {AZURE}")
    (home / "config.toml").write_text(
        f'default = "one"\n[profiles.one]\ndialect = "openai-chat"\nbase_url = "{server.url}"\nmodel = "m"\n'
        + source.format(key=home / "key")
    )
    with chatrepl(env=environment(home, THE_KEY=AZURE), columns=200) as chat:
        chat.wait_for_prompt()
        chat.line(f"My key is {AZURE}")
        chat.wait_for("The question contains an API key that is in use, so it is neither sent nor saved")
        chat.wait_for_prompt(f"My key is {AZURE}")
        chat.send(CTRL_C)
        chat.wait_for_prompt()
        for command in (f"/title {AZURE}", f"/system {AZURE}"):
            chat.line(command)
            chat.wait_for("The line contains an API key", times=1 + command.startswith("/system"))
            chat.wait_for_prompt()
        chat.line(f"/file {home}/note.txt")
        chat.wait_for("note.txt (")
        chat.line("What is in it?")
        chat.wait_for("note.txt contains an API key")
        chat.wait_for_prompt("What is in it?")
        chat.send(CTRL_C)
        chat.line("/undo")
        chat.wait_for("no longer attached")
        chat.line("Hi")
        chat.wait_for("Hello")
        chat.wait_for_prompt()
        chat.send(CTRL_D)
        chat.end()
    (home / "note.txt").unlink()
    assert len(server.requests) == 1
    assert b"+What is in it?\n" in (home / "history").read_bytes()
    for path, data in written(home):
        assert AZURE.encode() not in data, path


def test_a_system_prompt_with_the_key_in_it_is_refused_at_the_start(server: Server, home: Path) -> None:
    done = run("-s", f"Use {AZURE}", "Hi", home=home, OPENAI_BASE_URL=server.url, OPENAI_API_KEY=AZURE)
    assert (done.returncode, server.requests) == (2, [])
    assert b"The system prompt contains an API key" in done.stderr


def test_no_profile_is_asked_with_the_key_of_another(server: Server, home: Path) -> None:
    home.mkdir(exist_ok=True)
    profile = "[profiles.{0}]\ndialect = 'openai-chat'\nbase_url = '{1}'\nmodel = 'm'\n"
    one, other = profile.format("one", server.url), profile.format("other", server.url)
    none = profile.format("none", server.url)
    (home / "config.toml").write_text(f"{one}key_env = 'ONE_KEY'\n{other}key_env = 'OTHER_KEY'\n{none}")
    env = environment(home, ONE_KEY="sk-one-11111111", OTHER_KEY="sk-other-22222222")
    with chatrepl("-p", "one", env=env) as chat:
        chat.wait_for_prompt()
        for number, name in enumerate(("one", "other", "none", "one"), 1):
            chat.line(f"/profile {name}")
            chat.wait_for_prompt()
            chat.line("Hi")
            chat.wait_for("2 out", times=number)
            chat.wait_for_prompt()
    sent = [request.headers.get("authorization") for request in server.requests]
    assert sent == ["Bearer sk-one-11111111", "Bearer sk-other-22222222", None, "Bearer sk-one-11111111"]
