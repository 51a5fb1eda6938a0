"""From answers of `query` to responses: envelope, server time, NDJSON lines, reads that end with their client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel

from clew.api.access import Deps, Reading, deps_of, reading
from clew.api.deps import ApiDeps
from clew.api.models import Envelope
from clew.api.problems import ClientGone
from clew.model import Scope
from clew.query.answer import Answer, Meta
from clew.query.read import Read
from clew.query.reader import Errand
from clew.query.times import parse_window
from clew.store.engine import Limits

T = TypeVar("T")
NDJSON = "application/x-ndjson"


class Asking:
    """One request's way to the reader: tenant, clock, and the end of the read when the client goes away."""

    def __init__(self, request: Request, deps: ApiDeps, scope: Scope, asker: str = "") -> None:
        self.request = request
        self.deps = deps
        self.scope = scope
        self.asker = asker
        self.now = deps.reader.now()

    def errand(self, limits: Limits | None = None) -> Errand:
        """Return what a read of this request is for."""
        tags = getattr(self.request.scope.get("route"), "tags", None) or ["read"]
        return Errand(self.asker, str(tags[0]), limits)

    async def run(self, work: Callable[[Read], T], *, limits: Limits | None = None) -> T:
        """Return what a read returns, ending it when the client disconnects."""
        return await self.watch(self.deps.reader.run(self.scope, work, self.errand(limits)))

    async def stream(
        self, work: Callable[[Read], Iterator[bytes]], media_type: str, *, limits: Limits | None = None
    ) -> StreamingResponse:
        """Answer with what a read yields; an error comes before the status is sent, an end of the client ends it."""
        parts = self.deps.reader.stream(self.scope, work, self.errand(limits))
        try:
            first = await self.watch(anext(parts))
        except BaseException:
            await parts.aclose()
            raise

        async def body() -> AsyncIterator[bytes]:
            try:
                yield first
                async for part in parts:
                    yield part
            finally:
                await parts.aclose()

        return StreamingResponse(body(), media_type=media_type, headers={"Cache-Control": "no-store"})

    async def watch(self, work: Awaitable[T]) -> T:
        """Return what is awaited, cancelling it when the client disconnects.

        Raises:
            ClientGone: it did; nobody reads the answer.
        """
        read = asyncio.ensure_future(work)
        gone = asyncio.ensure_future(self._gone())
        try:
            await asyncio.wait({read, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not read.done():
                raise ClientGone
            return await read
        finally:
            gone.cancel()
            if not read.done():
                read.cancel()

    async def _gone(self) -> None:
        while (await self.request.receive())["type"] != "http.disconnect":
            pass

    def window(self, from_: str, to: str) -> Any:
        """Return the range that a request asks for."""
        return parse_window(from_, to, self.now)

    def meta(self, meta: Meta) -> Meta:
        """Return a meta with the freshness of the data."""
        return replace(meta, fresh_ns=self.deps.status.newest_span_ns())

    def json(self, model: Any, answer: Answer[Any]) -> Response:
        """Return an answer as JSON in its envelope."""
        meta = self.meta(answer.meta)
        frame: BaseModel = Envelope[model].model_validate({"data": answer.data, "meta": meta}, from_attributes=True)
        headers = {"Server-Timing": f"engine;dur={meta.scanned.ms}", "Cache-Control": "no-store"}
        return Response(frame.model_dump_json(by_alias=True), 200, headers, "application/json")


async def _asking(request: Request, deps: Deps, principal: Reading) -> Asking:
    return Asking(request, deps, Scope(principal.tenant), principal.name)


async def asking(request: Request) -> Asking:
    """Return a request's way to the reader, for routes that FastAPI does not call.

    Raises:
        AuthError: the caller may not read.
    """
    principal = await reading(request)
    return Asking(request, deps_of(request), Scope(principal.tenant), principal.name)


Ask = Annotated[Asking, Depends(_asking)]


def line(kind: str, **fields: Any) -> bytes:
    """Return one line of an NDJSON stream."""
    return json.dumps({"type": kind, **fields}, separators=(",", ":")).encode() + b"\n"


def plain(model: type[BaseModel], value: object) -> Any:
    """Return a value of `query` as the JSON of its model."""
    return model.model_validate(value, from_attributes=True).model_dump(mode="json", by_alias=True)
