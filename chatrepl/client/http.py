"""httpx without its command line, which it loads wherever click happens to be installed: 5 MB that nothing here needs.

httpx falls back where that module cannot be had. It is the only one kept away, and only while httpx is loaded here.
"""

import sys

COMMAND_LINE = "httpx._main"

if "httpx" in sys.modules:
    import httpx as httpx
else:
    sys.modules[COMMAND_LINE] = None  # type: ignore[assignment]  # how Python spells a module that cannot be imported
    try:
        import httpx as httpx
    finally:
        sys.modules.pop(COMMAND_LINE, None)
