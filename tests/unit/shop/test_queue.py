"""The shop's own queue: at least once, in order, by group."""

from __future__ import annotations

from pathlib import Path

import pytest

from shop import queue
from shop.queue import Broker, FileBroker, Message, lag

TOPIC = "order.placed"


@pytest.fixture
def broker(tmp_path: Path) -> Broker:
    """Make a broker in an empty directory."""
    return FileBroker(tmp_path)


def taken(broker: Broker, group: str = "billing") -> Message:
    """Return the next message of a group."""
    message = broker.take(TOPIC, group)
    assert message is not None
    return message


def test_each_group_gets_each_message_once_in_order(broker: Broker) -> None:
    """Headers and body arrive as they were sent, for every group, and are gone when they are dealt with."""
    ids = [broker.send(TOPIC, {"order": number}, {"traceparent": f"t{number}"}) for number in range(3)]
    for group in queue.GROUPS[TOPIC]:
        for number in range(3):
            message = taken(broker, group)
            assert (message.id, message.body, message.headers) == (
                ids[number],
                {"order": number},
                {"traceparent": f"t{number}"},
            )
            assert message.attempt == 1
            broker.done(message)
        assert broker.take(TOPIC, group) is None


def test_a_message_that_is_held_is_nobody_elses(broker: Broker) -> None:
    """While one consumer works, the next one gets the next message, or none."""
    broker.send(TOPIC, {}, {})
    taken(broker)
    assert broker.take(TOPIC, "billing") is None
    assert lag(broker) == {"notifications": 1, "billing": 1}


def test_a_message_whose_consumer_is_gone_comes_again(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the visibility time another consumer gets it, counted as another attempt."""
    monkeypatch.setattr(queue, "VISIBLE_AFTER_S", 0.0)
    broker.send(TOPIC, {}, {})
    assert [taken(broker).attempt, taken(broker).attempt] == [1, 2]


def test_a_message_that_keeps_failing_is_put_aside(broker: Broker) -> None:
    """It is given back until its attempts are used up; then it waits no longer, and the next one has its turn."""
    poison = broker.send(TOPIC, {}, {})
    other = broker.send(TOPIC, {}, {})
    for attempt in range(1, queue.MAX_ATTEMPTS + 1):
        message = taken(broker)
        assert (message.id, message.attempt) == (poison, attempt)
        broker.again(message, 0.0)
    assert taken(broker).id == other
    assert lag(broker)["billing"] == 1


def test_a_message_that_is_given_back_waits_a_while(broker: Broker) -> None:
    """Until then others have their turn."""
    first = broker.send(TOPIC, {}, {})
    second = broker.send(TOPIC, {}, {})
    message = taken(broker)
    assert message.id == first
    broker.again(message, 60.0)
    assert taken(broker).id == second
    assert broker.take(TOPIC, "billing") is None
