"""The exit statuses of the program."""

from chatrepl.errors import ChatError, RequestError

FINE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
"""Fine; the request or the stream failed; wrong usage or configuration; interrupted."""


def status(error: ChatError) -> int:
    """The status of a program that this failure ended."""
    return FAILED if isinstance(error, RequestError) else USAGE
