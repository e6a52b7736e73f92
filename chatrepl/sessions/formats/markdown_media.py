"""Images and files of a conversation in Markdown: in a folder beside the text, or where there is none at its end."""

import base64
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, unquote

from chatrepl.conversation import ImagePart, MediaPart
from chatrepl.files import attachments, reading
from chatrepl.sessions.beside import decoded
from chatrepl.sessions.formats.markdown_grammar import DATA_URL

FOLDER = ".media"
"""How the name of the folder ends."""

MOST = 500_000_000
"""The most bytes that are read out of it."""

_LINK = re.compile(r"\]\(([^()/\s]+\.media)/([0-9]{1,6}\.[a-z0-9]{1,5})\)")


class Kept:
    """Takes in the images and files of a text. With the name of a ``folder`` they are ``files`` of it, each once, by
    their names; without one ``definitions`` for the end of the text, where their length disturbs nobody."""

    def __init__(self, folder: str = "") -> None:
        self._folder = quote(folder)
        self.definitions: list[str] = []
        self.files: dict[str, bytes] = {}

    def place(self, part: ImagePart | MediaPart) -> str | None:
        """What points to it; None where its data is none, and stays in its heading."""
        url = f"data:{part.mime};base64,{part.data}"
        if not DATA_URL.fullmatch(url):
            return None
        what = "![image]" if isinstance(part, ImagePart) else "[file]"
        data = decoded(part.data) if self._folder else None
        if data is not None:
            return f"{what}({self._folder}/{self._named(data)})"
        self.definitions.append(f"[image-{len(self.definitions) + 1}]: {url}")
        return f"{what}[image-{len(self.definitions)}]"

    def _named(self, data: bytes) -> str:
        known = next((name for name, other in self.files.items() if other == data), "")
        name = known or f"{len(self.files) + 1}{attachments.ending(attachments.kind(data))}"
        self.files[name] = data
        return name


class Found:
    """Gives back what a text in this ``folder`` points to, or defines at its end."""

    def __init__(self, folder: Path, definitions: Mapping[str, tuple[str, str]]) -> None:
        self._folder = folder
        self._definitions = definitions
        self._room = MOST

    def fields(self, lines: str) -> dict[str, str]:
        """The fields of what these lines point to; ValueError tells what is wrong."""
        if link := _LINK.search(lines):
            return {"data": base64.b64encode(self._read(unquote(link[1]), link[2])).decode("ascii")}
        if not (found := re.search(r"\[(image-[0-9]+)\]", lines)):
            return {}
        if found[1] not in self._definitions:
            raise ValueError(f"the data of {found[1]} is missing at the end of the file")
        return dict(zip(("mime", "data"), self._definitions[found[1]], strict=True))

    def _read(self, folder: str, name: str) -> bytes:
        """A file of a folder that was written with such a text: no other place is read, and no link followed."""
        path = self._folder / Path(folder).name
        try:
            if path.is_symlink() or path.name != folder:
                raise reading.Unfit("it is in no folder beside this file")
            data = reading.bounded(path / name, min(self._room, attachments.LIMIT), links=False)
        except OSError as error:
            raise ValueError(f"{folder}/{name} cannot be read: {error.strerror}") from None
        self._room -= len(data)
        if attachments.ending(attachments.kind(data)) != Path(name).suffix:
            raise ValueError(f"{folder}/{name} is not what its name says")
        return data
