"""How long reading a query takes: the text into a checked tree, and back.

`python -m bench.traceql`
"""

from __future__ import annotations

import json
import platform
import statistics
import time
from collections.abc import Callable

from clew.query.traceql import lower, parse, print_query

CONJUNCTION = "{ " + " && ".join(f'span.attribute{at} = "value number {at}"' for at in range(24)) + " }"
MIXED = " | ".join(
    [
        '{ resource.service.name = "checkout" && span.http.status >= 500 } >> { kind = client || .a + 1 > 2 }',
        "by(resource.service.name, span.http.route)",
        "count() > 2",
        "coalesce()",
        "select(" + ", ".join(f"span.field{at}" for at in range(40)) + ")",
        '{ name =~ "GET /api/.*" && !(span.user = nil) && duration > 100ms }',
        "max(duration) > 3 * avg(duration)",
        "sort(duration desc)",
    ]
)
RUNS = 300


def median_ms(work: Callable[[], object]) -> float:
    """Return the median time of a call in milliseconds."""
    times = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return round(statistics.median(times) * 1e3, 3)


def main() -> None:
    """Print the figures as JSON."""
    begun = time.perf_counter()
    parse("{ }")
    first = round((time.perf_counter() - begun) * 1e3, 1)
    found: dict[str, object] = {"machine": platform.platform(), "first_ms": first}
    for name, text in (("conjunction", CONJUNCTION), ("mixed", MIXED)):
        query = parse(text)
        found[name] = {
            "characters": len(text),
            "parse_ms": median_ms(lambda text=text: parse(text)),  # type: ignore[misc]
            "print_ms": median_ms(lambda query=query: print_query(query)),  # type: ignore[misc]
            "lower_ms": median_ms(lambda query=query: lower(query)),  # type: ignore[misc]
        }
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
