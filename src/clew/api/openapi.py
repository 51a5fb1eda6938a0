"""The committed OpenAPI document: `python -m clew.api.openapi > schemas/openapi.json`."""

from __future__ import annotations

import json
import sys
from typing import Any, cast

from clew.api.app import create_app
from clew.api.deps import ApiDeps


def document() -> dict[str, Any]:
    """Return the OpenAPI document of the API."""
    return create_app(cast("ApiDeps", None)).openapi()


def main() -> None:
    """Write the document to standard output."""
    sys.stdout.write(json.dumps(document(), indent=2, sort_keys=True, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
