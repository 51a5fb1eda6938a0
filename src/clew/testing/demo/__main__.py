"""`python -m clew.testing.demo --endpoint URL`: run the shop until it is ended."""

from __future__ import annotations

import argparse
import logging
import signal
import threading
from random import Random

from clew.testing.demo.shop import Shop


def main() -> None:
    """Start the services and let visitors in until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="clew.testing.demo", description=__doc__)
    parser.add_argument("--endpoint", default="http://127.0.0.1:4318", help="OTLP/HTTP endpoint")
    parser.add_argument("--rate", type=float, default=1.0, help="visits per second")
    parser.add_argument("--visits", type=int, default=0, help="end after so many; 0 is never")
    parser.add_argument("--seed", type=int, default=4, help="what the visitors do follows from it")
    options = parser.parse_args()
    logging.disable(logging.WARNING)  # the exporter complains while Clew restarts; it tries again by itself
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    rng = Random(options.seed)  # noqa: S311 - reproducible visits, no secret
    shop = Shop(options.endpoint, rng)
    for service in shop.services:
        service.start()
    visits = 0
    while not ended.wait(rng.expovariate(options.rate)):
        shop.visit()
        visits += 1
        if visits == options.visits:
            break
    for service in reversed(shop.services):
        service.stop()


if __name__ == "__main__":
    main()
