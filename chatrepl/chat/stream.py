"""The events of a reply on their way to the sinks: gathered, and without the secrets that a server echoes."""

from collections.abc import Callable

from chatrepl import replace
from chatrepl.events import Choice, Event, Finished, Media, Search, Source, Started, Text, Thinking, ToolCallPiece
from chatrepl.text.redaction import Hiding, Secrets

Sink = Callable[[Event], None]


class HidingSecrets:
    """Sinks that see no secret. A tail that is the beginning of one waits for what comes next, in each choice for
    itself."""

    def __init__(self, secrets: Secrets, *sinks: Sink) -> None:
        self._secrets = secrets
        self._sinks = sinks
        self._choices: dict[int, HidingSecrets] = {}
        self._kind: type[Text] | type[Thinking] = Text
        self._text = Hiding(secrets)
        self._arguments: dict[int, Hiding] = {}

    def feed(self, event: Event) -> None:
        """Take the next event in."""
        match event:
            case Text(text) | Thinking(text):
                if type(event) is not self._kind:
                    self._end_text()
                    self._kind = type(event)
                shown = self._text.feed(text)
                if shown == text:
                    self._pass_on(event)
                elif shown or event != type(event)(text):  # a signature is passed on even so
                    self._pass_on(replace(event, text=shown))
            case ToolCallPiece(index, arguments=arguments):
                self._end_text()
                shown = self._arguments.setdefault(index, Hiding(self._secrets)).feed(arguments)
                self._pass_on(self._without(event, shown))
            case Started(model, fingerprint):
                hide = self._secrets.hide
                self._pass_on(replace(event, model=hide(model), fingerprint=hide(fingerprint)))
            case Media(url=url) if url:
                self._pass_on(replace(event, url=self._secrets.hide(url)))
            case Choice(place, inner):
                self._choice(place).feed(inner)
            case Source(url, title):
                self._pass_on(replace(event, url=self._secrets.hide(url), title=self._secrets.hide(title)))
            case Search(query, failure=failure):
                self._pass_on(replace(event, query=self._secrets.hide(query), failure=self._secrets.hide(failure)))
            case Finished():
                self._end()
                self._pass_on(replace(event, raw=self._secrets.hide(event.raw)))
            case _:
                self._pass_on(event)

    def _choice(self, place: int) -> "HidingSecrets":
        return self._choices.setdefault(place, HidingSecrets(self._secrets, _of_choice(self._pass_on, place)))

    def _without(self, piece: ToolCallPiece, arguments: str) -> ToolCallPiece:
        hide = self._secrets.hide
        return replace(piece, id=hide(piece.id), name=hide(piece.name), arguments=arguments, opaque=hide(piece.opaque))

    def close(self) -> None:
        """Nothing more comes: pass on what waits."""
        self._end()
        for choice in self._choices.values():
            choice.close()

    def _end(self) -> None:
        self._end_text()
        for index, hiding in self._arguments.items():
            if rest := hiding.end():
                self._pass_on(ToolCallPiece(index, arguments=rest))

    def _end_text(self) -> None:
        if rest := self._text.end():
            self._pass_on(self._kind(rest))
        self._secrets.stood_in_reply |= self._text.hid

    def _pass_on(self, event: Event) -> None:
        for sink in self._sinks:
            sink(event)


def _of_choice(sink: Sink, place: int) -> Sink:
    """The sink for what comes of that choice."""
    return lambda event: sink(Choice(place, event))


class Gathering:
    """Neighbouring pieces of text as one event, on their way to sinks: text waits until ``flush``, or until something
    else comes.

    A server at full speed sends dozens of tokens in a packet. The assembler, the journal and the picture then do their
    work once a packet instead of once a token, and nobody waits for it: the text is passed on before the network is
    waited for again.
    """

    def __init__(self, *sinks: Sink) -> None:
        self._sinks = sinks
        self._kind: type[Text] | type[Thinking] = Text
        self._texts: list[str] = []
        self._choices: dict[int, Gathering] = {}

    def feed(self, event: Event) -> None:
        """Take the next event in."""
        match event:
            case Text(text) | Thinking(text, ""):
                if type(event) is not self._kind:
                    self.flush()
                    self._kind = type(event)
                self._texts.append(text)
            case Choice(place, inner):
                self._choices.setdefault(place, Gathering(_of_choice(self._pass_on, place))).feed(inner)
            case _:
                self.flush()
                self._pass_on(event)

    def flush(self) -> None:
        """Pass on the text that waits."""
        texts, self._texts = self._texts, []
        if texts:
            self._pass_on(self._kind("".join(texts)))
        for choice in self._choices.values():
            choice.flush()

    close = flush

    def _pass_on(self, event: Event) -> None:
        for sink in self._sinks:
            sink(event)
