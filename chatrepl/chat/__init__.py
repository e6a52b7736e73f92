"""The chat: the session, one turn, the loop, and what is told about them."""
