"""`python -m shop up`: runs the shop until Ctrl-C."""

from __future__ import annotations

import importlib.util
import signal
import sys
import threading

from shop import ports
from shop.errors import MissingPackageError, ShopError
from shop.options import Options, parse
from shop.state import RunDirectory
from shop.supervisor import Supervisor

PACKAGES = ("clew_sdk", "diskcache", "flask", "grpc", "requests", "sqlalchemy", "waitress", "yaml")
_FAILED = 2


def main() -> int:
    """Run the command line; returns the exit code."""
    options = parse()
    try:
        run(options)
    except ShopError as error:
        sys.stderr.write(f"shop: {error}\n  {error.fix}\n")
        return _FAILED
    return 0


def run(options: Options) -> None:
    """Run the shop until SIGTERM or Ctrl-C.

    Raises:
        ShopError: it cannot start; says what to do.
    """
    wanted = (
        *PACKAGES,
        *(["psycopg"] if "+psycopg:" in options.database else []),
        *(["confluent_kafka"] if options.kafka else []),
    )
    missing = [name for name in wanted if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingPackageError(missing)
    ports.check(options.port, "--port")
    ports.check(options.control, "--control")
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    directory = RunDirectory(options.run)
    directory.take()
    supervisor = Supervisor(options, directory)
    try:
        supervisor.start(stopping)
        for name, reason in supervisor.left_out.items():
            sys.stdout.write(f"shop: without {name}: {reason}\n")
        sys.stdout.write(f"shop: open {supervisor.gateway}  (switches: {supervisor.control})\n")
        sys.stdout.flush()
        supervisor.watch()
    finally:
        supervisor.stop()


if __name__ == "__main__":
    sys.exit(main())
