"""Servers of the Model Context Protocol, by the official SDK, which is loaded when the first of them is needed.

``server`` is the synchronous face, ``sdk`` the only module that knows the library, ``content`` makes results of what a
server answers, ``imports`` reads servers from the files of other programs.
"""

from typing import TYPE_CHECKING

from chatrepl import lazy

if TYPE_CHECKING:
    from chatrepl.tools.mcp.imports import imported as imported, servers as servers
    from chatrepl.tools.mcp.loop import Loop as Loop
    from chatrepl.tools.mcp.server import McpServer as McpServer
else:
    __getattr__ = lazy(__name__, imports="imported servers", loop="Loop", server="McpServer")
