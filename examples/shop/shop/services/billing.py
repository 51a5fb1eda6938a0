"""A function: settles one placed order with the acquirer. `shop.functions` is the platform that runs it.

An invocation is a line of JSON on standard input, its answer a line on standard output; the first one of a process
finds it cold.
"""

from __future__ import annotations

import json
import resource
import sys

from shop import messaging, runtime
from shop.breaks import certificates
from shop.queue import Message

log = runtime.begin()
http = runtime.client(detour=lambda _acquirer: certificates.address())
http.verify = str(certificates.authority())


def settle(message: Message) -> None:
    """Settle the charge of an order."""
    order = {"order": message.body["order"], "cents": message.body["total_cents"]}
    http.post("https://acquirer/settlements", json=order).raise_for_status()
    log.info("order %s is settled", message.body["order"])


def main() -> None:
    """Handle invocations until standard input ends, in the memory that the platform gives."""
    resource.setrlimit(resource.RLIMIT_DATA, (int(runtime.environ("MEMORY_MB")) << 20,) * 2)
    for line in sys.stdin:
        told = json.loads(line)
        message = Message(**told["message"])
        ok = True
        try:
            with messaging.processing(told["system"], message) as span:
                span.set_attribute("faas.trigger", "timer" if message.topic == "warm-up" else "pubsub")
                if message.topic != "warm-up":
                    settle(message)
        except Exception:
            log.exception("message %s failed", message.id)
            ok = False
        sys.stdout.write(json.dumps({"ok": ok}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
