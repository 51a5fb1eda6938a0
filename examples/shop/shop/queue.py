"""The queue: topics, consumer groups, at least once. Embedded in a file, or Kafka where the shop is given a broker.

Spans follow OpenTelemetry's conventions for messaging; the context travels in the headers of a message.
"""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

GROUPS = {"order.placed": ("notifications", "billing")}
"""Who consumes what."""
VISIBLE_AFTER_S = 30.0
"""How long a consumer may take before its message is given to another."""
MAX_ATTEMPTS = 5
POLL_S = 0.05


@dataclass(frozen=True)
class Message:
    """One message as a consumer gets it."""

    id: str
    topic: str
    group: str
    headers: dict[str, str]
    body: dict[str, Any]
    attempt: int
    sent_ns: int


class Broker(Protocol):
    """What carries messages."""

    system: str
    """`messaging.system` of its spans."""

    def send(self, topic: str, body: dict[str, Any], headers: dict[str, str]) -> str:
        """Keep a message for every group of the topic; returns its id."""

    def take(self, topic: str, group: str) -> Message | None:
        """Return the next message of a group that nobody holds, or None."""

    def done(self, message: Message) -> None:
        """Forget a message that has been dealt with."""

    def again(self, message: Message, after_s: float) -> None:
        """Give a message back; after five attempts it is put aside as dead."""

    def waiting(self, topic: str, group: str) -> int:
        """Return how many messages a group has not dealt with."""


def lag(of: Broker) -> dict[str, int]:
    """Return how many messages wait, by group."""
    return {group: of.waiting(topic, group) for topic, groups in GROUPS.items() for group in groups}


_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
  number INTEGER PRIMARY KEY, id TEXT, topic TEXT, consumer TEXT, headers TEXT, body TEXT,
  attempts INTEGER DEFAULT 0, visible_ns INTEGER, sent_ns INTEGER, dead INTEGER DEFAULT 0
);
CREATE INDEX IF NOT EXISTS messages_next ON messages (topic, consumer, dead, number);
"""


class FileBroker:
    """A table in a file of its own."""

    system = "shop-queue"

    def __init__(self, run: Path) -> None:
        self._path = run / "queue.db"
        with self._open() as connection:
            connection.executescript(_SCHEMA)

    def send(self, topic: str, body: dict[str, Any], headers: dict[str, str]) -> str:
        """Keep a message for every group of the topic."""
        made, now = uuid.uuid4().hex, time.time_ns()
        rows = [(made, topic, group, json.dumps(headers), json.dumps(body), now, now) for group in GROUPS[topic]]
        with self._open() as connection:
            connection.executemany(
                "INSERT INTO messages (id, topic, consumer, headers, body, visible_ns, sent_ns)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
        return made

    def take(self, topic: str, group: str) -> Message | None:
        """Return the oldest message that nobody holds, and hold it."""
        now = time.time_ns()
        with self._open() as connection:
            row = connection.execute(
                "UPDATE messages SET attempts = attempts + 1, visible_ns = ? WHERE number = ("
                " SELECT number FROM messages WHERE topic = ? AND consumer = ? AND dead = 0 AND visible_ns <= ?"
                " ORDER BY number LIMIT 1) RETURNING id, headers, body, attempts, sent_ns",
                (now + int(VISIBLE_AFTER_S * 1e9), topic, group, now),
            ).fetchone()
        if row is None:
            return None
        return Message(row[0], topic, group, json.loads(row[1]), json.loads(row[2]), row[3], row[4])

    def done(self, message: Message) -> None:
        """Remove a message of a group."""
        with self._open() as connection:
            connection.execute("DELETE FROM messages WHERE id = ? AND consumer = ?", (message.id, message.group))

    def again(self, message: Message, after_s: float) -> None:
        """Show a message again after a while, or put it aside as dead."""
        visible = time.time_ns() + int(after_s * 1e9)
        dead = int(message.attempt >= MAX_ATTEMPTS)
        with self._open() as connection:
            connection.execute(
                "UPDATE messages SET visible_ns = ?, dead = ? WHERE id = ? AND consumer = ?",
                (visible, dead, message.id, message.group),
            )

    def waiting(self, topic: str, group: str) -> int:
        """Count the messages of a group, those that are held included."""
        with self._open() as connection:
            told = connection.execute(
                "SELECT count(*) FROM messages WHERE topic = ? AND consumer = ? AND dead = 0", (topic, group)
            ).fetchone()
        return int(told[0])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=10)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            with connection:
                yield connection


def broker(run: Path, kafka: str) -> Broker:
    """Return the broker of a shop."""
    if kafka:
        from shop.kafka import KafkaBroker  # noqa: PLC0415 - its client is needed there only

        return KafkaBroker(kafka)
    return FileBroker(run)
