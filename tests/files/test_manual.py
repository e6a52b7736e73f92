"""The pages of the manual, as a file and as a window shows them."""

import pytest
from markdown_it import MarkdownIt

from chatrepl.files import manual


@pytest.mark.parametrize("topic", manual.topics())
def test_a_flowing_page_says_the_same_without_a_break_within_its_sentences(topic: str) -> None:
    page = manual.page(topic)
    flowing = manual.flowing(page)
    markdown = MarkdownIt().enable("table")
    tokens = [child for token in markdown.parse(flowing) for child in token.children or ()]
    assert "softbreak" not in {token.type for token in tokens}
    assert markdown.render(flowing).split() == markdown.render(page).split()
