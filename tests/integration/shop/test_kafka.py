"""The shop's queue on a real broker, beside what the whole shop shows of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clew.testing.kafka import RunningKafka
from clew.testing.shop import until
from shop.errors import NoBrokerError
from shop.kafka import KafkaBroker
from shop.queue import MAX_ATTEMPTS, Message

TOPIC, GROUP = "order.placed", "notifications"

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a broker."""
    with RunningKafka(tmp_path_factory.mktemp("kafka")) as kafka:
        yield kafka.address


@pytest.fixture
def broker(address: str) -> Iterator[KafkaBroker]:
    """A process' connection to it."""
    made = KafkaBroker(address)
    yield made
    made.close()


@pytest.fixture
def group(request: pytest.FixtureRequest) -> str:
    """A group of consumers of this test alone, which gets what was sent before, too."""
    return str(request.node.name)


def take(broker: KafkaBroker, group: str, sent: str) -> Message:
    """Return the message of that id; what others have sent before it is dealt with."""

    def look() -> Message | None:
        message = broker.take(TOPIC, group)
        if message is not None and message.id != sent:
            broker.done(message)
            return None
        return message

    return until(look, f"message {sent}")


def test_a_message_arrives_with_its_headers_and_is_done(broker: KafkaBroker, group: str) -> None:
    """The consumer gets body and headers as they were sent, and a message that is done waits no more."""
    sent = broker.send(TOPIC, {"order": "1"}, {"traceparent": "00-a-b-01"})
    message = take(broker, group, sent)
    assert (message.body, message.headers, message.attempt) == ({"order": "1"}, {"traceparent": "00-a-b-01"}, 1)
    assert broker.waiting(TOPIC, group) == 1
    broker.done(message)
    assert broker.waiting(TOPIC, group) == 0


def test_who_asks_how_many_wait_takes_none(broker: KafkaBroker, address: str, group: str) -> None:
    """A process that only asks does not become a consumer of the group: messages go on to the one that takes them."""
    watching = KafkaBroker(address)
    sent = broker.send(TOPIC, {"order": "1"}, {})
    assert watching.waiting(TOPIC, group) >= 1
    broker.done(take(broker, group, sent))
    assert watching.waiting(TOPIC, group) == 0
    watching.close()


def test_what_is_not_done_comes_again_to_the_next_consumer(broker: KafkaBroker, address: str, group: str) -> None:
    """A later message that is done does not take an earlier one along that is not: its consumer may have died."""
    first, second = broker.send(TOPIC, {"order": "1"}, {}), broker.send(TOPIC, {"order": "2"}, {})
    take(broker, group, first)
    broker.done(take(broker, group, second))
    assert broker.waiting(TOPIC, group) == 2
    broker.close()
    other = KafkaBroker(address)
    assert take(other, group, first).body == {"order": "1"}
    other.close()


def test_a_message_that_fails_comes_again_and_is_put_aside_in_the_end(broker: KafkaBroker, group: str) -> None:
    """Each attempt counts, and after the last one the message is in the topic of the dead."""
    sent = broker.send(TOPIC, {"order": "poison"}, {})
    for attempt in range(1, MAX_ATTEMPTS + 1):
        message = take(broker, group, sent)
        assert message.attempt == attempt
        broker.again(message, 0.0)
    assert broker.take(TOPIC, group) is None
    assert broker.waiting(TOPIC, group) == 0
    dead = until(lambda: broker.take(f"{TOPIC}.dead", "undertaker"), "the dead message")
    assert dead.body == {"order": "poison"}


def test_a_broker_that_does_not_answer_is_named() -> None:
    """The error says which address, and what to do."""
    with pytest.raises(NoBrokerError, match=r"Kafka at 127\.0\.0\.1:9 does not answer") as caught:
        KafkaBroker("127.0.0.1:9")
    assert caught.value.fix == "start it, or leave --kafka out"
