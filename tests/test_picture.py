"""The pictures of the README can be drawn again."""

import sys
from xml.etree import ElementTree

import pytest

if sys.platform == "win32":
    pytest.skip("there is no pty on Windows", allow_module_level=True)

from tests.support.picture import TARGET, TOOLS, record, record_tools, svg


def test_the_picture_is_drawn_from_a_session_that_is_played() -> None:
    drawn = "".join(ElementTree.fromstring(svg(record())).itertext())
    kept = "".join(ElementTree.parse(TARGET).getroot().itertext())
    for words in ("What is wrong with load", "Code block 1 of reply 1", "/retry", "543/131k"):
        assert words in drawn
        assert words in kept


def test_so_is_the_one_with_a_tool_and_sources() -> None:
    drawn = "".join(ElementTree.fromstring(svg(record_tools())).itertext())
    kept = "".join(ElementTree.parse(TOOLS).getroot().itertext())
    for words in ("weather  city=", "allow?", "Sunny in Bonn, 21 degrees", "Zebras, why stripes? · example.org"):
        assert words in drawn
        assert words in kept
