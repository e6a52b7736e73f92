"""HTTP: a request into events, over the network, a recording of it, or what a recording holds."""

from chatrepl.client.client import Client, first_model
from chatrepl.client.exchange import Exchange

__all__ = ["Client", "Exchange", "first_model"]
