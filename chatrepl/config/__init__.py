"""The configuration: the file, the settings, the vendors as data, and where files are."""

from typing import TYPE_CHECKING

from chatrepl import lazy

if TYPE_CHECKING:
    from chatrepl.config import (
        facts as facts,
        filling as filling,
        folder as folder,
        open_table as open_table,
        prompts as prompts,
        settings as settings,
        successors as successors,
    )
    from chatrepl.config.config import (
        Config as Config,
        Profile as Profile,
        Timeouts as Timeouts,
        Ui as Ui,
        address as address,
        built_in as built_in,
        by_hand as by_hand,
        located as located,
        model_of as model_of,
    )
    from chatrepl.config.paths import Paths as Paths, places as places
    from chatrepl.config.place import Embedded as Embedded, Place as Place, Replay as Replay, Url as Url
else:
    __getattr__ = lazy(
        __name__,
        config="Config Profile Timeouts Ui address built_in by_hand located model_of",
        paths="Paths places",
        place="Embedded Place Replay Url",
        facts="",
        filling="",
        folder="",
        open_table="",
        prompts="",
        settings="",
        successors="",
    )
