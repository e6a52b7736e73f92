"""A profile and a conversation into the events of a server that answers: over the network, or from a recording."""

from typing import TYPE_CHECKING

from chatrepl import lazy

if TYPE_CHECKING:
    from chatrepl.client import models_table as models_table
    from chatrepl.client.attempts import Attempts as Attempts, spoken as spoken
    from chatrepl.client.choosing import choose as choose, recorded_profile as recorded_profile
    from chatrepl.client.client import Client as Client, first_model as first_model
    from chatrepl.client.connection import LOOK as LOOK, Connection as Connection
    from chatrepl.client.counting import counted as counted
    from chatrepl.client.exchange import Exchange as Exchange
    from chatrepl.client.offers import look as look
    from chatrepl.client.replaying import recorded as recorded, recorded_request as recorded_request
else:
    __getattr__ = lazy(
        __name__,
        attempts="Attempts spoken",
        choosing="choose recorded_profile",
        client="Client first_model",
        connection="LOOK Connection",
        counting="counted",
        exchange="Exchange",
        models_table="",
        offers="look",
        replaying="recorded recorded_request",
    )
