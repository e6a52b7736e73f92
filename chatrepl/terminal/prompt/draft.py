"""A question that came back: it looks like one that nobody types yet, until the first key."""

from prompt_toolkit.application import Application
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput


class Draft(Processor):
    """Shows what was put into the line dim, until a key is pressed."""

    def __init__(self) -> None:
        self._stands = False

    def put(self, text: str) -> None:
        """The next line begins with that text."""
        self._stands = bool(text)

    def follow(self, app: Application[str]) -> None:
        """Notice the keys that are pressed there."""
        app.key_processor.before_key_press += lambda _keys: self.put("")

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        fragments = transformation_input.fragments
        return Transformation([("class:draft", text) for _, text, *_ in fragments] if self._stands else fragments)
