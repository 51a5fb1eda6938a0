"""The payment network behind the bank: says yes or no to a card, and settles what was charged."""

from __future__ import annotations

import logging
import secrets
import time
from typing import Any

from flask import request

from shop import faults, runtime
from shop.breaks import certificates

LIMIT_CENTS = 2_000_000
THINKS_S = 0.004

app = runtime.application("acquirer")
log = logging.getLogger("acquirer")


@app.post("/authorise")
def authorise() -> Any:
    """Say yes, or no to what is beyond the limit of a card."""
    asked = request.get_json()
    time.sleep(THINKS_S)
    if asked["cents"] > LIMIT_CENTS or faults.on("wrong-status"):
        log.info("declined: %d cents", asked["cents"])
        return {"error": "over the limit of the card"}, 402
    return {"authorisation": secrets.token_hex(6)}


@app.post("/settlements")
def settle() -> Any:
    """Take note of a charge that is due."""
    time.sleep(THINKS_S)
    return {"settlement": secrets.token_hex(6), "order": request.get_json()["order"]}, 201


if __name__ == "__main__":
    certificates.serve(app)
    runtime.serve(app)
