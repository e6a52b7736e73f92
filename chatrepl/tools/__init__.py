"""What a model may call: programs and MCP servers, who allowed it, and what comes back.

How the loop in ``chat`` uses it, in the thread that acts:

1. ``box = Toolbox(config.tools, paths.config, env, secrets, tell)`` when something is to be on; ``box.turn(True,
   names)``; ``box.close()`` at the end. Making it starts nothing.
2. Before each request ``offered = box.tools()``: the definitions to send, by the names the model knows. Servers are
   started here, so it is done with Ctrl-C let through; what fails is told by ``tell`` and left out.
   A ``conversation.Definition`` of each goes into ``Conversation.tools``; a dialect whose ``tools`` is False has none.
3. The reply enters as ``conversation.with_own_ids(reply, before)``. For each of ``runnable(reply)``: ``call(id, name,
   arguments, offered)``, a ``Call``, or the ``Result`` that goes back to the model. Calls that do not run get one too.
4. ``approval.verdict(call.tool, grants)`` says whether it may run unasked, and what changed since it was allowed.
   ``approval.question(call)`` is the line to ask with, ``approval.whole(call)`` all of it. The answers become grants:
   ``with_tools`` (this tool, or all tools of its server), ``with_kept`` and ``config.editing.allow`` (always). No key
   that was typed ahead answers; no answer is a no. Without somebody to ask ``refused_unasked`` is the line.
5. ``run(call, call.digest(os.getcwd()), watch)`` gives the ``Result``; the digest is that of the call that was shown.
   KeyboardInterrupt leaves nothing running: the call's result is then ``results.failure(results.CANCELLED)``.
6. Whatever happened, each call has exactly one result: ``results.parts(id, result, failure)`` are its parts of the tool
   message, with the whole text; what is sent of it is cut then. Where a server refuses a request for a tool,
   ``dialects.tools.blamed`` says which.

Results, names, descriptions, annotations and logs are untrusted: through ``text.safe`` before they reach the terminal.
"""

from typing import TYPE_CHECKING

from chatrepl import lazy

if TYPE_CHECKING:
    from chatrepl.tools.tool import (
        Call as Call,
        Media as Media,
        Progress as Progress,
        Result as Result,
        Tool as Tool,
    )
    from chatrepl.tools.toolbox import (
        ALL as ALL,
        Toolbox as Toolbox,
        call as call,
        run as run,
        runnable as runnable,
    )
else:
    __getattr__ = lazy(__name__, tool="Call Media Progress Result Tool", toolbox="ALL Toolbox call run runnable")
