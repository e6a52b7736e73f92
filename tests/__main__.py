"""``python -m tests [arguments of pytest]``: all that has to pass, the quick first."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

CHECKS = (
    ["ruff", "check", "."],
    ["ruff", "format", "--check", "."],
    ["mypy", "--platform=linux"],
    ["mypy", "--platform=win32", "--cache-dir=.mypy_cache/win32", "chatrepl"],
)


def main() -> int:
    """0 where all passes. Tests are run only where the checks pass; their status is that of pytest, else it is 1."""
    with ThreadPoolExecutor() as beside:
        passed = list(map(told, CHECKS, beside.map(checked, CHECKS)))
    if not all(passed):
        return 1
    command = ["pytest", *sys.argv[1:]]
    print("$", *command, flush=True)
    return subprocess.run([sys.executable, "-m", *command], check=False).returncode


def checked(command: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)


def told(command: list[str], done: "subprocess.CompletedProcess[str]") -> bool:
    """Print what a check said; whether it passed."""
    print("$", *command)
    print(done.stdout + done.stderr, end="", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
