"""Compiles schemas/proto into src/clew/api/pb; OTLP messages come from the opentelemetry-proto package."""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2, descriptor_pool
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "schemas" / "proto"
OUT = ROOT / "src"
KNOWN = (
    "google.protobuf.timestamp",
    "google.protobuf.duration",
    "google.protobuf.any",
    "opentelemetry.proto.common.v1.common",
    "opentelemetry.proto.resource.v1.resource",
    "opentelemetry.proto.trace.v1.trace",
)


def main() -> int:
    """Write one `_pb2.py` and `_pb2.pyi` per source."""
    known = descriptor_pb2.FileDescriptorSet()
    for name in KNOWN:
        importlib.import_module(f"{name}_pb2")
        descriptor_pool.Default().FindFileByName(f"{name.replace('.', '/')}.proto").CopyToProto(known.file.add())
    sources = sorted(str(path) for path in SOURCES.rglob("*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "known.bin"
        path.write_bytes(known.SerializeToString())
        plain = [f"--proto_path={SOURCES}", f"--descriptor_set_in={path}"]
        return int(protoc.main(["protoc", *plain, f"--python_out={OUT}", f"--pyi_out={OUT}", *sources]))


if __name__ == "__main__":
    sys.exit(main())
