"""People, against a door that answers what the test says."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from shop.load import Crowd
from shop.load.person import JOURNEYS
from shop.load.statistics import Statistics
from shop.load.wave import busiest, wave

GOODS = {"products": [{"id": f"p{number}"} for number in range(1, 9)]}
Answers = Callable[[str, str], tuple[int, object]]


class Door:
    """A server that answers as it is told, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str, str]] = []
        self.answers: Answers = open_shop
        self._lock = threading.Lock()
        self._inside = 0
        self.most_inside = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Shut the door."""
        self._server.shutdown()
        self._server.server_close()

    def paths(self) -> list[str]:
        """Return what was asked, without who asked."""
        return [f"{method} {path}" for method, path, _, _ in self.asked]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        door = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                with door._lock:
                    told = (self.headers["user-agent"], self.headers.get("idempotency-key", ""))
                    door.asked.append((self.command, self.path, *told))
                    door._inside += 1
                    door.most_inside = max(door.most_inside, door._inside)
                status, body = door.answers(self.command, self.path)
                with door._lock:
                    door._inside -= 1
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                with contextlib.suppress(OSError):  # whoever asked has left
                    self.send_response(status)
                    self.send_header("content-length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)

            do_GET = do_POST = do_PUT = answer  # noqa: N815 - names of http.server

            def log_message(self, *_: object) -> None: ...

        return Handler


def open_shop(_method: str, path: str) -> tuple[int, object]:
    """Answer as a shop that works."""
    if path == "/api/login":
        return 201, {"token": "t"}
    if path == "/api/orders":
        return 201, {"order": "1"}
    return 200, GOODS if path.startswith("/api/products") else {"lines": []}


@pytest.fixture
def door() -> Iterator[Door]:
    """Open a door of a shop that works."""
    opened = Door()
    yield opened
    opened.close()


def test_a_day_has_waves_and_an_average_of_one() -> None:
    """The evening is far busier than the night, midnight joins up, and a whole day averages one."""
    day = [wave(step / 1440) for step in range(1440)]
    assert sum(day) / len(day) == pytest.approx(1.0)
    assert wave(20 / 24) > 5 * wave(4 / 24)
    assert max(day) == busiest()
    assert wave(0.0) == pytest.approx(wave(1.0))


async def test_the_same_seed_makes_the_same_visits(door: Door) -> None:
    """Who comes and what they ask for follows from the seed, whatever the order of the answers."""
    asked = []
    for seed in (1, 1, 2):
        door.asked.clear()
        await Crowd(door.url, seed=seed, pace=0).walk(12)
        asked.append(Counter(door.asked))
    assert asked[0] == asked[1]
    assert asked[0] != asked[2]


@pytest.mark.parametrize("journey", JOURNEYS)
async def test_every_journey_can_be_walked(door: Door, journey: str) -> None:
    """In a shop that works each journey ends well; those that buy end with an order."""
    crowd = Crowd(door.url, pace=0)
    await crowd.walk(3, journeys=[journey])
    assert crowd.told.visits == {journey: 3}
    assert not crowd.told.given_up
    assert crowd.told.orders == (3 if journey in {"buy", "equip", "restock", "return"} else 0)
    assert crowd.told.inside == 0


async def test_devices_ask_again_and_bots_do_not(door: Door) -> None:
    """Browsers and apps ask again, each so often, when a page fails; a bot asks once; each visit then ends."""
    door.answers = lambda *_: (503, {"error": "busy"})
    crowd = Crowd(door.url, pace=0)
    await crowd.walk(20, journeys=["browse"])
    by_agent = Counter(agent.partition("/")[0] for _, _, agent, _ in door.asked)
    assert set(by_agent) == {"Mozilla", "ShopApp"}
    assert crowd.told.retries == len(door.asked) - 20
    assert crowd.told.given_up == {"browse": 20}
    assert crowd.told.failed() == len(door.asked)
    door.asked.clear()
    await crowd.walk(2, journeys=["crawl"])
    assert len(door.asked) == 2


async def test_orders_are_sent_again_only_by_apps_and_under_one_key(door: Door) -> None:
    """A browser never sends an order twice; an app does, with the idempotency key of the first try."""
    door.answers = lambda method, path: (503, {}) if path == "/api/orders" else open_shop(method, path)
    await Crowd(door.url, pace=0).walk(20, journeys=["buy"])
    keys = Counter((agent.partition("/")[0], key) for _, path, agent, key in door.asked if path == "/api/orders")
    assert {count for (agent, _), count in keys.items() if agent == "Mozilla"} == {1}
    assert {count for (agent, _), count in keys.items() if agent == "ShopApp"} == {4}
    assert len(keys) == 20


@pytest.mark.parametrize("answer", [(200, b"<html>"), (200, {"error": "declined"}), (404, {})])
async def test_an_answer_that_says_nothing_ends_the_visit(door: Door, answer: tuple[int, object]) -> None:
    """An answer without JSON, with an error inside, or of the wrong kind is counted as given up, and nobody crashes."""
    door.answers = lambda *_: answer
    crowd = Crowd(door.url, pace=0)
    await crowd.walk(4, journeys=["buy"])
    assert crowd.told.given_up == {"buy": 4}


async def test_a_shop_that_is_gone_is_counted(door: Door) -> None:
    """Requests to a door that is shut are counted as unreachable."""
    door.close()
    crowd = Crowd(door.url, pace=0)
    await crowd.walk(2, journeys=["search"])
    assert set(crowd.told.requests) == {"GET /api/products unreachable"}
    assert crowd.told.given_up == {"search": 2}


async def test_no_more_people_are_inside_than_fit(door: Door) -> None:
    """When answers stay out, people beyond the bound are turned away and counted, and everybody is out in the end."""
    gate = threading.Event()
    door.answers = lambda method, path: (gate.wait(60), open_shop(method, path))[1]
    crowd = Crowd(door.url, pace=0, most=5)
    running = asyncio.ensure_future(crowd.run(400.0))
    while crowd.told.turned_away < 3:  # noqa: ASYNC110 - the crowd tells nobody
        await asyncio.sleep(0.01)
    gate.set()
    running.cancel()
    await asyncio.wait({running})
    assert crowd.told.most_inside == 5
    assert door.most_inside <= 5
    assert crowd.told.inside == 0


async def test_people_stop_coming_and_those_inside_finish(door: Door) -> None:
    """After its time a crowd lets nobody in, and waits for those that are inside; all are counted."""
    crowd = Crowd(door.url, pace=0)
    await crowd.run(200.0, seconds=0.5)
    told = crowd.told
    assert told.arrived == told.turned_away + sum(told.visits.values())
    assert told.inside == 0


def test_statistics_stay_small_and_say_what_was() -> None:
    """Times are counted in buckets, quantiles are near, and failures are what got no answer or a bad one."""
    told = Statistics()
    for number in range(1, 1001):
        told.request("GET /x", "200", number / 1000)
    told.request("GET /x", "timeout", 0.001)
    told.request("GET /x", "503", 0.001)
    assert len(told._waits) < 60
    assert told.wait_ms(0.5) == pytest.approx(500, rel=0.2)
    assert told.failed() == 2
    assert told.summary()["requests"] == {"GET /x 200": 1000, "GET /x 503": 1, "GET /x timeout": 1}
    assert "1002 requests (2 failed" in told.line()
