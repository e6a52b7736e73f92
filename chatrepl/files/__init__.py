"""Files on this disk: attachments, writing that cannot lose a file, locks, and the completion of names."""

from typing import TYPE_CHECKING

from chatrepl import lazy

if TYPE_CHECKING:
    from chatrepl.files import (
        attachments as attachments,
        completion as completion,
        mentions as mentions,
        sources as sources,
    )
    from chatrepl.files.writing import (
        path_of as path_of,
        private_folder as private_folder,
        short as short,
        split as split,
        write as write,
    )
else:
    __getattr__ = lazy(
        __name__,
        attachments="",
        completion="",
        mentions="",
        sources="",
        writing="path_of private_folder short split write",
    )
