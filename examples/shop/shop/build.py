"""What is not Python is built before it runs: once for each state of its sources, into `build/`, by its own tools.

Nothing is installed by hand: packages come from the languages' registries, as their lock files say. A start of the shop
builds what is not built yet; `python -m shop.build` does it ahead.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shop.errors import NotBuiltError

FOLDER = Path(__file__).parent.parent
"""examples/shop"""
BUILT = FOLDER / "build"
_WITHIN_S = 300
_SKIP = {"node_modules"}


@dataclass(frozen=True)
class Part:
    """One part of the shop that has to be built."""

    name: str
    """Of the folder of its sources, and of that in `build/`."""
    needs: tuple[str, ...]
    """Programs that build and run it."""
    lacking: str
    """What to install where they are not there."""
    make: Callable[[Path, Path], None]
    """Builds the sources of one folder into another."""

    @property
    def sources(self) -> Path:
        """The folder of its sources."""
        return FOLDER / self.name

    @property
    def built(self) -> Path:
        """The folder of what has been built."""
        return BUILT / self.name

    def missing(self) -> str:
        """Return why it cannot be built here; empty where it can."""
        absent = [name for name in self.needs if shutil.which(name) is None]
        return f"{self.lacking} is needed ({', '.join(absent)} not found)" if absent else ""

    def prepare(self, say: Callable[[str], None]) -> str:
        """Build it where that can be done; returns why it cannot, empty where it could."""
        reason = self.missing()
        try:
            if not reason:
                self.build(say)
        except NotBuiltError as error:
            return str(error)
        return reason

    def build(self, say: Callable[[str], None]) -> None:
        """Build it, unless that has been done for these sources.

        Raises:
            NotBuiltError: a tool failed; with the end of what it printed.
        """
        with _one_at_a_time(self.name):
            stamp, state = self.built / ".sources", self._state()
            if stamp.exists() and stamp.read_text() == state:
                return
            say(f"building {self.name}")
            shutil.rmtree(self.built, ignore_errors=True)
            self.built.mkdir(parents=True)
            self.make(self.sources, self.built)
            stamp.write_text(state)

    def _state(self) -> str:
        told = hashlib.sha256()
        for path in sorted(self._files()):
            told.update(f"{path.relative_to(self.sources)}\0".encode() + path.read_bytes() + b"\0")
        return told.hexdigest()

    def _files(self) -> Iterator[Path]:
        for folder, below, names in os.walk(self.sources):
            below[:] = [name for name in below if name not in _SKIP]
            yield from (Path(folder) / name for name in names)


@contextmanager
def _one_at_a_time(name: str) -> Iterator[None]:
    """Hold a lock that other shops of this checkout wait for."""
    BUILT.mkdir(exist_ok=True)
    with (BUILT / f".{name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(*command: str, within: Path) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - our own commands
            command,
            cwd=within,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_WITHIN_S,
        )
    except subprocess.TimeoutExpired as error:
        raise NotBuiltError(within.name, f"{command[0]} took longer than {_WITHIN_S} s") from error
    if done.returncode:
        raise NotBuiltError(within.name, (done.stderr or done.stdout)[-2000:])
    return done.stdout


def _install(sources: Path, built: Path) -> None:
    """Lay a Node service and its packages out."""
    shutil.copytree(sources, built, ignore=shutil.ignore_patterns(*_SKIP), dirs_exist_ok=True)
    _run("npm", "ci", "--omit=dev", "--no-audit", "--no-fund", within=built)


def _bundle(sources: Path, built: Path) -> None:
    """Install the page's packages beside its sources, and bundle."""
    _run("npm", "ci", "--no-audit", "--no-fund", within=sources)
    _run("node", "build.mjs", str(built), within=sources)


def _go(sources: Path, built: Path) -> None:
    _run("go", "build", "-o", str(built / sources.name), ".", within=sources)


def _java(sources: Path, built: Path) -> None:
    """Compile: the agent does nothing for programs that are run from their sources."""
    agent = Path(_run(str(FOLDER.parent.parent / "tools" / "javaagent.sh"), within=sources).strip())
    (built / "agent.jar").symlink_to(agent)
    _run("javac", "-d", str(built), *(path.name for path in sources.glob("*.java")), within=sources)


NODE = ("node", "npm")
PAGE = Part("page", NODE, "Node.js 20 or newer", _bundle)
RECOMMENDATIONS = Part("recommendations", NODE, "Node.js 20 or newer", _install)
SHIPPING = Part("shipping", ("go",), "Go", _go)
TAX = Part("tax", ("java", "javac", "mvn"), "a JDK, with Maven to fetch OpenTelemetry's agent,", _java)


def node(part: Part) -> list[str]:
    """Return the command of a service in Node."""
    return ["node", "--require", str(part.built / "tracing.js"), str(part.built / "server.js")]


def go(part: Part) -> list[str]:
    """Return the command of a service in Go."""
    return [str(part.built / part.name)]


def java(part: Part) -> list[str]:
    """Return the command of a service in Java: a small heap, and that header of its answers which tells of pauses."""
    return [
        "java",
        f"-javaagent:{part.built / 'agent.jar'}",
        "-Dotel.instrumentation.http.server.capture-response-headers=server-timing",
        "-Xmx128m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        str(part.built),
        part.name.capitalize(),
    ]


def main() -> int:
    """Build everything that can be built here, ahead of the first start; returns 1 where something cannot."""
    reasons = {part.name: part.prepare(print) for part in (RECOMMENDATIONS, SHIPPING, TAX, PAGE)}
    for name, reason in reasons.items():
        if reason:
            sys.stderr.write(f"without {name}: {reason}\n")
    return int(any(reasons.values()))


if __name__ == "__main__":
    sys.exit(main())
