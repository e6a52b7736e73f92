"""What property tests are made of: texts with traps in them, messages, turns and conversations."""

from hypothesis import strategies as st

from chatrepl.conversation import (
    Conversation,
    FilePart,
    ImagePart,
    Message,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from chatrepl.events import Usage

TRAPS = ["```", "---\n", "\r\n", "\r", "\x00", "\ud800", "\u2028", "\x85", "\x1b[2J", "# ", "<!--", "-->", "\t", " \n"]

texts = st.lists(st.text(max_size=8) | st.sampled_from(TRAPS), max_size=8).map("".join)
counts = st.none() | st.integers(0, 10**6)
usages = st.builds(Usage, counts, counts, counts, counts, counts)
text_parts = st.builds(TextPart, texts)
question_parts = text_parts | st.builds(ImagePart, texts, texts, texts) | st.builds(FilePart, texts, texts)
reply_parts = text_parts | st.builds(ThinkingPart, texts, texts) | st.builds(ToolCallPart, texts, texts, texts)
questions = st.builds(Message, st.just("user"), st.lists(question_parts, max_size=3).map(tuple), at=texts)
replies = st.builds(
    Message,
    st.just("assistant"),
    st.lists(reply_parts, max_size=3).map(tuple),
    model=texts,
    ending=st.sampled_from(["stop", "length", "interrupted", "failed"]),
    usage=st.none() | usages.filter(lambda usage: usage != Usage()),
    at=texts,
    raw_ending=texts,
)
results = st.builds(Message, st.just("tool"), st.builds(ToolResultPart, texts, texts).map(lambda part: (part,)))
turns = st.tuples(questions, replies) | st.tuples(questions, replies, results, replies)
conversations = st.builds(Conversation, texts, st.lists(turns, max_size=4))
