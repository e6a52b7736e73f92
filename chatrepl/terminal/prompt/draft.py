"""A question that came back: it looks like one that nobody types yet, until the first key."""

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput


class Draft(Processor):
    """Shows what was put into the line dim, until a key is pressed. One that ``yields`` gives way to what is typed or
    pasted, so that nothing lands behind it unseen; keys that move or delete make it a line like any other."""

    def __init__(self) -> None:
        self._stands = self._yields = self._spared = False
        self.gone = False
        """Whether it gave way."""

    def put(self, text: str, *, yields: bool) -> None:
        """The next line begins with that text."""
        self._stands, self._yields, self.gone = bool(text), yields, False

    @property
    def yields(self) -> bool:
        """Whether what is typed now takes its place."""
        return self._stands and self._yields

    def give_way(self, buffer: Buffer) -> None:
        """Let what is typed next begin the line; undo brings the text back."""
        if self.yields:
            buffer.text, self.gone = "", True

    def spare(self) -> None:
        """Leave it as it is: the key that is pressed now changes nothing of the line."""
        self._spared = True

    def follow(self, app: Application[str]) -> None:
        """Notice the keys that are pressed there."""

        def touched(_keys: object) -> None:
            self._stands, self._spared = self._stands and self._spared, False

        app.key_processor.after_key_press += touched

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        fragments = transformation_input.fragments
        return Transformation([("class:draft", text) for _, text, *_ in fragments] if self._stands else fragments)
