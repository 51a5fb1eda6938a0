"""The queue of the shop, embedded and over a real Kafka: at least once, in order, by group."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from clew.testing.kafka import RunningKafka
from clew.testing.shop import until
from shop import queue
from shop.queue import Broker, FileBroker, Message, lag


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKafka]:
    """Run a broker."""
    with RunningKafka(tmp_path_factory.mktemp("kafka")) as running:
        yield running


@pytest.fixture
def topic(monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a topic of this test's own, with two groups of its own."""
    name = f"order.{secrets.token_hex(4)}"
    monkeypatch.setattr(queue, "GROUPS", {name: (f"notifications.{name}", f"billing.{name}")})
    return name


def waiting(broker: Broker) -> list[int]:
    """Return how many messages wait, for notifications and for billing."""
    return list(lag(broker).values())


@pytest.fixture(params=["file", pytest.param("kafka", marks=pytest.mark.kafka)])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Broker:
    """Make a broker of each kind."""
    if request.param == "file":
        return FileBroker(tmp_path)
    return queue.broker(tmp_path, request.getfixturevalue("kafka").address)


def taken(broker: Broker, topic: str, group: str = "") -> Message:
    """Return the next message of a group, once there is one; of billing without its name."""
    return until(lambda: broker.take(topic, group or f"billing.{topic}"), "a message")


def test_each_group_gets_each_message_once_in_order(broker: Broker, topic: str) -> None:
    """Headers and body arrive as they were sent, for every group, and are gone when they are dealt with."""
    ids = [broker.send(topic, {"order": number}, {"traceparent": f"t{number}"}) for number in range(3)]
    for group in queue.GROUPS[topic]:
        for number in range(3):
            message = taken(broker, topic, group)
            assert (message.id, message.body, message.attempt) == (ids[number], {"order": number}, 1)
            assert message.headers == {"traceparent": f"t{number}"}
            broker.done(message)
        assert broker.take(topic, group) is None
    assert waiting(broker) == [0, 0]


def test_a_message_that_is_held_is_nobody_elses(broker: Broker, topic: str) -> None:
    """While one consumer works, the next one gets the next message or none; what is held counts as waiting."""
    broker.send(topic, {}, {})
    message = taken(broker, topic)
    assert broker.take(topic, f"billing.{topic}") is None
    assert waiting(broker) == [1, 1]
    broker.done(message)
    assert waiting(broker) == [1, 0]


def test_who_looks_how_many_wait_takes_nothing_from_the_group(broker: Broker, topic: str) -> None:
    """Asking for the lag before and beside a consumer leaves every message to it."""
    broker.send(topic, {}, {})
    assert waiting(broker)[1] == 1
    assert taken(broker, topic).attempt == 1


def test_a_message_that_keeps_failing_is_put_aside(broker: Broker, topic: str) -> None:
    """It is given back until its attempts are used up; then it waits no longer."""
    poison = broker.send(topic, {"order": 1}, {})
    for attempt in range(1, queue.MAX_ATTEMPTS + 1):
        message = taken(broker, topic)
        assert (message.id, message.attempt) == (poison, attempt)
        broker.again(message, 0.0)
    other = broker.send(topic, {"order": 2}, {})
    assert taken(broker, topic).id == other
    assert waiting(broker)[1] == 1


def test_a_message_that_is_given_back_waits_a_while(broker: Broker, topic: str) -> None:
    """Until then others have their turn."""
    broker.send(topic, {"order": 1}, {})
    second = broker.send(topic, {"order": 2}, {})
    broker.again(taken(broker, topic), 60.0)
    assert taken(broker, topic).id == second
    assert broker.take(topic, f"billing.{topic}") is None


def test_a_message_whose_consumer_is_gone_comes_again(
    tmp_path: Path, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its time of visibility another consumer of the embedded queue gets it, counted as another attempt."""
    monkeypatch.setattr(queue, "VISIBLE_AFTER_S", 0.0)
    broker = FileBroker(tmp_path)
    broker.send(topic, {}, {})
    assert [taken(broker, topic).attempt, taken(broker, topic).attempt] == [1, 2]
