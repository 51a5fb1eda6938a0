from __future__ import annotations

import subprocess
import sys

import pytest

HEAD = """
import sys
import asyncio, threading
from concurrent.futures import ThreadPoolExecutor
import clew_sdk
running = clew_sdk.start("shop", endpoint=sys.argv[1])
from opentelemetry import trace
tracer = trace.get_tracer("t")

def work(name):
    with tracer.start_as_current_span(name):
        pass

async def awork(name):
    await asyncio.sleep(0)
    work(name)

with tracer.start_as_current_span("root"):
{body}
assert running.flush()
"""
WAYS = {
    "threads": """
one = threading.Thread(target=work, args=("thread",))
later = threading.Timer(0.01, work, ("timer",))
for each in (one, later):
    each.start()
    each.join()
""",
    "executors": """
with ThreadPoolExecutor(2) as pool:
    pool.submit(work, "submit").result()
    list(pool.map(work, ("map-1", "map-2")))
""",
    "asyncio": """
async def main():
    loop = asyncio.get_running_loop()
    called = loop.create_future()
    loop.call_soon(lambda: (work("call_soon"), called.set_result(None)))
    await asyncio.gather(awork("gather-1"), awork("gather-2"), asyncio.create_task(awork("task")), called)
    await asyncio.to_thread(work, "to_thread")
    await loop.run_in_executor(None, work, "run_in_executor")
    async with asyncio.TaskGroup() as group:
        group.create_task(awork("group"))
asyncio.run(main())
""",
}
NAMES = {
    "threads": {"thread", "timer"},
    "executors": {"submit", "map-1", "map-2"},
    "asyncio": {"call_soon", "gather-1", "gather-2", "task", "to_thread", "run_in_executor", "group"},
}


@pytest.mark.parametrize("way", WAYS)
def test_work_that_is_handed_on_stays_below_its_span(endpoint, way):
    """Whatever runs the work, its spans are children of the span that was current where it was handed on."""
    body = "\n".join(f"    {line}" for line in WAYS[way].strip().splitlines())
    program = HEAD.format(body=body)
    command = [sys.executable, "-c", program, endpoint.url.removesuffix("/v1/traces")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    spans = [
        span
        for request in endpoint.requests
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    [root] = [span for span in spans if span.name == "root"]
    assert {span.name for span in spans if span.parent_span_id == root.span_id} == NAMES[way]
    assert len(spans) == len(NAMES[way]) + 1
