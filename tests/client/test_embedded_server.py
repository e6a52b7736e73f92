"""The embedded model: the real llama.cpp in a real child process, with a tiny model of random weights."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chatrepl.client.embedded import child as llama_child, server as local
from chatrepl.client.embedded.server import LocalServer
from chatrepl.dialects import framing
from chatrepl.errors import ChatError, ConfigError, Unreachable
from tests.support import tinymodel

ROOT = Path(__file__).parents[2]
posix_only = pytest.mark.skipif(os.name == "nt", reason="Windows has neither ps nor such signals")
real = pytest.mark.skipif(not local.is_installed(), reason="xllamacpp has no wheel for this platform")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tinymodel.write(tmp_path_factory.mktemp("model") / "tiny.gguf")


@pytest.fixture(scope="module")
def server(model: Path) -> Iterator[LocalServer]:
    running = local.start(model, log=model.with_name("llama.log"))
    yield running
    running.close()


Address = LocalServer | SimpleNamespace
"""What has a ``base_url`` and a ``key``."""


def ask(server: Address, path: str, body: object = None, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(server.base_url.split("/")[2], timeout=20)
    data = None if body is None else json.dumps(body)
    connection.request("GET" if body is None else "POST", path, data, {"Connection": "close", **headers})
    return connection.getresponse()


def with_key(server: Address, path: str, body: object = None) -> http.client.HTTPResponse:
    return ask(server, path, body, Authorization=f"Bearer {server.key}")


def stream(server: Address, tokens: int) -> Generator[framing.Frame]:
    """The frames of an answer of that many tokens, as they come."""
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    body = {"messages": messages, "stream": True, "max_tokens": tokens, "ignore_eos": True}
    with with_key(server, "/v1/chat/completions", body) as response:
        assert response.status == 200
        yield from framing.sse(iter(response.readline, b""))


def is_running(process_id: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(process_id)], capture_output=True, text=True).stdout
    return bool(state.strip()) and not state.startswith("Z")


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


# What it serves


@real
def test_its_model_is_named_after_the_file(server: LocalServer) -> None:
    with with_key(server, "/v1/models") as response:
        assert [entry["id"] for entry in json.load(response)["data"]] == ["tiny"]
    assert server.model == "tiny"


@real
def test_it_streams_a_chat_completion(server: LocalServer) -> None:
    frames = list(stream(server, 8))
    choices = [choice for frame in frames[:-1] for choice in json.loads(frame.data)["choices"]]
    assert len(choices) > 2
    assert choices[-1]["finish_reason"] == "length"
    assert frames[-1].data == "[DONE]"


@real
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer guess"}], ids=["no key", "wrong key"])
def test_without_the_key_it_refuses(server: LocalServer, headers: dict[str, str]) -> None:
    with ask(server, "/v1/chat/completions", {"messages": []}, **headers) as response:
        assert response.status == 401


@real
def test_it_lets_no_web_page_in_and_shows_none(server: LocalServer) -> None:
    with ask(server, "/v1/models", Origin="http://evil.example") as response:
        assert response.getheader("Access-Control-Allow-Origin", "") == ""
    for page in ("/", "/slots"):
        with with_key(server, page) as response:
            assert response.status in (404, 501)


@real
@posix_only
def test_nobody_else_sees_the_key(server: LocalServer, model: Path) -> None:
    seen = ["ps", "eww", "-o", "command=", "-p", str(server.process.pid)]  # with e: the environment too
    listing = subprocess.run(seen, capture_output=True, text=True, check=True).stdout
    assert "child.py" in listing
    assert "GOMP_SPINCOUNT=" in listing or sys.platform != "linux"
    assert server.key not in listing
    assert server.key not in repr(server)
    assert server.key not in model.with_name("llama.log").read_text()


@real
def test_the_log_is_new_and_private(model: Path, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "llama.log"
    log.parent.mkdir()
    log.write_text("old")
    log.chmod(0o644)
    local.start(model, log=log).close()
    assert "old" not in log.read_text()
    assert log.stat().st_mode & 0o777 == (0o666 if os.name == "nt" else 0o600)


@real
def test_files_in_the_current_folder_are_no_modules(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("json", "xllamacpp"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the current folder')")
    monkeypatch.chdir(tmp_path)
    local.start(model, log=tmp_path / "log").close()


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 1), (3, 2), (64, 4)])
def test_a_core_is_left_to_others(cores: int, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "_cores", lambda: cores)
    settings = local._settings(Path("m.gguf"), "key", 4096)
    assert settings["cpuparams.n_threads"] == settings["cpuparams_batch.n_threads"] == threads


def test_settings_that_a_release_does_not_know_are_left_out() -> None:
    params = SimpleNamespace(
        model=SimpleNamespace(path=""), api_keys=["old"], model_alias=set(), hostname="", cpuparams=SimpleNamespace()
    )
    llama_child._apply(local._settings(Path("/m.gguf"), "key", 4096), params)
    assert params.api_keys == ["key"]
    assert params.model_alias == {"m"}
    assert params.hostname == "127.0.0.1"
    assert not hasattr(params, "n_ctx")
    assert not hasattr(params.cpuparams, "n_threads")


# How it ends


@real
def test_it_ends_when_closed(model: Path, tmp_path: Path) -> None:
    server = local.start(model, log=tmp_path / "log")
    assert server.alive
    server.close()
    server.close()
    assert server.process.returncode == 0
    assert not server.alive
    with pytest.raises(ConnectionRefusedError):
        ask(server, "/v1/models")


@real
def test_it_ends_by_itself_in_the_middle_of_an_answer(model: Path, tmp_path: Path) -> None:
    server = local.start(model, log=tmp_path / "log")
    with contextlib.closing(stream(server, 400)) as frames:
        next(frames)
        server.close()
    assert server.process.returncode == 0


TELL_AND_WAIT = """
try:
    print(server.process.pid, server.base_url, server.key, flush=True)
    sys.stdin.read()
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.stdin.read()
"""


def parent(model: Path, env: dict[str, str] | None = None) -> "subprocess.Popen[str]":
    """Another process that starts a server, tells where, and waits; the first Ctrl-C then does not end it."""
    script = (
        "import signal, sys; from pathlib import Path; from chatrepl.client.embedded import server as local\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"server = local.start(Path({str(model)!r}), log=Path({str(model)!r} + '.log'))\n{TELL_AND_WAIT}"
    )
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", script]
    return subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=ROOT, env=env, start_new_session=True
    )


@real
@posix_only
def test_it_ends_when_its_parent_is_killed(model: Path) -> None:
    with parent(model) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline().split()[0])
        assert is_running(child)
        process.kill()
    until(lambda: not is_running(child))


@real
@posix_only
def test_ctrl_c_is_not_for_it(model: Path) -> None:
    with parent(model) as process:
        assert process.stdout is not None
        child, base_url, key = process.stdout.readline().split()
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        frames = list(stream(SimpleNamespace(base_url=base_url, key=key), 400))  # long enough to die of a signal
        assert frames[-1].data == "[DONE]"
        assert is_running(int(child))
        process.kill()
    until(lambda: not is_running(int(child)))


# What goes wrong


def failure(model: Path, folder: Path, patience: float = 20, env: dict[str, str] | None = None) -> ChatError:
    with pytest.raises(ChatError) as caught:
        local.start(model, log=folder / "log", patience=patience, env=env)
    assert str(caught.value).isprintable()
    assert caught.value.hint
    return caught.value


@real
@pytest.mark.parametrize("size", [0, 100, 100_000])
def test_a_truncated_model_is_called_so(model: Path, tmp_path: Path, size: int) -> None:
    short = tmp_path / "short.gguf"
    short.write_bytes(model.read_bytes()[:size])
    error = failure(short, tmp_path)
    assert isinstance(error, ConfigError)
    assert str(error).startswith(f"{short} cannot be loaded: ")
    for phrase in ("Failed to init server", "exiting", "failed to load model"):  # which is true of every failure
        assert phrase not in str(error)


@real
def test_another_file_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "letter.gguf"
    path.write_text("Dear \x1b[31mSir")
    assert "invalid magic characters" in str(failure(path, tmp_path))


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    assert str(failure(tmp_path / "none.gguf", tmp_path)) == f"There is no model file {tmp_path / 'none.gguf'}"


def test_a_log_that_cannot_be_written_is_named(model: Path, tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    with pytest.raises(ConfigError, match="log cannot be written: "):
        local.start(model, log=tmp_path / "log")


HANG = "import threading; threading.Event().wait()"
PARAMS = "class CommonParams: model = type('Model', (), {'path': ''})(); api_keys = []"
NO_KEYS = "class CommonParams: model = type('Model', (), {'path': ''})()"


def stand_in(folder: Path, code: str) -> dict[str, str]:
    """An environment in which xllamacpp is that code; it leaves the child's process id beside itself."""
    leave_id = "import os, pathlib; pathlib.Path(__file__).with_suffix('.pid').write_text(str(os.getpid()))"
    (folder / "xllamacpp.py").write_text(f"{leave_id}\n{code}\n")
    return {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.mark.parametrize(
    ("code", "kind", "line"),
    [
        (
            "raise ModuleNotFoundError('No module', name='xllamacpp')",
            ConfigError,
            "The embedded model needs xllamacpp, which is not installed",
        ),
        (
            "raise ImportError('libgomp.so.1: cannot open shared object file')",
            ConfigError,
            "The embedded model needs libgomp, which this system lacks",
        ),
        ("raise ImportError('bad\\nELF')", ConfigError, "xllamacpp cannot be loaded: bad ELF"),
        (NO_KEYS, ConfigError, "this release of xllamacpp has no setting api_keys"),
        (
            f"{PARAMS}\nos.write(1, b'noise')\ndef Server(_): raise RuntimeError('no')",
            ConfigError,
            "cannot be loaded: no",
        ),
        ("import sys; raise ImportError(f'{sys.path[0] == os.path.dirname(__file__)}')", ConfigError, "loaded: True"),
        ("os._exit(3)", Unreachable, "ended while it started (status 3)"),
        ("raise ValueError('odd')", Unreachable, "ended while it started (status 1): ValueError: odd"),
        pytest.param("os.kill(os.getpid(), 9)", Unreachable, "ended while it started (SIGKILL)", marks=posix_only),
        pytest.param("import signal; os.kill(os.getpid(), signal.SIGILL)", ConfigError, "AVX2", marks=posix_only),
    ],
)
def test_each_failure_is_told_apart(model: Path, tmp_path: Path, code: str, kind: type[ChatError], line: str) -> None:
    error = failure(model, tmp_path, env=stand_in(tmp_path, code))
    assert type(error) is kind
    assert line in str(error)


@posix_only
def test_a_child_that_is_never_ready_is_given_up_and_ended(model: Path, tmp_path: Path) -> None:
    error = failure(model, tmp_path, patience=0.5, env=stand_in(tmp_path, HANG))
    assert str(error) == "The embedded model was not ready after 0.5 seconds"
    pid = tmp_path / "xllamacpp.pid"
    assert not (pid.exists() and is_running(int(pid.read_text())))


@posix_only
def test_ctrl_c_while_it_starts_ends_it(model: Path, tmp_path: Path) -> None:
    pid = tmp_path / "xllamacpp.pid"
    with parent(model, stand_in(tmp_path, HANG)) as process:
        until(lambda: pid.exists() and pid.read_text())
        os.killpg(process.pid, signal.SIGINT)
        _, complaint = process.communicate()
    assert complaint.rstrip().endswith("KeyboardInterrupt")
    assert not is_running(int(pid.read_text()))
