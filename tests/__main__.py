"""``python -m tests [arguments of pytest]``: all that has to pass, the quick first."""

import subprocess
import sys

STEPS = (
    ["ruff", "check", "."],
    ["ruff", "format", "--check", "."],
    ["mypy", "--platform=linux"],
    ["mypy", "--platform=win32", "--cache-dir=.mypy_cache/win32", "chatrepl"],
)


def main() -> int:
    """The status of the first step that fails, 0 where none does."""
    for step in (*STEPS, ["pytest", *sys.argv[1:]]):
        print("$", *step, flush=True)
        if status := subprocess.run([sys.executable, "-m", *step], check=False).returncode:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
