"""Write `schemas/config.schema.json`: `python -m clew.config.schema [PATH]`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from clew.config.root import Config


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the configuration file, for editors and for `clew config schema`."""
    schema = Config.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Clew configuration"}


def main(argv: list[str]) -> int:
    """Write the schema to the path given, `schemas/config.schema.json` by default."""
    path = Path(argv[0]) if argv else Path("schemas/config.schema.json")
    path.write_text(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
