"""A real PostgreSQL with a cluster of its own, for tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from clew.testing.running import NotRunningError

_USER = "postgres"
_WITHIN_S = 60.0
_POLL_S = 0.1


@contextlib.contextmanager
def running_postgres(programs: Path) -> Iterator[str]:
    """Run a PostgreSQL that ends with the `with` block; yields the SQLAlchemy URL of an empty database.

    It listens on a socket in a temporary directory only. It refuses to run as root: there it runs as the user that its
    package makes.

    Args:
        programs: folder of `initdb` and `postgres`, as `tools/postgres.sh` prints it.
    """
    directory = Path(tempfile.mkdtemp(prefix="clew-postgres-"))
    try:
        if os.getuid() == 0:
            shutil.chown(directory, _USER)
        with contextlib.ExitStack() as stack:
            yield _start(programs, directory, stack)
    finally:
        shutil.rmtree(directory)


def _start(programs: Path, directory: Path, stack: contextlib.ExitStack) -> str:
    data, log = directory / "data", directory / "postgres.log"
    how = ["-U", _USER, "--auth=trust", "--no-sync", "--encoding=UTF8"]
    make = [*_as_user(), str(programs / "initdb"), "-D", str(data), *how]
    subprocess.run(make, check=True, capture_output=True, cwd=directory)  # noqa: S603 - a test's own command
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(directory),
        "fsync": "off",
        "max_connections": "200",
    }
    flags = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - a test's own command
            [*_as_user(), str(programs / "postgres"), "-D", str(data), *flags], stdout=out, stderr=out, cwd=directory
        )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    end = time.monotonic() + _WITHIN_S
    ready = [str(programs / "pg_isready"), "-q", "-h", str(directory)]
    while subprocess.run(ready, check=False).returncode:  # noqa: S603 - a test's own command
        if process.poll() is not None or time.monotonic() > end:
            raise NotRunningError(f"PostgreSQL did not start:\n{log.read_text()}")
        time.sleep(_POLL_S)
    return f"postgresql+psycopg://{_USER}@/{_USER}?host={directory}"


def _as_user() -> list[str]:
    """Return the command that becomes PostgreSQL's user; it becomes the program, which so gets the signals."""
    if os.getuid():
        return []
    return ["setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--init-groups", "--"]
