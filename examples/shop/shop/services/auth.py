"""Who somebody is: sessions in memory, users in the database."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from flask import request
from opentelemetry import trace
from sqlalchemy import func, insert, select

from shop import database, faults, runtime
from shop.breaks import clock, migration

app = runtime.application("auth")
engine = database.connect()
sessions: dict[str, str] = {}
log = logging.getLogger("auth")
tracer = trace.get_tracer("shop.auth")
CLOCK_OFF_S = 90.0


@app.before_request
def follow_faults() -> None:
    """Do to this process what the faults do to it."""
    clock.step(CLOCK_OFF_S if faults.switched("clock-step") else 0.0)
    migration.follow(engine)


@app.post("/sessions")
def log_in() -> Any:
    """Begin a session of a user."""
    user = str((request.get_json() or {}).get("user", ""))
    with engine.connect() as connection:
        row = connection.execute(select(database.users.c.name).where(database.users.c.id == user)).first()
    if row is None:
        log.warning("no such user: %s", user)
        return {"error": "no such user"}, 404
    _note(user)
    token = secrets.token_urlsafe(12)
    sessions[token] = user
    return {"token": token, "name": row.name}, 201


@app.get("/sessions/<token>")
def who(token: str) -> Any:
    """Answer who has this session, with what the shop needs to know of them."""
    user = sessions.get(token)
    if user is None:
        return {"error": "no such session"}, 404
    with engine.connect() as connection:
        row = connection.execute(select(database.users).where(database.users.c.id == user)).one()
    return dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


def _note(user: str) -> None:
    """Look up when somebody came in last, and note that they have come in again."""
    past = database.sign_ins.c
    with tracer.start_as_current_span("last sign-in"), engine.connect() as connection:
        connection.scalar(select(func.max(past.at_ms)).where(past.customer == user))
    with engine.begin() as connection:
        connection.execute(insert(database.sign_ins).values(customer=user, at_ms=database.now_ms()))


if __name__ == "__main__":
    runtime.serve(app)
