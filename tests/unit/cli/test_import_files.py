from __future__ import annotations

import json
from pathlib import Path

import pytest

from clew.cli.errors import UsageError
from clew.cli.files import JSON, PROTOBUF, read_chunks

LINE = json.dumps({"resourceSpans": []})


def test_each_line_of_json_is_a_request(tmp_path: Path) -> None:
    """JSON lines become one request each, blank lines none, and messages can name the line."""
    path = tmp_path / "traces.jsonl"
    path.write_text(f"{LINE}\n\n{LINE}\n")
    chunks = list(read_chunks(path, "auto"))
    assert [(chunk.content_type, chunk.place) for chunk in chunks] == [(JSON, f"{path}:1"), (JSON, f"{path}:3")]
    assert all(json.loads(chunk.body) == {"resourceSpans": []} for chunk in chunks)


def test_an_object_over_several_lines_is_one_request(tmp_path: Path) -> None:
    """A pretty-printed object is sent whole."""
    path = tmp_path / "trace.json"
    path.write_text(json.dumps({"resourceSpans": []}, indent=2))
    (chunk,) = read_chunks(path, "auto")
    assert chunk.content_type == JSON
    assert json.loads(chunk.body) == {"resourceSpans": []}


def test_anything_else_is_protobuf(tmp_path: Path) -> None:
    """A file that starts with no brace is one protobuf message, whatever bytes it has."""
    path = tmp_path / "trace.pb"
    path.write_bytes(b"\n\x03\n\n\xff")
    (chunk,) = read_chunks(path, "auto")
    assert (chunk.content_type, chunk.body) == (PROTOBUF, b"\n\x03\n\n\xff")


def test_framed_messages_have_their_length_before_them(tmp_path: Path) -> None:
    """Each message follows four bytes of big-endian length, as the Collector's file exporter writes them."""
    path = tmp_path / "traces.bin"
    path.write_bytes(b"\0\0\0\x02ab\0\0\0\x00\0\0\0\x01c")
    assert [chunk.body for chunk in read_chunks(path, "otlp-proto-framed")] == [b"ab", b"", b"c"]


def test_a_cut_message_is_named(tmp_path: Path) -> None:
    """The error says at which byte the file is cut."""
    path = tmp_path / "traces.bin"
    path.write_bytes(b"\0\0\0\x02ab\0\0\0\x09c")
    with pytest.raises(UsageError, match="byte 6"):
        list(read_chunks(path, "otlp-proto-framed"))


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    """The error names the path."""
    with pytest.raises(UsageError, match="No such file"):
        list(read_chunks(tmp_path / "none", "auto"))
