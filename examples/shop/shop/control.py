"""The switches over HTTP, on this machine only."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from shop.errors import BadValueError, LeftOutError, ShopError, UnknownError
from shop.switches import Switches
from shop.truth import entries


class Control:
    """Answers `GET /state`, `GET /faults`, `PUT` and `DELETE /faults/NAME`, `DELETE /faults`, `PUT /settings/GROUP`."""

    def __init__(self, port: int, switches: Switches, state: Callable[[], dict[str, Any]]) -> None:
        handler = type("Handler", (_Handler,), {"switches": switches, "state": staticmethod(state)})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Answer from now on."""
        threading.Thread(target=self._server.serve_forever, name="control", daemon=True).start()

    def stop(self) -> None:
        """End. Not without start."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    switches: Switches
    state: Callable[[], dict[str, Any]]

    def do_GET(self) -> None:
        """Tell the state, or the faults with what is known of them."""
        match self._path():
            case ["state"]:
                told = {**self.state(), "faults": self.switches.faults(), "settings": self.switches.settings()}
                self._answer(200, told)
            case ["faults"]:
                on = self.switches.faults()
                self._answer(200, {"faults": [{**one, "on": on.get(one["name"])} for one in entries()]})
            case _:
                self._answer(404, {"error": "no such address"})

    def do_PUT(self) -> None:
        """Switch a fault on, or change settings."""
        try:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
            match self._path():
                case ["faults", name]:
                    self._answer(200, self.switches.switch_on(name, body))
                case ["settings", group]:
                    self._answer(200, self.switches.set(group, body))
                case _:
                    self._answer(404, {"error": "no such address"})
        except json.JSONDecodeError as error:
            self._answer(400, {"error": f"the body is no JSON: {error}"})
        except UnknownError as error:
            self._answer(404, {"error": str(error), "fix": error.fix})
        except BadValueError as error:
            self._answer(400, {"error": str(error), "fix": error.fix})
        except LeftOutError as error:
            self._answer(409, {"error": str(error), "fix": error.fix})
        except ShopError as error:
            self._answer(500, {"error": str(error), "fix": error.fix})

    def do_DELETE(self) -> None:
        """Switch one fault off, or all."""
        match self._path():
            case ["faults", name]:
                self.switches.switch_off(name)
                self._answer(200, {})
            case ["faults"]:
                self.switches.switch_all_off()
                self._answer(200, {})
            case _:
                self._answer(404, {"error": "no such address"})

    def _path(self) -> list[str]:
        return self.path.strip("/").split("/")

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        sent = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""
