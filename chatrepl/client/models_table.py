"""A newer table of models, fetched when the user asks for it: renewed whole or not at all."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from chatrepl import files
from chatrepl.client import fetching
from chatrepl.config import facts, open_table
from chatrepl.errors import BrokenReply, CommandError
from chatrepl.text import urls

URL_ENV = "CHATREPL_MODELS_URL"
"""The environment variable that names another place of the open table: a mirror, or a file server of one's own."""

LIMITS = fetching.Limits(size=20 * 2**20, seconds=120.0)


def update(env: Mapping[str, str], path: Path) -> facts.Table:
    """Fetch the open table, and put what is needed of it into the file at ``path``. A ChatError tells why the old one
    stays."""
    told = env.get(URL_ENV, "").strip()
    page = fetching.fetch(told or open_table.SOURCE, env, LIMITS._replace(private=bool(told)))
    try:
        vendors = open_table.converted(json.loads(page.data))
    except (ValueError, RecursionError) as error:
        where = urls.shown(page.url)
        raise BrokenReply(f"{where} holds no table of models: {error}", "The table stays as it was.") from None
    table = facts.written(
        vendors, date.today().isoformat(), f"LiteLLM's open table (MIT licence), {urls.shown(page.url)}"
    )
    try:
        files.private_folder(path.parent)
        files.write(path, table, force=True)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}", "The table stays as it was.") from None
    return facts.parsed(table)
