"""A profile and a conversation into the events of a server that answers: over the network, or from a recording."""

from typing import TYPE_CHECKING

from chatrepl import lazy

if TYPE_CHECKING:
    from chatrepl.client.client import Client as Client, first_model as first_model
    from chatrepl.client.connection import Connection as Connection
    from chatrepl.client.exchange import Exchange as Exchange
else:
    __getattr__ = lazy(__name__, client="Client first_model", connection="Connection", exchange="Exchange")
