"""What is remembered of a reply to know a repeated text again takes as much memory as the text."""

import tracemalloc

from chatrepl.dialects.pieces import Told


def test_a_text_of_many_pieces_takes_no_more_memory_than_its_characters() -> None:
    told = Told()
    tracemalloc.start()
    try:
        for number in range(50_000):
            told.piece(f"{number:4}")
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 2 * told.size


def test_what_was_told_is_known_again_in_any_script() -> None:
    told = Told()
    for piece in ("Zoë ", "漢字 ", "\ud83d", "\ude00", "🙂"):
        told.piece(piece)
    assert told.text == "Zoë 漢字 \ud83d\ude00🙂"
    assert told.beyond(f"{told.text}!") == "!"
