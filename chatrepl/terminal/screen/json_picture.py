"""The picture of a reply that is JSON: a block of code, indented while it comes."""

from chatrepl.events import Event, Text, Wait
from chatrepl.terminal.screen.pictures import Cited, Picture
from chatrepl.text.indenting import Indented


class JsonPicture(Picture):
    """Passes the reply on to another picture as a block of code. A reply that does not begin as JSON stays as it is."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._is_json: bool | None = None
        """None before it has begun."""
        self._indented = Indented()

    def feed(self, event: Event | Cited) -> None:
        if isinstance(event, Cited):  # no mark stands in JSON
            return
        if isinstance(event, Text):
            event = Text(self._shown(event.text))
        self._picture.feed(event)

    def _shown(self, text: str) -> str:
        if self._is_json is None and text.strip():
            self._is_json = text.lstrip()[0] in "{["
            if self._is_json:
                return f"```json\n{self._indented.feed(text)}"
        return self._indented.feed(text) if self._is_json else text

    def waiting(self, wait: Wait) -> bool:
        return self._picture.waiting(wait)

    def begin(self) -> None:
        self._picture.begin()

    def end(self) -> None:
        if self._is_json:
            self._picture.feed(Text("\n```"))
        self._picture.end()
