"""Runs the shop: starts every process, restarts what dies, switches versions, and ends all of it."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shop import launch, ports
from shop.build import PAGE
from shop.child import Child
from shop.control import Control
from shop.errors import NotReadyError
from shop.functions import Functions, Worker
from shop.options import Options
from shop.queue import broker, lag
from shop.state import RunDirectory, write_json
from shop.switches import Action, Switches
from shop.topology import BILLING, PEOPLE, SERVICES, VERSION, Instance, Runtime, Service

READY_S = 240.0
END_S = 10.0
LOOK_EVERY_S = 0.2
RESTART_AFTER_S = (0.2, 1.0, 5.0)
"""Waits before a restart: longer when a child dies again soon."""
SOON_S = 10.0
_UNASKED = "not asked for"


def _say(what: str) -> None:
    sys.stdout.write(f"shop: {what}\n")
    sys.stdout.flush()


class Supervisor:
    """All processes of one shop."""

    def __init__(self, options: Options, directory: RunDirectory) -> None:
        self._options = options
        self._directory = directory
        self._lock = threading.RLock()
        self._children: dict[str, Child] = {}
        self._running: dict[str, tuple[Service, Instance, str]] = {}
        self._ports: dict[str, int] = {}
        self._deaths: dict[str, list[float]] = {}
        self._left_out: dict[str, str] = {}
        self._changing: set[str] = set()
        self._around = launch.Surroundings(directory.path, options.otlp, "", options.kafka, {})
        self._switches = Switches(directory, self._actions(), self._left_out)
        self._queue = broker(directory.path, options.kafka)
        self._control = Control(options.control, self._switches, self._running_state)
        self._functions: Functions | None = None
        self._people: Child | None = None
        self._people_since = 0.0
        self._stopping = threading.Event()
        self._told: dict[str, Any] | None = None

    @property
    def gateway(self) -> str:
        """Address of the page."""
        return f"http://127.0.0.1:{self._ports['gateway-a']}"

    @property
    def control(self) -> str:
        """Address of the switches."""
        return self._control.url

    @property
    def left_out(self) -> dict[str, str]:
        """Services that were not started, with the reason."""
        return dict(self._left_out)

    def start(self, stopping: threading.Event) -> None:
        """Start everything and return when all of it answers, or when the event is set.

        Raises:
            NotReadyError: a service does not come up.
        """
        self._stopping = stopping
        chosen = self._chosen()
        self._assign_ports(chosen)
        database = self._options.database or "sqlite:///shop.db"
        addresses = {
            one.name: tuple(f"127.0.0.1:{self._ports[i.name]}" for i in one.instances) for one in chosen if one.listens
        }
        self._around = replace(self._around, database=database, addresses=addresses)
        filling = self._fill()
        for service in chosen:
            for instance in service.instances:
                self._begin(service, instance, VERSION)
        if filling.wait(READY_S):
            raise NotReadyError("the database", self._directory.log("database"), self._tail("database"))
        self._functions = Functions(
            self._queue,
            self._function,
            warm=lambda: int(self._switches.settings()["billing"]["warm"]),
            reclaims=self._reclaims,
        )
        for child in list(self._children.values()):
            self._wait_ready(child)
        self._functions.start()
        self._control.start()
        if self._options.load and not stopping.is_set():
            self._let_people_in()
        self._write()

    def watch(self) -> None:
        """Restart what dies, until the event of `start` is set."""
        while not self._stopping.wait(LOOK_EVERY_S):
            for name, child in list(self._children.items()):
                with self._lock:
                    code = child.ended()
                    if code is None or name in self._changing:
                        continue
                    self._changing.add(name)
                sys.stderr.write(f"shop: {name} ended with {code}, it is started again\n")
                wait = self._wait_before_restart(name)
                threading.Timer(wait, self._restart_dead, (name,)).start()
            self._keep_people()
            self._write()

    def stop(self) -> None:
        """End everything; spans are flushed. Safe after a start that failed."""
        self._switches.close()
        if self._functions is not None:
            self._functions.stop()
            self._control.stop()
        children = [*([self._people] if self._people else []), *self._children.values()]
        for child in children:
            child.terminate()
        end = time.monotonic() + END_S
        for child in children:
            child.finish(max(0.1, end - time.monotonic()))
        self._directory.release()

    def release(self, name: str, version: str) -> None:
        """Restart one instance as another version; returns when it answers.

        Raises:
            NotReadyError: it does not come up.
        """
        with self._lock:
            service, instance, _ = self._running[name]
            self._changing.add(name)
        try:
            child = self._children[name]
            child.terminate()
            child.finish(END_S)
            self._wait_ready(self._begin(service, instance, version))
        finally:
            self._changing.discard(name)
        self._write()

    def state(self) -> dict[str, Any]:
        """Return what `shop.json` says."""
        with self._lock:
            services: dict[str, list[dict[str, Any]]] = {}
            for name, (service, instance, version) in self._running.items():
                url = f"http://127.0.0.1:{self._ports[name]}" if service.listens else None
                told = {"instance": name, "url": url, "pid": self._children[name].pid}
                services.setdefault(service.name, []).append({**told, "version": version, "region": instance.region})
            workers = self._functions.workers() if self._functions else []
            services["billing"] = [
                {"instance": one.name, "url": None, "pid": one.pid, "version": VERSION, "region": "eu-1"}
                for one in sorted(workers, key=lambda one: one.name)
            ]
        return {
            "pid": os.getpid(),
            "gateway": self.gateway,
            "control": self._control.url,
            "otlp": self._options.otlp,
            "services": services,
            "left_out": self.left_out,
        }

    def _running_state(self) -> dict[str, Any]:
        """Return the state with what changes by the moment."""
        return {**self.state(), "waiting": lag(self._queue)}

    def _actions(self) -> Mapping[str, Action]:
        """What is done here when a fault is switched; the others happen in the services."""
        return {
            "bad-release": Action(
                on=lambda: self.release("payments-b", "1.1.0"), off=lambda: self.release("payments-b", VERSION)
            ),
            "cold-starts": Action(on=self._reclaim, off=lambda: None),
        }

    def _chosen(self) -> list[Service]:
        """Return the services of the languages that were asked for and are here."""
        chosen = []
        for service in SERVICES:
            reason = launch.prepare(service, _say) if service.runtime.value in self._options.only else _UNASKED
            if reason:
                self._left_out[service.name] = reason
            else:
                chosen.append(service)
        reason = PAGE.prepare(_say) if Runtime.NODE.value in self._options.only else _UNASKED
        if reason:
            self._left_out[PAGE.name] = reason
        return chosen

    def _assign_ports(self, chosen: list[Service]) -> None:
        names = [one.name for service in chosen if service.listens for one in service.instances]
        self._ports = dict(zip(names, ports.free(len(names)), strict=True))
        if self._options.port:
            self._ports["gateway-a"] = self._options.port

    def _begin(self, service: Service, instance: Instance, version: str) -> Child:
        port = self._ports.get(instance.name, 0)
        environ = launch.environment(service, instance, self._around, port=port, version=version)
        child = Child(
            instance.name, launch.command(service), environ, port=port, log=self._directory.log(instance.name)
        )
        with self._lock:
            child.start()
            self._children[instance.name] = child
            self._running[instance.name] = (service, instance, version)
        return child

    def _wait_ready(self, child: Child) -> None:
        end = time.monotonic() + READY_S
        while not child.ready() and not self._stopping.is_set():
            if child.ended() is not None or time.monotonic() > end:
                raise NotReadyError(child.name, child.log, child.tail())
            time.sleep(0.05)

    def _wait_before_restart(self, name: str) -> float:
        now = time.monotonic()
        recent = [at for at in self._deaths.get(name, []) if at > now - SOON_S]
        self._deaths[name] = [*recent, now]
        return RESTART_AFTER_S[min(len(recent), len(RESTART_AFTER_S) - 1)]

    def _restart_dead(self, name: str) -> None:
        with self._lock:
            if not self._stopping.is_set():
                self._begin(*self._running[name])
            self._changing.discard(name)

    def _fill(self) -> subprocess.Popen[bytes]:
        environ = launch.environment(SERVICES[0], Instance("database"), self._around, port=0)
        with self._directory.log("database").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "shop.database"],
                env=environ,
                cwd=self._directory.path,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _let_people_in(self) -> None:
        """Start the people: nothing of theirs is traced."""
        told = self._options
        environ = launch.environment(PEOPLE, PEOPLE.instances[0], self._around, port=0)
        command = [sys.executable, "-m", "shop.load", "--gateway", self.gateway, "--rate", str(told.rate)]
        command += ["--day", f"{told.day_s}s", "--tell"]
        child = Child("people", command, environ, port=0, log=self._directory.log("people"))
        self._people, self._people_since = child, time.monotonic()
        child.start()

    def _keep_people(self) -> None:
        """Let others in when something has happened to all people, though not at once."""
        people = self._people
        if people is not None and people.ended() is not None and time.monotonic() > self._people_since + SOON_S:
            sys.stderr.write(f"shop: people ended with {people.ended()}, others come\n")
            self._people_since = time.monotonic()
            people.start()

    def _function(self, number: int) -> Worker:
        instance = Instance(f"billing-{number}")
        memory_mb = int(self._switches.settings()["billing"]["memory_mb"])
        environ = launch.environment(BILLING, instance, self._around, port=0, memory_mb=memory_mb)
        return Worker(launch.command(BILLING), environ, self._directory.log("billing"))

    def _reclaims(self) -> bool:
        """Return whether the platform throws away the process of this order."""
        told = self._switches.faults().get("cold-starts")
        return told is not None and random.random() < told["share"]  # noqa: S311 - not for secrets

    def _reclaim(self) -> None:
        if self._functions is not None:
            self._functions.reclaim()

    def _tail(self, name: str) -> str:
        return self._directory.log(name).read_text(errors="replace")[-2000:]

    def _write(self) -> None:
        told = self.state()
        if told != self._told:
            write_json(self._directory.shop, told)
            self._told = told
