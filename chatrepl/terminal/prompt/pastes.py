"""Long pastes and images: in the line each is one character, shown as ``[pasted 5000 lines]`` and sent whole.

So the cursor steps over a paste, one Backspace takes it away, undo brings it back, and a line with a megabyte in it
is as quick to edit as any other.
"""

import re

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput

from chatrepl import replace
from chatrepl.conversation import ImagePart
from chatrepl.text import safe

LINES, CHARACTERS = 20, 8_000
"""What is longer than one of these is folded."""

_FIRST, _LAST = 0x100000, 0x10FFFD  # the last plane for private use: nobody types these


_PICTURE = r"\[image (\d{1,6})\]"
"""What stands in a text for an image."""


class Pastes:
    """The long pastes and the images of a session, each under the character that stands for it."""

    def __init__(self) -> None:
        self._texts: dict[int, str] = {}
        self._images: dict[int, ImagePart] = {}
        self._sent: set[str] = set()
        """The lines that were sent with images."""
        self.came = False
        """Whether something was pasted into the line."""
        self._put = self.begins = False
        """Whether the line was put there, and whether it begins with what was pasted."""

    def start(self, *, put: bool = False) -> None:
        """A new line begins, empty or with what is ``put`` there."""
        self.came = self.begins = self._put = put

    def is_text(self, line: str) -> bool:
        """Whether the line is no command whatever it looks like: it was put there, or several lines were pasted."""
        return self._put or (self.begins and "\n" in self.unfold(line))

    def fold(self, pasted: str) -> str:
        """What to put into the line for a pasted text: itself, or the character that stands for it."""
        self.came = True
        if pasted.count("\n") < LINES and len(pasted) <= CHARACTERS and not _holds_mark(pasted):
            return pasted
        known = next((mark for mark, text in self._texts.items() if text == pasted), None)
        return chr(self._marked(pasted) if known is None else known)

    def _marked(self, text: str) -> int:
        mark = _FIRST + len(self._texts) % (_LAST - _FIRST + 1)
        self._texts[mark] = text
        return mark

    def picture(self, part: ImagePart, line: str) -> str:
        """The character to put into the line for an image, which is called by the next number."""
        numbers = [int(match[1]) for match in re.finditer(_PICTURE, self.unfold(line))]
        name = f"[image {max(len(self._images), *numbers, 0) + 1}]"
        mark = self._marked(name)
        self._images[mark] = replace(part, name=name)
        return chr(mark)

    def images(self, line: str) -> list[ImagePart]:
        """The images in the line."""
        return [self._images[ord(each)] for each in dict.fromkeys(line) if ord(each) in self._images]

    def sent(self, line: str) -> None:
        """Take note of a line that is sent."""
        if self.images(line):
            self._sent.add(self.unfold(line))

    def unfold(self, line: str) -> str:
        """The line with every paste in full."""
        return line.translate(self._texts) if _holds_mark(line) else line

    def refold(self, text: str, *, edited: bool = False) -> str:
        """The text with every paste it holds folded again, as it stood in the line; ``unfold`` is the inverse. What
        stands for an image is one in a text that was sent with it, or was ``edited`` just now.
        """
        if _holds_mark(text):
            return text
        images = edited or text in self._sent
        for mark, pasted in self._texts.items():
            if len(pasted) <= len(text) and (images or mark not in self._images):
                text = text.replace(pasted, chr(mark))
        return text

    def label(self, character: str) -> str:
        """What is shown for a character of the line."""
        pasted = self._texts.get(ord(character))
        if pasted is None:
            return safe.text(character).replace("\n", " ")
        if ord(character) in self._images:
            return pasted
        lines = pasted.count("\n") + (not pasted.endswith("\n"))
        return f"[pasted {lines} lines]" if lines > 1 else f"[pasted {len(pasted)} characters]"


def _holds_mark(text: str) -> bool:
    return max(text, default="") >= chr(_FIRST)


class ShowPastes(Processor):
    """Shows the labels in place of the characters, also of those that would act on the terminal or hide."""

    def __init__(self, pastes: Pastes) -> None:
        self._pastes = pastes

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        fragments = transformation_input.fragments
        if not any(_holds_mark(text) or safe.text(text) != text for _, text, *_ in fragments):
            return Transformation(fragments)
        shown: StyleAndTextTuples = []
        starts = [0]  # where each character of the line stands on the screen
        for style, text, *_ in fragments:
            for character in text:
                label = self._pastes.label(character)
                shown.append((style if label == character else "class:paste", label))
                starts.append(starts[-1] + len(label))
        return Transformation(
            shown,
            source_to_display=lambda place: starts[min(place, len(starts) - 1)],
            display_to_source=lambda place: max(index for index, start in enumerate(starts) if start <= place),
        )
