"""The bank's old front: knows nothing of tracing, and forwards a request without any header that it does not know."""

from __future__ import annotations

import json
import logging
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from shop import faults, runtime

WITHIN_S = 8.0
SLOW_S = 0.9
STEADY_S = 0.6
log = logging.getLogger("legacy-bank")


class Front(BaseHTTPRequestHandler):
    """Hands an authorisation on to the acquirer."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Ask the acquirer, answer what it says."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if faults.on("slow-bank"):
            time.sleep(SLOW_S)
        if faults.on("timeout-cascade"):
            time.sleep(STEADY_S)
        target = f"http://{runtime.addresses('acquirer')[0]}{self.path}"
        request = urllib.request.Request(target, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=WITHIN_S) as answer:  # noqa: S310
                self._answer(answer.status, answer.read())
        except urllib.error.HTTPError as error:
            self._answer(error.code, error.read())
        except OSError as error:
            log.warning("acquirer: %s", error)
            self._answer(504, json.dumps({"error": "no answer"}).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


def main() -> None:
    """Serve until told to end."""
    runtime.begin()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Front, bind_and_activate=False)
    server.socket.close()
    server.socket = runtime.listen()
    server.daemon_threads = True
    with server:
        server.serve_forever()


if __name__ == "__main__":
    main()
