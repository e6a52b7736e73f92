"""``python -m chatrepl``, and what the console script calls."""

import sys


def main() -> int:
    """The whole program; returns its exit status."""
    if sys.argv[1:] == ["--version"]:  # the one answer that needs nothing of the rest
        from chatrepl import __version__

        try:
            print(f"chatrepl {__version__}", flush=True)
            return 0
        except OSError:
            pass  # who can tell that is loaded now
    try:
        import gc

        gc.disable()  # until the prompt stands; ``preload`` turns it on again
        from chatrepl.cli.main import main as run

        return run(sys.argv[1:])
    except KeyboardInterrupt:  # while it was loading
        return 130


if __name__ == "__main__":
    sys.exit(main())
