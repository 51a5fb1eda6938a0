"""Programs at a Kafka broker, one for each first argument.

usage: python kafka_app.py send|batch|forward|collect BROKER
"""

import sys

from confluent_kafka import Consumer, Producer
from kafka import KafkaConsumer, KafkaProducer

from clew_sdk.context.records import processing

ROLE, BROKER = sys.argv[1:]


def send():
    """Send two orders with Confluent's client."""
    producer = Producer({"bootstrap.servers": BROKER})
    for order in range(2):
        producer.produce("orders", str(order).encode())
    assert producer.flush(60) == 0


def batch():
    """Take both orders at once with Confluent's client."""
    consumer = Consumer({"bootstrap.servers": BROKER, "group.id": "batch", "auto.offset.reset": "earliest"})
    consumer.subscribe(["orders"])
    assert len(consumer.consume(2, timeout=60)) == 2
    consumer.close()


def forward():
    """Take each order by itself with the client in Python, and pass it on with its headers."""
    producer = KafkaProducer(bootstrap_servers=BROKER)
    for _, record in zip(range(2), consumed("orders"), strict=False):
        with processing(record.topic, record.headers):
            producer.send("parcels", record.value).get(60)
    producer.close()


def collect():
    """Take what was passed on."""
    for _, record in zip(range(2), consumed("parcels"), strict=False):
        with processing(record.topic, record.headers):
            pass


def consumed(topic):
    """Yield the records of a topic."""
    consumer = KafkaConsumer(topic, bootstrap_servers=BROKER, group_id=ROLE, auto_offset_reset="earliest")
    yield from consumer
    consumer.close()


if __name__ == "__main__":
    {"send": send, "batch": batch, "forward": forward, "collect": collect}[ROLE]()
