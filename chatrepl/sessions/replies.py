"""Which of the turns that ever were answer a question."""

from chatrepl.conversation import Message, Turn


class Replies:
    """An index of a growing list of turns, from where it ends now. It looks at each turn once, when a question is
    asked of it, so a session in which nobody chooses among replies pays nothing."""

    def __init__(self, heard: list[Turn]) -> None:
        self._heard = heard
        self._start = self._looked = len(heard)
        self._known: set[Turn] = set()
        self._questions: dict[Message, list[Turn]] = {}
        self._objects: dict[int, tuple[Message, list[Turn]]] = {}
        """What is known of a question by its id, for one may be long; it stands beside it, and so keeps the id."""

    def to(self, question: Message) -> list[Turn]:
        """The turns that answer it, each once, as they came. The list is not to be changed."""
        for turn in self._heard[self._looked :]:
            if turn not in self._known:
                self._known.add(turn)
                self._of(turn[0]).append(turn)
        self._looked = len(self._heard)
        return self._of(question)

    def alike(self, question: Message) -> list[Turn]:
        """The same, each as often as it came. This looks at all of them."""
        return [turn for turn in self._heard[self._start :] if turn[0] == question]

    def _of(self, question: Message) -> list[Turn]:
        if id(question) not in self._objects:
            self._objects[id(question)] = question, self._questions.setdefault(question, [])
        return self._objects[id(question)][1]
