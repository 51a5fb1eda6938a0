"""The control address of a running shop: its state, its faults, and their switches."""

from __future__ import annotations

import contextlib
import difflib
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from clew.cli.errors import ShopRefusedError, ShopUnreachableError, UnknownFaultError, UsageError

DEFAULT_CONTROL = "http://127.0.0.1:8079"
_TIMEOUT_S = 120.0
"""Switching a fault may restart a service, and answers when that is ready."""
_CATALOGUE = Path("examples/shop/faults.yaml")


class Control:
    """Requests to one running shop."""

    def __init__(self, url: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise UsageError(f"--control {url} is no address", hint="write it like http://127.0.0.1:8079")
        self.url = url.rstrip("/")

    def state(self) -> dict[str, Any]:
        """Return what runs, and which faults are on."""
        return dict(self._ask("GET", "/state"))

    def faults(self) -> list[dict[str, Any]]:
        """Return the catalogue: everything that is true about each fault, and `on` while it is switched on."""
        return list(self._ask("GET", "/faults")["faults"])

    def fault(self, name: str) -> dict[str, Any]:
        """Return one entry of the catalogue.

        Raises:
            UnknownFaultError: there is none of this name; says which are like it.
        """
        known = {str(one["name"]): one for one in self.faults()}
        if name not in known:
            raise UnknownFaultError(name, likest(name, list(known)))
        return known[name]

    @contextmanager
    def switched_on(self, name: str, *, share: float, for_s: float) -> Iterator[int]:
        """Switch a fault on for the `with` block; gives the moment since when it is on, in ns.

        Args:
            name: which.
            share: of the calls that it strikes, 0 to 1.
            for_s: after that the shop switches it off by itself, should this process be gone.
        """
        asked = {"share": share, "for_s": for_s}
        try:
            yield int(self._ask("PUT", f"/faults/{name}", asked)["since_ns"])
        except ShopRefusedError:
            raise  # it is not on: what somebody else switched on stays
        except BaseException:  # also Ctrl-C before the answer: it may be on by then
            with contextlib.suppress(ShopUnreachableError, ShopRefusedError):  # the first error is the one to show
                self._ask("DELETE", f"/faults/{name}")
            raise
        self._ask("DELETE", f"/faults/{name}")

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON answer.

        Raises:
            ShopUnreachableError: nobody answers.
            ShopRefusedError: the shop does not do it, and says why.
        """
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - http or https, see __init__
            self.url + path, data, {"content-type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
                text = answer.read()
                return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            raise ShopRefusedError(error.code, *_told(error.read())) from None
        except (OSError, ValueError) as error:
            raise ShopUnreachableError(self.url, str(getattr(error, "reason", error))) from None


def written_catalogue() -> list[dict[str, Any]]:
    """Return the catalogue of the checkout around the working directory or this code; empty without one."""
    for folder in (Path.cwd(), *Path.cwd().parents, *Path(__file__).parents):
        if (folder / _CATALOGUE).is_file():
            return list(yaml.safe_load((folder / _CATALOGUE).read_text(encoding="utf-8")))
    return []


def likest(name: str, known: list[str]) -> list[str]:
    """Return the names that somebody may have meant, at most three."""
    within = [one for one in known if name and (name in one or one in name)]
    return within[:3] or difflib.get_close_matches(name, known, 3, 0.7)


def _told(body: bytes) -> tuple[str, str]:
    """Return what the shop says about a request that it does not do: what is wrong, and what to do."""
    try:
        told = json.loads(body)
        return str(told["error"]), str(told.get("fix", ""))
    except (ValueError, KeyError, TypeError):
        return body[:200].decode(errors="replace").strip(), ""
