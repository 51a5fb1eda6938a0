"""Who somebody is: sessions in memory, users in the database."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from flask import request
from sqlalchemy import select

from shop import database, runtime

app = runtime.application("auth")
engine = database.connect()
sessions: dict[str, str] = {}
log = logging.getLogger("auth")


@app.post("/sessions")
def log_in() -> Any:
    """Begin a session of a user."""
    user = str((request.get_json() or {}).get("user", ""))
    with engine.connect() as connection:
        row = connection.execute(select(database.users.c.name).where(database.users.c.id == user)).first()
    if row is None:
        log.warning("no such user: %s", user)
        return {"error": "no such user"}, 404
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


if __name__ == "__main__":
    runtime.serve(app)
