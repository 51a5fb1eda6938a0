"""Tempo's query API, as Grafana's Tempo data source and Traces Drilldown speak it, over HTTP and gRPC.

Requests of HTTP (`app`) and of gRPC (`streaming`) become the same questions (`requests`), which `query` answers; the
answers become messages of `clew.api.pb.tempo_pb2` and go out as protobuf JSON or protobuf.
"""

from clew.api.tempo.app import create_tempo_app, refused
from clew.api.tempo.streaming import TempoGrpcServer

__all__ = ["TempoGrpcServer", "create_tempo_app", "refused"]
