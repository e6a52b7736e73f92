"""The child process of ``local``: serves a model over HTTP for as long as its parent lives.

It is run by its path and imports nothing of chatrepl. Its settings come as one JSON line on stdin, what came of
them goes as one JSON line to stdout, and all that native code prints goes to stderr, which the parent made a log.
"""

import json
import os
import signal
import sys
import threading
import time
from typing import Any

INDISPENSABLE = ("model.path", "api_keys")
"""Without these the server would be another one, or open to everybody; all others are set where they exist."""


def main() -> None:
    """Serve until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C belongs to the REPL
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answer:
        os.dup2(2, 1)
        settings = json.loads(sys.stdin.buffer.readline())
        parent = threading.Thread(target=_leave_with_parent, daemon=True)
        parent.start()
        server, outcome = _serve(settings)
        answer.write(json.dumps(outcome) + "\n")
    if server is not None:
        parent.join()


def _leave_with_parent() -> None:
    """End the process when stdin does, which is when the parent closes it or is gone, in whatever way.

    While a model is loaded this has to wait: xllamacpp holds the interpreter's lock until that is done.
    """
    while os.read(0, 4096):
        pass
    os._exit(0)


def _serve(settings: dict[str, Any]) -> tuple[object, dict[str, str]]:
    """A server, which lives as long as it is referred to, and its address; or None and what went wrong."""
    try:
        import xllamacpp  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name == "xllamacpp"
        return None, {"failure": "missing" if missing else "import", "reason": str(error)}
    try:
        params = xllamacpp.CommonParams()
        _apply(settings, params)
        server = xllamacpp.Server(params)
        return server, {"url": server.listening_address}
    except (RuntimeError, LookupError) as error:
        if isinstance(error, RuntimeError):  # as llama.cpp's are
            _await_log()
        return None, {"failure": "start", "reason": str(error)}


def _await_log() -> None:
    """Until the log says something: a thread of llama.cpp writes it, and what it has not written at the end is lost."""
    deadline = time.monotonic() + 1.0
    while os.fstat(2).st_size == 0 and time.monotonic() < deadline:
        time.sleep(0.01)


def _apply(settings: dict[str, Any], params: object) -> None:
    """Set what this release of xllamacpp has: its fields mirror a C structure and come and go."""
    for name, value in settings.items():
        owner, _, field = name.rpartition(".")
        target = getattr(params, owner, None) if owner else params
        if hasattr(target, field):
            now = getattr(target, field)
            setattr(target, field, type(now)([value]) if isinstance(now, list | set) else value)
        elif name in INDISPENSABLE:
            raise LookupError(f"this release of xllamacpp has no setting {name}")


if __name__ == "__main__":
    main()
