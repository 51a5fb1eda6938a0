"""A small real HTTP front over an embedded engine: ClickHouse's HTTP interface as far as `HttpEngine` uses it.

Run as a process of its own, since one process holds one data directory: `store_http_front.py DIRECTORY PASSWORD`.
It prints its port, then serves until its standard input ends. Failures that a network has are asked for by path:
`/refuse-<status>` answers with a status and no number, `/cut` breaks the connection off.
"""

from __future__ import annotations

import io
import json
import re
import sys
import tempfile
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pyarrow as pa
from chdb import _chdb

NOT_SETTINGS = {"query", "database", "query_id", "wait_end_of_query", "cancel_http_readonly_queries_on_client_close"}
TAG = "clewfrontexcepti"


class Engine:
    """Connections to the embedded engine, one per request at a time."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        config = directory / "front.xml"
        config.write_text(
            f"<clickhouse><backups><allowed_path>{directory}</allowed_path></backups>"
            "<max_server_memory_usage>4000000000</max_server_memory_usage></clickhouse>"
        )
        self.target = f"{directory / 'data'}?config-file={config}"
        self.lock = threading.Lock()
        self.idle = [_chdb.connect(self.target)]

    @contextmanager
    def connection(self):
        """Lend a connection."""
        with self.lock:
            connection = self.idle.pop() if self.idle else _chdb.connect(self.target)
        try:
            yield connection
        finally:
            with self.lock:
                self.idle.append(connection)


def settings_of(url: dict[str, str]) -> str:
    """Return URL parameters as the text of a SETTINGS clause."""
    values = {k: v for k, v in url.items() if k not in NOT_SETTINGS and not k.startswith("param_")}
    if url.get("query_id"):
        values["log_comment"] = url["query_id"]
    quoted = (
        f"{k} = {v}"
        if re.fullmatch(r"-?[0-9.]+", v)
        else f"{k} = '" + v.replace("\\", "\\\\").replace("'", "\\'") + "'"
        for k, v in values.items()
    )
    return ", ".join(quoted)


class Front(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    engine: Engine
    password: str

    def do_POST(self) -> None:
        """Answer one request."""
        body = self.read_body()
        address = urlsplit(self.path)
        if address.path.startswith("/refuse-"):
            self.answer(int(address.path.removeprefix("/refuse-").rstrip("/")), b"a proxy says no")
            return
        if address.path.startswith("/cut"):
            self.close_connection = True
            self.connection.close()
            return
        if self.headers.get("X-ClickHouse-Key", "") != self.password:
            self.fail("Code: 516. DB::Exception: Authentication failed. (AUTHENTICATION_FAILED)", 403)
            return
        url = dict(parse_qsl(address.query, keep_blank_values=True))
        try:
            self.serve(url, body)
        except RuntimeError as error:
            self.fail(str(error), 500)

    def serve(self, url: dict[str, str], body: bytes) -> None:
        """Run what a request asks for."""
        params = {k.removeprefix("param_"): v for k, v in url.items() if k.startswith("param_")}
        with self.engine.connection() as connection:
            connection.query(f"USE {url['database']}")
            if "query" in url:
                self.insert(connection, url, body)
                return
            sql = body.decode()
            sql = re.sub(r"query_id = '", "Settings['log_comment'] = '", sql) if sql.startswith("KILL") else sql
            if "FORMAT ArrowStream" not in sql:
                with_limits = re.match(r"(?i)(create|delete|drop|optimize|kill|system|alter|backup|restore)\b", sql)
                connection.query(sql if with_limits else f"{sql} SETTINGS {settings_of(url)}", "TSV", params=params)
                self.answer(200, b"")
                return
            sql = f"{sql} SETTINGS {settings_of(url)}"
            if url.get("wait_end_of_query") == "1":
                self.whole(connection.query(sql, "ArrowStream", params=params))
            else:
                self.pieces(connection, sql, params)

    def insert(self, connection, url: dict[str, str], body: bytes) -> None:
        """Insert the body."""
        head, _, form = url["query"].rpartition(" FORMAT ")
        with tempfile.NamedTemporaryFile() as file:
            file.write(body)
            file.flush()
            connection.query(f"{head} FROM INFILE '{file.name}' SETTINGS {settings_of(url)} FORMAT {form}")
        self.answer(200, b"")

    def whole(self, result) -> None:
        """Answer with a whole result and its summary."""
        summary = {
            "read_rows": str(result.storage_rows_read()),
            "read_bytes": str(result.storage_bytes_read()),
            "elapsed_ns": str(int(result.elapsed() * 1e9)),
        }
        self.answer(200, result.bytes(), {"X-ClickHouse-Summary": json.dumps(summary)})

    def pieces(self, connection, sql: str, params: dict[str, str]) -> None:
        """Answer in chunks: one Arrow stream; an error after the first piece stands behind it in the body."""
        result = connection.send_query(sql, "ArrowStream", params=params)
        data = connection.streaming_fetch_result(result).bytes()
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("X-ClickHouse-Exception-Tag", TAG)
        self.end_headers()
        sink = io.BytesIO()
        writer = None
        try:
            while data:
                stream = pa.ipc.open_stream(data)
                writer = writer or pa.ipc.new_stream(sink, stream.schema)
                for batch in stream:
                    writer.write_batch(batch)
                self.flush_chunk(sink)
                data = connection.streaming_fetch_result(result).bytes()
            if writer:
                writer.close()
            self.flush_chunk(sink)
        except RuntimeError as error:
            text = str(error)
            sink.write(f"\r\n__exception__\r\n{TAG}\r\n{text}\n{len(text)} {TAG}\r\n__exception__\r\n".encode())
            self.flush_chunk(sink)
        except OSError:
            connection.streaming_cancel_query(result)
            self.close_connection = True
            return
        self.wfile.write(b"0\r\n\r\n")

    def flush_chunk(self, sink: io.BytesIO) -> None:
        """Send what was written so far as one chunk."""
        data = sink.getvalue()
        sink.seek(0)
        sink.truncate()
        if data:
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def read_body(self) -> bytes:
        """Read the body of a request, chunked or not."""
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def fail(self, text: str, status: int) -> None:
        """Answer with an error and ClickHouse's number of it."""
        found = re.search(r"Code: (\d+)\.", text)
        self.answer(status, text.encode(), {"X-ClickHouse-Exception-Code": found.group(1) if found else "1002"})

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        """Send one answer."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def main() -> None:
    """Serve until standard input ends."""
    Front.engine = Engine(Path(sys.argv[1]))
    Front.password = sys.argv[2]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Front)
    server.daemon_threads = True
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
