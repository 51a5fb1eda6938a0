"""Celery tasks that know nothing of tracing, over a broker of files.

usage: python celery_app.py; celery -A celery_app worker. CELERY_FOLDER is the broker.
"""

import os
from pathlib import Path

from celery import Celery

FOLDER = Path(os.environ["CELERY_FOLDER"])
for name in ("queue", "control", "results"):
    (FOLDER / name).mkdir(exist_ok=True, parents=True)
app = Celery("celery_app", broker="filesystem://", backend=f"file://{FOLDER}/results")
app.conf.update(
    broker_transport_options={
        "data_folder_in": str(FOLDER / "queue"),
        "data_folder_out": str(FOLDER / "queue"),
        "control_folder": str(FOLDER / "control"),
    },
    broker_connection_retry_on_startup=True,
)


@app.task
def receipt(order):
    """Do the last step."""
    return order


@app.task(bind=True, max_retries=2)
def charge(self, order):
    """Fail once, then hand on."""
    if self.request.retries == 0:
        raise self.retry(exc=TimeoutError("the bank is away"), countdown=0)
    receipt.delay(order)
    return order


if __name__ == "__main__":
    charge.delay(7).get(timeout=60)
