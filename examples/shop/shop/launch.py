"""The command and environment of an instance.

Every process, in whatever language, gets: `SHOP_SERVICE`, `SHOP_INSTANCE`, `SHOP_VERSION`, `SHOP_REGION`, `SHOP_PORT`
(listen on 127.0.0.1), `SHOP_RUN` (the run directory, also the working directory), `SHOP_DATABASE`, `SHOP_KAFKA`,
`SHOP_MEMORY_MB` (0 is no limit), and `SHOP_ADDRESS_<NAME>` for each service that listens: `127.0.0.1:PORT`, several
with commas. Names are in upper case with `_` for `-`. OpenTelemetry's variables are set. Its standard input ends when
the shop does: end then, and at SIGTERM.
"""

from __future__ import annotations

import hashlib
import os
import platform
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from shop import build
from shop.topology import VERSION, Instance, Runtime, Service

PARTS = {part.name: part for part in (build.RECOMMENDATIONS, build.SHIPPING, build.TAX)}
"""Services that are built before they run."""
_COMMANDS = {Runtime.NODE: build.node, Runtime.GO: build.go, Runtime.JAVA: build.java}


_MIB = 1 << 20


@dataclass(frozen=True)
class Surroundings:
    """What all instances of one shop share."""

    run: Path
    otlp: str
    database: str
    kafka: str
    addresses: Mapping[str, tuple[str, ...]]


def command(service: Service) -> list[str]:
    """Return the command that runs a service, in the run directory."""
    if service.name in PARTS:
        return _COMMANDS[service.runtime](PARTS[service.name])
    module = ["-m", f"shop.services.{service.name.replace('-', '_')}"]
    if not service.traced:
        return [sys.executable, *module]
    return [str(Path(sys.executable).with_name("clew-instrument")), "--no-install", sys.executable, *module]


def prepare(service: Service, say: Callable[[str], None]) -> str:
    """Build a service that has to be; returns why it cannot run here, empty where it can."""
    return PARTS[service.name].prepare(say) if service.name in PARTS else ""


def environment(
    service: Service, instance: Instance, around: Surroundings, *, port: int, version: str = VERSION, memory_mb: int = 0
) -> dict[str, str]:
    """Return the variables of one process; one that is told of memory may not have more."""
    told = {
        **os.environ,
        "PYTHONPATH": str(build.FOLDER),
        "PYTHONUNBUFFERED": "1",
        "SHOP_SERVICE": service.name,
        "SHOP_INSTANCE": instance.name,
        "SHOP_VERSION": version,
        "SHOP_REGION": instance.region,
        "SHOP_PORT": str(port),
        "SHOP_RUN": str(around.run),
        "SHOP_DATABASE": around.database,
        "SHOP_KAFKA": around.kafka,
        "SHOP_MEMORY_MB": str(memory_mb),
    }
    for name, addresses in around.addresses.items():
        told[f"SHOP_ADDRESS_{name.upper().replace('-', '_')}"] = ",".join(addresses)
    return told | (_telemetry(service, instance, around.otlp, version, memory_mb) if service.traced else {})


def _telemetry(service: Service, instance: Instance, otlp: str, version: str, memory_mb: int) -> dict[str, str]:
    deployed = hashlib.sha1(f"{service.name} {version}".encode(), usedforsecurity=False).hexdigest()
    attributes = {
        "service.version": version,
        "service.instance.id": instance.name,
        "deployment.environment.name": "demo",
        "cloud.region": instance.region,
        "k8s.namespace.name": "shop",
        "k8s.pod.name": f"{service.name}-{deployed[:9]}-{secrets.token_hex(3)[:5]}",
        "vcs.ref.head.revision": deployed,
    }
    if service.name == "billing":
        attributes |= {
            "faas.name": "billing",
            "faas.version": version,
            "faas.max_memory": str(memory_mb * _MIB),
            "process.runtime.name": sys.implementation.name,
            "process.runtime.version": platform.python_version(),
        }
    return {
        "OTEL_SERVICE_NAME": service.name,
        "OTEL_RESOURCE_ATTRIBUTES": ",".join(f"{key}={value}" for key, value in attributes.items()),
        "OTEL_EXPORTER_OTLP_ENDPOINT": otlp,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_SEMCONV_STABILITY_OPT_IN": "http,database",
        "OTEL_PYTHON_FLASK_EXCLUDED_URLS": "/otlp/,/page/",
        "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": ",".join(_installed() - {"threading", *service.instrumentations}),
    }


@cache
def _installed() -> frozenset[str]:
    """Return the instrumentations of this environment, of which a service loads only those that fit what it imports."""
    return frozenset(one.name for one in entry_points(group="opentelemetry_instrumentor"))
