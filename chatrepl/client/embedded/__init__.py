"""The embedded model: its weights, the child process that serves it, and both from nothing to a running server."""

from typing import TYPE_CHECKING

from chatrepl import lazy

if TYPE_CHECKING:
    from chatrepl.client.embedded.embedded import Embedded as Embedded
    from chatrepl.client.embedded.server import is_installed as is_installed, not_installed as not_installed
    from chatrepl.client.embedded.weights import has_weights as has_weights
else:
    __getattr__ = lazy(__name__, embedded="Embedded", server="is_installed not_installed", weights="has_weights")
