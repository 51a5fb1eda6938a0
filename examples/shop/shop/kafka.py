"""The queue on Kafka: a topic each, a consumer group each, offsets committed when the work is done."""

from __future__ import annotations

import atexit
import heapq
import itertools
import json
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from shop.errors import NoBrokerError
from shop.queue import GROUPS, MAX_ATTEMPTS, Message

_SENT_WITHIN_S = 10.0
_ASKED_WITHIN_S = 5.0
_AGAIN_S = 0.1
_STARTING = {
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
}
_GONE_AFTER_MS = 6_000
"""After how long without a sign another member of a group takes a consumer's place."""


class KafkaBroker:
    """Topics of a Kafka cluster."""

    system = "kafka"

    def __init__(self, address: str) -> None:
        """Connect to the cluster at `HOST:PORT` and make the topics that are not there yet.

        Raises:
            NoBrokerError: it does not answer.
        """
        self._address = address
        self._producer = Producer({"bootstrap.servers": address, "linger.ms": 0})
        self._groups: dict[tuple[str, str], _Group] = {}
        self._lock = threading.Lock()
        atexit.register(self.close)
        admin = AdminClient({"bootstrap.servers": address})
        try:
            admin.list_topics(timeout=_ASKED_WITHIN_S)
        except KafkaException as error:
            raise NoBrokerError(address, error.args[0].str()) from error
        topics = [NewTopic(name, 1, 1) for topic in GROUPS for name in (topic, f"{topic}.dead")]
        for made in admin.create_topics(topics).values():
            try:
                made.result(_SENT_WITHIN_S)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise

    def send(self, topic: str, body: dict[str, Any], headers: dict[str, str]) -> str:
        """Send a message and wait until the cluster has it."""
        made = uuid.uuid4().hex
        failed: list[KafkaError] = []
        self._producer.produce(
            topic,
            json.dumps(body).encode(),
            key=made,
            headers=[(name, value.encode()) for name, value in headers.items()],
            on_delivery=lambda error, _: failed.append(error) if error else None,
        )
        if self._producer.flush(_SENT_WITHIN_S) or failed:
            raise KafkaException(*failed or [KafkaError(KafkaError._MSG_TIMED_OUT)])  # noqa: SLF001 - its public name
        return made

    def take(self, topic: str, group: str) -> Message | None:
        """Return one that was given back and is due, or else the next of the topic."""
        return self._group(topic, group).take()

    def done(self, message: Message) -> None:
        """Let the group's place move past the message."""
        self._group(message.topic, message.group).done(message)

    def again(self, message: Message, after_s: float) -> None:
        """Hold a message back for a while; after five attempts it goes to the topic of the dead."""
        if message.attempt >= MAX_ATTEMPTS:
            self.send(f"{message.topic}.dead", message.body, message.headers)
            self.done(message)
        else:
            self._group(message.topic, message.group).again(message, after_s)

    def waiting(self, topic: str, group: str) -> int:
        """Return how far a group's place is behind the end of the topic."""
        return self._group(topic, group).behind()

    def close(self) -> None:
        """Leave all groups, so that others take over at once."""
        with self._lock:
            for group in self._groups.values():
                group.close()
            self._groups.clear()

    def _group(self, topic: str, group: str) -> _Group:
        with self._lock:
            if (topic, group) not in self._groups:
                self._groups[topic, group] = _Group(self._address, topic, group)
            return self._groups[topic, group]


class _Group:
    """This process' part in a consumer group."""

    def __init__(self, address: str, topic: str, group: str) -> None:
        self._topic, self._group = topic, group
        self._lock = threading.Lock()
        self._held: dict[str, tuple[int, int]] = {}
        """Partition and offset of what was taken and is not done: the group's place stays before it."""
        self._next: dict[int, int] = {}
        """Offset after the last one taken, by partition."""
        self._back: list[tuple[int, int, Message]] = []
        self._number: Callable[[], int] = itertools.count().__next__
        self._consumer = Consumer(
            {
                "bootstrap.servers": address,
                "group.id": group,
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "session.timeout.ms": _GONE_AFTER_MS,
            }
        )
        self._takes = False
        """Whether this process is a member of the group; one that only looks how far it is must not be given a part."""

    def take(self) -> Message | None:
        with self._lock:
            if self._back and self._back[0][0] <= time.time_ns():
                return heapq.heappop(self._back)[2]
            if not self._takes:
                self._consumer.subscribe([self._topic])
                self._takes = True
        got: Any = self._consumer.poll(0)
        if got is None or got.error():
            return None
        message = Message(
            id=got.key().decode(),
            topic=self._topic,
            group=self._group,
            headers={name: value.decode() for name, value in got.headers() or []},
            body=json.loads(got.value()),
            attempt=1,
            sent_ns=got.timestamp()[1] * 1_000_000,
        )
        with self._lock:
            self._held[message.id] = (got.partition(), got.offset())
            self._next[got.partition()] = got.offset() + 1
        return message

    def done(self, message: Message) -> None:
        with self._lock:
            partition, _ = self._held.pop(message.id)
            first = min(
                (offset for part, offset in self._held.values() if part == partition), default=self._next[partition]
            )
        self._consumer.commit(offsets=[TopicPartition(self._topic, partition, first)], asynchronous=False)

    def again(self, message: Message, after_s: float) -> None:
        due = time.time_ns() + int(after_s * 1e9)
        later = Message(**{**vars(message), "attempt": message.attempt + 1})
        with self._lock:
            heapq.heappush(self._back, (due, self._number(), later))

    def close(self) -> None:
        self._consumer.close()

    def behind(self) -> int:
        told = self._consumer.list_topics(self._topic, _ASKED_WITHIN_S).topics[self._topic].partitions
        total = 0
        for place in self._places([TopicPartition(self._topic, one) for one in told]):
            low, high = self._consumer.get_watermark_offsets(place, _ASKED_WITHIN_S)
            total += high - max(place.offset, low)
        return total

    def _places(self, partitions: list[TopicPartition]) -> list[TopicPartition]:
        """Return the partitions with the group's offsets; a cluster that has just started needs a moment for that."""
        end = time.monotonic() + _ASKED_WITHIN_S
        while True:
            try:
                return list(self._consumer.committed(partitions, _ASKED_WITHIN_S))
            except KafkaException as error:
                if error.args[0].code() not in _STARTING or time.monotonic() > end:
                    raise
                time.sleep(_AGAIN_S)
