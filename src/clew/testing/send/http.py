"""OTLP over HTTP/1.1 with one kept-alive connection; little more than the bytes, so that it costs little CPU."""

from __future__ import annotations

import asyncio
import json
import zlib
from urllib.parse import urlsplit

from google.protobuf.message import DecodeError
from google.rpc.status_pb2 import Status

from clew.testing.send.answer import Answer, accepted

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
_RETRYABLE = {429, 502, 503, 504}
_OK = 200
_LIMIT = 1 << 20


class HttpSender:
    """Sends protobuf bodies to `<endpoint>/v1/traces`."""

    def __init__(
        self,
        endpoint: str,
        *,
        token: str = "",
        gzip: bool = False,
        path: str = "/v1/traces",
        content_type: str = PROTOBUF,
    ) -> None:
        parts = urlsplit(endpoint)
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or 4318
        self._gzip = gzip
        self._json = content_type == JSON
        head = [
            f"POST {parts.path.rstrip('/')}{path} HTTP/1.1",
            f"host: {self._host}:{self._port}",
            f"content-type: {content_type}",
        ]
        if token:
            head.append(f"authorization: Bearer {token}")
        if gzip:
            head.append("content-encoding: gzip")
        self._head = ("\r\n".join(head) + "\r\ncontent-length: ").encode()
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, body: bytes) -> Answer:
        """Send one body; a connection that the receiver has closed meanwhile is opened anew."""
        data = _gzip(body) if self._gzip else body
        if self._open is None or self._open[1].is_closing() or self._open[0].at_eof():
            self._open = await asyncio.open_connection(self._host, self._port, limit=_LIMIT)
        reader, writer = self._open
        try:
            writer.write(self._head + str(len(data)).encode() + b"\r\n\r\n")
            writer.write(data)
            await writer.drain()
            return await self._answer(reader)
        except (OSError, asyncio.IncompleteReadError) as error:
            await self.close()
            raise ConnectionError(f"{self._host}:{self._port} ended the connection: {error}") from error

    async def _answer(self, reader: asyncio.StreamReader) -> Answer:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split(" ", 2)[1])
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(int(fields.get("content-length", "0")))
        if fields.get("connection", "").lower() == "close":
            await self.close()
        if status == _OK:
            return _accepted_json(body) if self._json else accepted(body)
        wait = float(fields.get("retry-after", "1")) if status in _RETRYABLE else None
        return Answer(ok=False, retry_after_s=wait, message=f"{status} {_message(body, as_json=self._json)}")

    async def close(self) -> None:
        """Close the connection; safe twice."""
        if self._open is not None:
            self._open[1].close()
            self._open = None


def _gzip(body: bytes) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()


def _accepted_json(body: bytes) -> Answer:
    partial = json.loads(body or b"{}").get("partialSuccess") or {}
    return Answer(ok=True, rejected=int(partial.get("rejectedSpans") or 0), message=partial.get("errorMessage") or "")


def _message(body: bytes, *, as_json: bool) -> str:
    try:
        return str(json.loads(body)["message"]) if as_json else str(Status.FromString(body).message)
    except (ValueError, KeyError, DecodeError):
        return body[:200].decode(errors="replace")
