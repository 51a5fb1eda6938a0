"""`python -m shop.load --gateway URL`: let people into a shop until it is ended, and tell how they fare."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import signal
import sys

from shop.load.crowd import Crowd

_TELL_S = 10.0
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def duration_s(text: str) -> float:
    """Return seconds of a text such as `20m`.

    Raises:
        argparse.ArgumentTypeError: it is no duration.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if match is None or not float(match[1]):
        raise argparse.ArgumentTypeError(f"{text} is no duration: write 90s, 20m or 1h")
    return float(match[1]) * _UNITS[match[2] or "s"]


def main() -> None:
    """Run until SIGTERM, Ctrl-C or the end of `--for`, then print the statistics as JSON."""
    parser = argparse.ArgumentParser(prog="shop.load", description=__doc__)
    parser.add_argument("--gateway", required=True, help="address of the shop")
    parser.add_argument("--rate", type=float, default=1.0, help="visits per second, on the average of a day")
    parser.add_argument("--day", type=duration_s, default=1200.0, help="how long a day lasts, like 20m")
    parser.add_argument("--for", dest="seconds", type=duration_s, help="end after this time")
    parser.add_argument("--seed", type=int, default=5, help="who comes and what they do follows from it")
    parser.add_argument("--pace", type=float, default=1.0, help="factor on the time that people think")
    parser.add_argument("--most", type=int, default=200, help="people inside at once")
    parser.add_argument("--tell", action="store_true", help="print a line every ten seconds")
    options = parser.parse_args()
    crowd = Crowd(options.gateway, seed=options.seed, pace=options.pace, most=options.most)
    asyncio.run(_until_ended(crowd, options))
    sys.stdout.write(json.dumps(crowd.told.summary()) + "\n")


async def _until_ended(crowd: Crowd, options: argparse.Namespace) -> None:
    running = asyncio.ensure_future(crowd.run(options.rate, day_s=options.day, seconds=options.seconds))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    while not running.done():
        await asyncio.wait({running}, timeout=_TELL_S)
        if options.tell:
            sys.stderr.write(crowd.told.line() + "\n")
    if not running.cancelled():
        running.result()


if __name__ == "__main__":
    main()
