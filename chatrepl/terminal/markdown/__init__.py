"""Growing markdown into leaf blocks that can no longer change, and an open tail.

CommonMark with tables and strikethrough; without HTML, and without link reference definitions, by which a line at the
end would change one at the beginning. What a text gives does not depend on how it was cut into pieces.
"""

from chatrepl.terminal.markdown import leaves as leaves
from chatrepl.terminal.markdown.growing import Growing as Growing
from chatrepl.terminal.markdown.inlines import Inline as Inline, Link as Link, Span as Span, inline as inline
from chatrepl.terminal.markdown.parser import code_blocks as code_blocks
from chatrepl.terminal.markdown.preview import about_to_be as about_to_be
