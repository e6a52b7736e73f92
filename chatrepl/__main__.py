"""``python -m chatrepl``, and what the console script calls."""

import sys


def main() -> int:
    """The whole program; returns its exit status."""
    if sys.argv[1:] == ["--version"]:  # the one answer that needs nothing of the rest
        from chatrepl import __version__

        print(f"chatrepl {__version__}")
        return 0
    try:
        import gc

        gc.disable()  # until the prompt stands; ``warming`` turns it on again
        from chatrepl import cli

        return cli.main(sys.argv[1:])
    except KeyboardInterrupt:  # while it was loading
        return 130


if __name__ == "__main__":
    sys.exit(main())
