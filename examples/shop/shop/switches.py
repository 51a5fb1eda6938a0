"""What is switched: faults with the truth about them, and settings. Written into the run directory for the services."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shop.errors import BadValueError, LeftOutError, UnknownError
from shop.state import RunDirectory, write_json
from shop.truth import entries

SETTINGS: Mapping[str, Mapping[str, float]] = {
    "cache": {"without_share": 0.0},
    "billing": {"warm": 0, "memory_mb": 256},
}


@dataclass(frozen=True)
class Action:
    """What the supervisor does itself when a fault is switched."""

    on: Callable[[], None]
    off: Callable[[], None]


class Switches:
    """Faults and settings of a running shop. Used from the threads of the control server."""

    def __init__(self, directory: RunDirectory, actions: Mapping[str, Action], left_out: Mapping[str, str]) -> None:
        """Prepare; nothing is on.

        Args:
            directory: where services read what is on.
            actions: what the supervisor does, by fault.
            left_out: services that do not run, with the reason; filled in as the shop starts.
        """
        self._directory = directory
        self._actions = actions
        self._left_out = left_out
        self._lock = threading.RLock()
        self._on: dict[str, dict[str, Any]] = {}
        self._settings: dict[str, dict[str, float]] = {group: dict(of) for group, of in SETTINGS.items()}
        self._timers: dict[str, threading.Timer] = {}
        write_json(directory.faults, {})
        write_json(directory.settings, self._settings)

    def faults(self) -> dict[str, dict[str, Any]]:
        """Return the faults that are on."""
        with self._lock:
            return {name: dict(told) for name, told in self._on.items()}

    def settings(self) -> dict[str, dict[str, float]]:
        """Return all settings."""
        with self._lock:
            return {group: dict(of) for group, of in self._settings.items()}

    def switch_on(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Switch a fault on, anew where it was on.

        Args:
            name: one of the catalogue.
            body: `share` of the calls that it strikes (1), `for_s` seconds until it goes by itself (null), and whatever
                else the fault knows.

        Raises:
            UnknownError: there is no such fault.
            BadValueError: the share or the time cannot be used.
            LeftOutError: it is a fault of a service that does not run.
        """
        known = {str(one["name"]): one for one in entries()}
        if name not in known:
            raise UnknownError("fault", name, list(known))
        for service in known[name].get("needs", ()):
            if service in self._left_out:
                raise LeftOutError(name, service, self._left_out[service])
        share = _number(body, "share", 1.0)
        for_s = None if body.get("for_s") is None else _number(body, "for_s", 0)
        if not 0 <= share <= 1:
            raise BadValueError(f"share {share} cannot be used", "write a number from 0 to 1")
        told = {**body, "name": name, "since_ns": time.time_ns(), "share": share, "for_s": for_s}
        with self._lock:
            self.switch_off(name)
            if name in self._actions:
                self._actions[name].on()
            self._on[name] = told
            self._write()
            if for_s is not None:
                self._timers[name] = timer = threading.Timer(for_s, self.switch_off, (name,))
                timer.daemon = True
                timer.start()
        self._tell({"fault": name, "start_ns": told["since_ns"], "end_ns": None, "share": share})
        return told

    def switch_off(self, name: str) -> None:
        """Switch a fault off. Safe when it is not on."""
        with self._lock:
            told = self._on.pop(name, None)
            timer = self._timers.pop(name, None)
            if timer is not None:
                timer.cancel()
            if told is None:
                return
            if name in self._actions:
                self._actions[name].off()
            self._write()
        end = time.time_ns()
        self._tell({"fault": name, "start_ns": told["since_ns"], "end_ns": end, "share": told["share"]})

    def switch_all_off(self) -> None:
        """Switch every fault off."""
        for name in list(self.faults()):
            self.switch_off(name)

    def close(self) -> None:
        """Write the end of what is on; the processes end anyway."""
        with self._lock:
            self._actions = {}
        self.switch_all_off()

    def set(self, group: str, body: Mapping[str, Any]) -> dict[str, float]:
        """Change settings of a group; returns all of it.

        Raises:
            UnknownError: there is no such setting.
            BadValueError: a value is not a number of at least 0.
        """
        if group not in SETTINGS:
            raise UnknownError("group of settings", group, sorted(SETTINGS))
        for name in body:
            if name not in SETTINGS[group]:
                raise UnknownError("setting", name, sorted(SETTINGS[group]))
        new = {name: _number(body, name, 0) for name in body}
        with self._lock:
            self._settings[group] |= new
            write_json(self._directory.settings, self._settings)
            all_of_it = dict(self._settings[group])
        self._tell({"setting": group, "at_ns": time.time_ns(), "values": all_of_it})
        return all_of_it

    def _write(self) -> None:
        write_json(self._directory.faults, self._on)

    def _tell(self, line: dict[str, Any]) -> None:
        with self._lock, self._directory.truth.open("a") as file:
            file.write(json.dumps(line) + "\n")


def _number(body: Mapping[str, Any], name: str, default: float) -> float:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise BadValueError(f"{name} {value!r} cannot be used", "write a number of at least 0")
    return value
