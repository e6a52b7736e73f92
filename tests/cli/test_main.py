"""One-shot, pipes, exit statuses and who is talked to: the program as scripts use it."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chatrepl.cli import flags, options
from chatrepl.errors import CommandError
from tests.support.program import run
from tests.support.server import PATIENCE, Server, cut, say, serving, stay, whole
from tests.support.terminal import environment


def test_a_prompt_is_answered_on_stdout_and_nothing_else_stands_there(server: Server, home: Path) -> None:
    server.answers(say("Hel", "lo ✓"))
    done = run("--base-url", server.url, "-m", "m", "Hi", "there", home=home)
    assert (done.returncode, done.stdout, done.stderr) == (0, "Hello ✓\n".encode(), b"")
    assert server.requests[0].body["messages"] == [{"role": "user", "content": "Hi there"}]


def test_piped_text_goes_along_with_the_prompt(server: Server, home: Path) -> None:
    run("--base-url", server.url, "-m", "m", "Review this", home=home, typed="+ a line\n")
    run("--base-url", server.url, "-m", "m", home=home, typed="Hi\n")
    assert [each.body["messages"][0]["content"] for each in server.requests] == ["Review this\n\n+ a line", "Hi"]


def test_json_is_one_object_in_which_the_unknown_is_null(server: Server, home: Path) -> None:
    server.answers(whole({"model": "m2", "choices": [{"message": {"content": "Hi", "reasoning_content": "Hm"}}]}))
    done = run("--base-url", server.url, "-m", "m", "--json", "--no-stream", "Hi", home=home)
    found = json.loads(done.stdout)
    assert found.pop("session").endswith(".jsonl")
    assert found == {
        "text": "Hi",
        "thinking": "Hm",
        "model": "m2",
        "profile": "by-hand",
        "dialect": "openai-chat",
        "finish_reason": "stop",
        "raw_finish_reason": "stop",
        "usage": {"input": None, "cached": None, "output": None, "reasoning": None, "total": None},
        "error": None,
        "tools": [],
        "media": [],
        "sources": [],
    }
    assert "stream" not in server.requests[0].body


def test_json_names_who_answered_where_that_was_a_fallback(server: Server, home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text(
        'default = "first"\n[profiles.first]\ndialect = "ollama"\nbase_url = "http://127.0.0.1:9"\nmodel = "m"\n'
        'retries = 0\nfallback = ["second"]\n'
        f'[profiles.second]\ndialect = "openai-chat"\nbase_url = "{server.url}"\nmodel = "m"\n'
    )
    found = json.loads(run("--json", "Hi", home=home).stdout)
    assert (found["text"], found["profile"], found["dialect"]) == ("Hello", "second", "openai-chat")


@pytest.mark.parametrize(
    ("mark", "told"),
    [
        ('{"mark": "profile", "text": "old"}', "used the profile old, which is not there"),
        ("", "names no profile"),
        (
            '{"mark": "profile", "text": "new"}\n{"mark": "base_url", "text": "http://192.0.2.1/v1"}',
            "names another address than the profile new, whose key does not go there",
        ),
    ],
)
def test_a_session_whose_profile_is_unknown_goes_on_with_another_and_says_why(
    server: Server, home: Path, mark: str, told: str
) -> None:
    (home / "sessions").mkdir(parents=True)
    (home / "config.toml").write_text(
        f'default = "new"\n[profiles.new]\ndialect = "openai-chat"\nbase_url = "{server.url}"\nmodel = "m"\n'
        'key_env = "NEW_KEY"\n'
    )
    name = "20260101-000000-abcd"
    lines = f'{{"chatrepl": 2, "id": "{name}"}}\n{mark}\n{{"mark": "model", "text": "m"}}\n'
    asked = '{"message": {"role": "user", "parts": [{"kind": "text", "text": "Hi"}]}}\n'
    (home / "sessions" / f"{name}.jsonl").write_text(lines.replace("\n\n", "\n") + asked)
    done = run("-r", "abcd", "Hi", home=home, NEW_KEY="sk-new")
    assert f"The session {told}; it goes on with new." in " ".join(done.stderr.decode().split())


@pytest.mark.parametrize(("words", "status"), [((), 1), (("-p", "groq"), 2)], ids=["refused", "no key"])
def test_json_is_an_object_also_where_no_word_came(
    server: Server, home: Path, words: tuple[str, ...], status: int
) -> None:
    server.answers(whole({"error": {"message": "no"}}, 401))
    done = run("--base-url", server.url, "-m", "m", *words, "--json", "Hi", home=home)
    found = json.loads(done.stdout)
    assert done.returncode == status
    assert (found["text"], found["model"], found["dialect"]) == ("", "m", "openai-chat")
    assert (found["finish_reason"], found["usage"]["total"]) == ("failed", None)
    assert done.stderr.decode().startswith(f"✗ {found['error']}\n")


def test_a_reply_of_which_the_server_reports_an_error_is_status_1(server: Server, home: Path) -> None:
    server.answers(whole({"choices": [{"message": {"content": "Hi"}, "finish_reason": "error"}]}))
    done = run("--base-url", server.url, "-m", "m", "--no-stream", "Hi", home=home)
    assert (done.returncode, done.stdout) == (1, b"Hi\n")
    assert b"reports that the reply failed" in done.stderr
    server.answers(whole({"choices": [{"message": {"content": "Hi"}, "finish_reason": "error"}]}))
    done = run("--base-url", server.url, "-m", "m", "--no-stream", "--json", "Hi", home=home)
    assert json.loads(done.stdout)["error"] == "The server reports that the reply failed"


def test_options_are_read_as_toml_else_as_text(server: Server, home: Path) -> None:
    flags = ["-o", "temperature=0.2", "-o", 'stop=["a"]', "-o", "user=me", "-s", "Be brief."]
    run("--base-url", server.url, "-m", "m", *flags, "Hi", home=home)
    body = server.requests[0].body
    assert (body["temperature"], body["stop"], body["user"]) == (0.2, ["a"], "me")
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}


def test_a_failure_is_status_1_and_a_line_on_stderr(server: Server, home: Path) -> None:
    server.answers(whole({"error": {"message": "no"}}, 401))
    done = run("--base-url", server.url, "-m", "m", "Hi", home=home)
    assert (done.returncode, done.stdout) == (1, b"")
    assert "401 Unauthorized: no" in done.stderr.decode()


def test_a_reply_that_broke_off_is_printed_and_status_1(server: Server, home: Path) -> None:
    server.answers(cut("one ", "two"))
    done = run("--base-url", server.url, "-m", "m", "Hi", home=home)
    assert (done.returncode, done.stdout) == (1, b"one two\n")
    assert b"incomplete" in done.stderr


def test_no_command_is_named_where_none_can_be_typed(server: Server, home: Path) -> None:
    server.answers(whole({"choices": [{"message": {"content": "Hi"}, "finish_reason": "length"}]}), cut("one ", "two"))
    limit = run("--base-url", server.url, "-m", "m", "--no-stream", "Hi", home=home)
    assert limit.stderr == b"The reply was cut at the token limit.\n"
    broken = run("--base-url", server.url, "-m", "m", "Hi", home=home)
    assert broken.stderr.endswith(b"The reply is incomplete. What came is kept.\n")


def test_a_home_that_cannot_be_written_is_told_once_and_names_no_command(server: Server) -> None:
    done = run("--base-url", server.url, "-m", "m", "Hi", home=Path("/proc/nowhere"))
    assert (done.returncode, done.stdout) == (0, b"Hello\n")
    told, hint = done.stderr.decode().splitlines()
    assert told.startswith("✗ The session cannot be written to /proc/nowhere/sessions/")
    assert hint == "  The conversation goes on in memory and is written once that is possible."


@pytest.mark.parametrize(
    ("flag", "env"),
    [
        (["-p", "openai", "--list-models"], {}),
        (["-p", "ollama", "--list-models"], {"OLLAMA_HOST": "127.0.0.1:9"}),
        (["-p", "openai-completions", "--base-url", "http://127.0.0.1:9", "--list-models"], {}),
        (["-p", "openai", "--doctor"], {}),
        (["-p", "ollama", "--doctor"], {"OLLAMA_HOST": "127.0.0.1:9"}),
        (
            ["-p", "azure-inference", "Hi"],
            {"AZURE_INFERENCE_ENDPOINT": "http://127.0.0.1:9", "AZURE_INFERENCE_CREDENTIAL": "k"},
        ),
    ],
)
def test_nothing_that_needs_a_prompt_is_advised_where_there_is_none(
    flag: list[str], env: dict[str, str], home: Path
) -> None:
    done = run(*flag, home=home, **env)
    told = (done.stdout + done.stderr).decode()
    assert "✗" in told
    assert not re.search(r"(?<!\S)/[a-z]+(?![/\w.])", told), told


def test_an_interruption_is_status_130_and_what_came_is_kept(server: Server, home: Path) -> None:
    server.answers(stay("one two"))
    process = subprocess.Popen(
        [sys.executable, "-m", "chatrepl", "--base-url", server.url, "-m", "m", "Hi"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(home),
    )
    assert process.stdout
    assert process.stdout.read(3) == b"one"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    (path,) = (home / "sessions").glob("*.jsonl")
    assert '"ending":"interrupted"' in path.read_text()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["-p", "opnai", "Hi"], "did you mean 'openai'"),
        (
            ["--dialect", "openai-caht", "--base-url", "http://127.0.0.1:9/v1", "-m", "m", "Hi"],
            "did you mean 'openai-chat'",
        ),
        (["-o", "temperature", "-p", "local", "Hi"], "KEY=VALUE"),
        (["-o", "temperature=hot", "-p", "local", "Hi"], "-o options.temperature=VALUE sends any other value"),
        (["--allow", "wether.now", "-p", "local", "Hi"], "There is no tool or server 'wether'"),
        (["-p", "openai", "Hi"], "OPENAI_API_KEY is not set"),
        (["-s", "@nowhere.txt", "-p", "openai", "Hi"], "nowhere.txt cannot be read"),
        (["--config", "nowhere.toml", "Hi"], "nowhere.toml cannot be read"),
        (["--json", "-p", "openai"], "--json answers one PROMPT"),
        (["-p", "openai"], "nothing to ask"),
        (["--base-url", "nonsense", "-m", "m", "Hi"], "base URL"),
    ],
)
def test_wrong_usage_is_status_2_and_a_line(home: Path, words: list[str], complaint: str) -> None:
    done = run(*words, home=home)
    assert (done.returncode, done.stdout) == (2, b"")
    assert complaint in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_a_flag_that_is_wrong_is_a_line_and_a_hint(home: Path) -> None:
    done = run("--modle=secret", "Hi", home=home)
    assert (done.returncode, done.stdout) == (2, b"")
    line = "There is no flag --modle: did you mean '--model'?"
    assert done.stderr.decode() == f"✗ {line}\n  chatrepl --help lists the flags.\n"


LISTS = "chatrepl --help lists the flags."


@pytest.mark.parametrize(
    ("words", "line", "hint"),
    [
        ("--modle x", "There is no flag --modle: did you mean '--model'?", LISTS),
        ("-x", "There is no flag -x", LISTS),
        ("Hi -m", "--model needs MODEL", "--model MODEL: the model; for the profile local, the path of a GGUF file"),
        ("-p -m x", "--profile needs NAME", "--profile NAME: the profile: one of the config, or a built-in one"),
        (
            "--export x",
            "--export needs ID and FILE",
            "--export ID FILE: write a session as .md .json .jsonl .html .txt",
        ),
        ("--json=secret Hi", "--json takes nothing behind it", "--json: one-shot: print one JSON object"),
        ("--list", "--list may mean --list-models, --list-sessions or --list-profiles", LISTS),
        (
            "--completion tcsh",
            "--completion takes bash, zsh or fish, not 'tcsh'",
            "--completion SHELL: print completion for bash, zsh or fish",
        ),
    ],
)
def test_what_is_wrong_with_a_flag_is_said_in_plain_words(words: str, line: str, hint: str) -> None:
    with pytest.raises(CommandError) as wrong:
        flags.read(words.split())
    assert (str(wrong.value), wrong.value.hint.text) == (line, hint)


def test_broken_toml_is_status_2_with_file_and_line(home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text("[ui]\nmarkdwn = true\n")
    done = run("Hi", home=home)
    assert done.returncode == 2
    assert "line 2: ui.markdwn is no known key: did you mean 'markdown'?" in done.stderr.decode()


def test_a_closed_pipe_ends_quietly(server: Server, home: Path) -> None:
    server.answers(say(*["a line of text\n"] * 20_000))
    process = subprocess.Popen(
        [sys.executable, "-m", "chatrepl", "--base-url", server.url, "-m", "m", "Hi"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(home),
    )
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline() == b"a line of text\n"
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(PATIENCE) == 0
    process.stderr.close()


def test_the_base_url_of_the_environment_is_honoured(server: Server, home: Path) -> None:
    done = run("Hi", home=home, OPENAI_BASE_URL=server.url, OPENAI_API_KEY="sk-test")
    assert done.stdout == b"Hello\n"
    assert server.requests[0].headers["authorization"] == "Bearer sk-test"


def test_the_default_of_the_configuration_comes_before_the_environment(server: Server, home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text(
        f'default = "work"\n[profiles.work]\ndialect = "openai-chat"\nbase_url = "{server.url}"\n'
    )
    assert run("Hi", home=home, OPENAI_API_KEY="sk-test").stdout == b"Hello\n"
    assert server.requests[0].body["model"] == "test-model", "the first model that the server offers"
    assert "authorization" not in server.requests[0].headers


def test_an_address_by_hand_comes_before_the_environment(server: Server, home: Path) -> None:
    with serving() as other:
        run("--base-url", server.url, "-m", "m", "Hi", home=home, OPENAI_BASE_URL=other.url, OPENAI_API_KEY="sk-test")
        assert not other.requests
    assert "authorization" not in server.requests[0].headers, "a key is for its own host"


def test_an_address_by_hand_does_not_get_the_key_of_the_default(server: Server, home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text(
        'default = "work"\n[profiles.work]\ndialect = "openai-chat"\nbase_url = "https://work.example/v1"\n'
        'model = "m"\nkey_env = "WORK_KEY"\nheaders = { x-api-key = "a-secret", x-team = "blue" }\n'
    )
    for named in ([], ["-p", "work"]):
        run(*named, "--base-url", server.url, "Hi", home=home, WORK_KEY="sk-work")
    stray, meant = (request.headers for request in server.requests)
    assert (stray.get("authorization"), stray.get("x-api-key"), stray.get("x-team")) == (None, None, "blue")
    assert (meant.get("authorization"), meant.get("x-api-key")) == ("Bearer sk-work", "a-secret")
    assert run("-c", "Hi", home=home).returncode == 2, "the session with the key does not say where it goes"


def test_an_address_by_hand_at_the_same_server_gets_its_key(server: Server, home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text(
        'default = "work"\n[profiles.work]\ndialect = "openai-chat"\nmodel = "m"\nkey_env = "WORK_KEY"\n'
        f'base_url = "{server.url}"\n'
    )
    run("--base-url", f"{server.url}/v2", "Hi", home=home, WORK_KEY="sk-work")
    assert server.requests[0].headers["authorization"] == "Bearer sk-work"


@pytest.mark.parametrize("words", [["Hi"], ["--doctor"]])
def test_an_address_that_is_none_is_no_bug(home: Path, words: list[str]) -> None:
    home.mkdir()
    (home / "config.toml").write_text('[profiles.ollama]\nbase_url = "http://[::1"\n')
    done = run(*words, home=home)
    assert b"Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize("words", [["Hi"], ["--json", "Hi"]])
def test_a_forgotten_scheme_is_told_before_a_session_is_made(home: Path, words: list[str]) -> None:
    done = run("--base-url", "me:hidden@127.0.0.1:9/v1?key=hidden2", "-m", "m", *words, home=home)
    told = done.stderr.decode()
    assert (done.returncode, done.stdout) == (2, b"")
    assert "The base URL 127.0.0.1:9/v1?key=(hidden) does not begin with http:// or https://" in told
    assert "http://127.0.0.1:9/v1" in told
    assert "hidden2" not in told
    assert "me:" not in told
    assert not (home / "sessions").exists()


def test_the_key_never_stands_in_what_is_printed_or_kept(server: Server, home: Path) -> None:
    key = "sk-recognisable-0123456789"
    server.answers(whole({"error": {"message": f"Incorrect API key provided: {key}"}}, 401))
    done = run("Hi", home=home, OPENAI_BASE_URL=server.url, OPENAI_API_KEY=key)
    assert b"Incorrect API key provided: (hidden)" in done.stderr
    for path in home.rglob("*"):
        assert not path.is_file() or key not in path.read_text()


def test_models_and_profiles_are_listed(server: Server, home: Path) -> None:
    assert run("--base-url", server.url, "--list-models", home=home).stdout == b"test-model\nother-model\n"
    listed = run("--list-profiles", home=home, GROQ_API_KEY="x").stdout.decode()
    assert "GROQ_API_KEY is set" in listed
    assert "OPENAI_API_KEY is not set" in listed


def test_ephemeral_writes_no_session(server: Server, home: Path) -> None:
    run("--base-url", server.url, "-m", "m", "--ephemeral", "Hi", home=home)
    assert not (home / "sessions").exists()


@pytest.mark.skipif(os.name != "posix", reason="there are no file modes")
def test_files_are_for_the_user_alone(server: Server, home: Path) -> None:
    run("--base-url", server.url, "-m", "m", "Hi", home=home)
    (path,) = (home / "sessions").glob("*.jsonl")
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_version_is_one_line(home: Path) -> None:
    assert run("--version", home=home).stdout.startswith(b"chatrepl ")
    assert run("--plain", "--version", home=home).stdout.startswith(b"chatrepl ")


# A dialect alone


KEYS = {"OPENAI_API_KEY": "sk-openai", "ANTHROPIC_API_KEY": "sk-claude"}


def profile(name: str, dialect: str, server: Server, key_env: str = "") -> str:
    key = f'key_env = "{key_env}"\n' if key_env else ""
    return f'[profiles.{name}]\ndialect = "{dialect}"\nbase_url = "{server.url}"\nmodel = "m-{name}"\n{key}'


@pytest.mark.parametrize("default", ["", 'default = "openai"\n'])
def test_a_dialect_alone_chooses_among_those_who_speak_it(server: Server, home: Path, default: str) -> None:
    home.mkdir()
    (home / "config.toml").write_text(default + profile("openai", "openai-chat", server, "OPENAI_API_KEY"))
    run("--dialect", "anthropic", "Hi", home=home, ANTHROPIC_BASE_URL=server.url, **KEYS)
    asked = server.requests[0]
    assert (asked.path, asked.headers["x-api-key"]) == ("/v1/messages", "sk-claude")
    assert asked.body["model"].startswith("claude")
    assert "sk-openai" not in str(asked.headers)


def test_the_default_is_chosen_by_its_dialect_and_a_profile_that_is_named_speaks_any(
    server: Server, home: Path
) -> None:
    home.mkdir()
    (home / "config.toml").write_text('default = "work"\n' + profile("work", "openai-chat", server, "WORK_KEY"))
    run("--dialect", "openai-chat", "Hi", home=home, WORK_KEY="sk-work", **KEYS)
    run("-p", "work", "--dialect", "openai-responses", "Hi", home=home, WORK_KEY="sk-work", **KEYS)
    run("--base-url", server.url, "--dialect", "openai-responses", "Hi", home=home, WORK_KEY="sk-work", **KEYS)
    assert [(each.path, each.headers.get("authorization")) for each in server.requests] == [
        ("/v1/chat/completions", "Bearer sk-work"),
        ("/v1/responses", "Bearer sk-work"),
        ("/v1/responses", None),
    ]


def test_a_server_on_this_machine_is_found_by_its_dialect(server: Server, home: Path) -> None:
    server.listing = {"models": [{"name": "llama3:latest"}]}
    address = server.url.removeprefix("http://127.0.0.1").removesuffix("/v1")
    done = run("--dialect", "ollama", "Hi", home=home, OLLAMA_HOST=f"0.0.0.0{address}", **KEYS)
    assert (server.requests[0].path, server.requests[0].body["model"]) == ("/api/chat", "llama3:latest"), done.stderr


@pytest.mark.parametrize(
    ("dialect", "complaint"),
    [
        ("anthropic", "No profile that speaks anthropic can be used: anthropic (ANTHROPIC_API_KEY is not set)"),
        ("ollama", "ollama (does not answer)"),
        ("anthropc", "did you mean 'anthropic'?"),
    ],
)
def test_a_dialect_that_nobody_at_hand_speaks_is_a_line(home: Path, dialect: str, complaint: str) -> None:
    done = run("--dialect", dialect, "Hi", home=home, OPENAI_API_KEY="sk-openai", OLLAMA_HOST="127.0.0.1:9")
    assert (done.returncode, done.stdout) == (2, b"")
    assert complaint in done.stderr.decode()


def test_a_key_that_was_not_sent_by_hand_is_told_how_to_send(server: Server, home: Path) -> None:
    server.answers(whole({"error": {"message": "no key"}}, 401))
    done = run("--base-url", server.url, "-m", "m", "Hi", home=home)
    assert "-p NAME --base-url URL" in done.stderr.decode()
    assert b"by-hand' names no key" not in done.stderr


def test_raw_is_an_option_of_the_request_and_the_pace_one_of_a_replay(home: Path) -> None:
    assert flags.read(["--raw", "-o", "seed=1"]).option == ("raw=true", "seed=1")
    assert flags.read(["-o", "seed=1"]).option == ("seed=1",)
    done = run("--paced", "Hi", home=home)
    assert done.returncode == 2
    assert b"--paced goes with --replay" in done.stderr


def test_the_short_way_to_read_flags_reads_what_argparse_reads() -> None:
    texts = ["x", "", "-c"]
    several = [
        *([flag, text] for flag in options._TEXTS for text in texts),
        *([flag] for flag in [*options._SWITCHES, *options._TEXTS, "--json", "-cp", "--prof", "--profile=x", "Hi"]),
    ]
    read = [[*one, *other] for one, other in itertools.product([[], *several], repeat=2)]
    found = [(words, each) for words in read if (each := options.plain_flags(words))]
    assert len(found) > len(several)
    assert not [words for words, each in found if each != flags.read(words)]
    assert options.plain_flags(["Hi"]) is options.plain_flags(["-p"]) is options.plain_flags(["--help"]) is None
