"""`python -m clew.testing.crash --runs N`."""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from rich.console import Console
from rich.progress import Progress

from clew.testing.crash.loss import LossError
from clew.testing.crash.runner import CrashRun


def main() -> int:
    """Kill so many times; returns 0 when nothing that was acknowledged is missing or doubled."""
    parser = argparse.ArgumentParser(prog="clew.testing.crash", description=__doc__)
    parser.add_argument("--runs", type=int, default=25, help="how many kills")
    parser.add_argument("--seed", type=int, default=None, help="repeat an earlier run")
    parser.add_argument("--keep", type=Path, default=None, help="directory to work in, kept afterwards")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else time.time_ns() % 1_000_000
    sys.stdout.write(f"seed {seed}\n")
    with tempfile.TemporaryDirectory(prefix="clew-crash-") as scratch:
        run = CrashRun(options.keep or Path(scratch), Random(seed))  # noqa: S311 - moments, no secrets
        try:
            _run(run, options.runs)
        except LossError as error:
            sys.stderr.write(f"clew: LOSS: {error}\n")
            return 1
        finally:
            run.clew.kill()
    return 0


def _run(run: CrashRun, kills: int) -> None:
    began = time.perf_counter()
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("kills", total=kills)
        while run.kills < kills:
            run.kill_once()
            bar.update(task, completed=run.kills)
    run.finish()
    took, start = time.perf_counter() - began, statistics.median(run.started_s)
    traces, spans = len(run.acked), sum(run.acked.values())
    sys.stdout.write(f"{run.kills} kills in {took:.0f} s; a start after a kill takes {start:.2f} s in the median\n")
    sys.stdout.write(f"all {traces:,} acknowledged traces with {spans:,} spans are stored exactly once\n")


if __name__ == "__main__":
    sys.exit(main())
