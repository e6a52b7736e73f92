"""Makes the table of models that comes with the program, from LiteLLM's open one (MIT).

``python -m tests.support.models_table FILE VERSION`` writes ``chatrepl/config/models.json``: FILE is
``model_prices_and_context_window_backup.json`` of LiteLLM's wheel of that version, to be had from the package index.
"""

import json
import sys
from datetime import date
from pathlib import Path

from chatrepl.config import facts, open_table

CORRECTIONS: dict[str, dict[str, dict[str, object]]] = {
    "deepseek": {"deepseek-flash": {"efforts": "none low high max"}},
    "openai": {  # developers.openai.com/api/docs/deprecations, 2026-11-26
        **{key: {"next": "gpt-6.1-sol"} for key in ("gpt-5", "gpt-5-2025-08-07")},
        **{key: {"next": "gpt-6.1-terra"} for key in ("gpt-5-mini", "gpt-5-mini-2025-08-07")},
    },
}
"""What a vendor's own page says otherwise, by vendor and model."""


def main(source: str, version: str) -> None:
    """Write the table."""
    vendors = open_table.converted(json.loads(Path(source).read_bytes()))
    for vendor, models in CORRECTIONS.items():
        for name, right in models.items():
            vendors[vendor][name] = {**vendors[vendor].get(name, {}), **right}
    about = f"LiteLLM {version}, model_prices_and_context_window (MIT licence), corrected by the vendors' pages"
    target = Path(facts.__file__).with_name("models.json")
    target.write_bytes(facts.written(vendors, date.today().isoformat(), about))
    print(f"{target.name}: {target.stat().st_size:,} bytes, {sum(map(len, vendors.values())):,} models")


if __name__ == "__main__":
    main(*sys.argv[1:])
