"""What the shop consists of. A service in another language is one more entry here and one more way in `launch`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

VERSION = "1.0.0"


class Runtime(Enum):
    """In what a service is written."""

    PYTHON = "py"
    NODE = "node"
    GO = "go"
    JAVA = "java"


@dataclass(frozen=True)
class Instance:
    """One process of a service."""

    name: str
    region: str = "eu-1"


@dataclass(frozen=True)
class Service:
    """One service and what its processes need to know."""

    name: str
    instances: tuple[Instance, ...]
    runtime: Runtime = Runtime.PYTHON
    instrumentations: tuple[str, ...] = ()
    """Which of OpenTelemetry's instrumentations for Python fit what it imports; the others cost start and memory."""
    traced: bool = True
    listens: bool = True


def _one(name: str, *instrumentations: str, traced: bool = True, listens: bool = True) -> Service:
    return Service(name, (Instance(f"{name}-a"),), Runtime.PYTHON, instrumentations, traced, listens)


def _two(name: str, *instrumentations: str, runtime: Runtime = Runtime.PYTHON) -> Service:
    instances = (Instance(f"{name}-a", "eu-1"), Instance(f"{name}-b", "eu-2"))
    return Service(name, instances, runtime, instrumentations)


SERVICES = (
    _one("gateway", "flask", "requests"),
    _one("auth", "flask", "sqlalchemy"),
    _two("catalogue", "flask", "sqlalchemy"),
    _one("cart", "flask", "sqlalchemy"),
    _one("checkout", "flask", "requests", "sqlalchemy", "grpc_client"),
    _two("payments", "grpc_server", "requests", "sqlalchemy"),
    _one("acquirer", "flask"),
    _one("legacy-bank", traced=False),
    _one("notifications", "sqlalchemy", listens=False),
    Service("recommendations", (Instance("recommendations-a"),), Runtime.NODE),
    _two("shipping", runtime=Runtime.GO),
    Service("tax", (Instance("tax-a"),), Runtime.JAVA),
)
"""Services with a process of their own from the start; `billing` is a function, see `functions`."""

BILLING = _one("billing", "requests", listens=False)
PEOPLE = Service("people", (Instance("people"),), traced=False, listens=False)
"""Who shops: `shop.load`."""
