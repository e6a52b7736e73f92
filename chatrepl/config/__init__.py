"""The configuration: the file, the settings, the vendors as data, and where files are."""

from typing import TYPE_CHECKING

from chatrepl import lazy

if TYPE_CHECKING:
    from chatrepl.config.config import (
        BY_HAND as BY_HAND,
        LOCAL as LOCAL,
        REPLAYED as REPLAYED,
        Config as Config,
        Profile as Profile,
        Recordings as Recordings,
        Timeouts as Timeouts,
        Ui as Ui,
        address as address,
        built_in as built_in,
        located as located,
        model_of as model_of,
    )
    from chatrepl.config.paths import Paths as Paths, places as places
else:
    __getattr__ = lazy(
        __name__,
        config="BY_HAND LOCAL REPLAYED Config Profile Recordings Timeouts Ui address built_in located model_of",
        paths="Paths places",
    )
