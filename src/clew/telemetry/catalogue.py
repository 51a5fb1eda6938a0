"""Write `schemas/metrics.json`: `python -m clew.telemetry.catalogue [PATH]`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from clew.telemetry.metrics import Metrics


def catalogue() -> list[dict[str, Any]]:
    """Return every metric with kind, help and labels, sorted by name."""
    return sorted((asdict(item) for item in Metrics().declarations), key=lambda item: str(item["name"]))


def main(argv: list[str]) -> int:
    """Write the list to the path given, `schemas/metrics.json` by default."""
    path = Path(argv[0]) if argv else Path("schemas/metrics.json")
    path.write_text(json.dumps(catalogue(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
