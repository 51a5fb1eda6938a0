"""The protocol edges: OTLP over HTTP and gRPC.

Bytes come in from sockets; each request is authenticated, admitted by the `Budget` before its body is read, decoded by
the `Intake` together with others, handed to the journal, and answered once it is durable. What cannot be kept is
refused with the protocol's retryable error.
"""

from clew.receive.budget import Budget
from clew.receive.builders import Builders
from clew.receive.edge import Edge
from clew.receive.errors import ListenError, PortInUseError, ReceiveError
from clew.receive.grpc import GrpcListener, OtlpGrpcServer, export_options, trace_export
from clew.receive.http import OtlpHttpServer
from clew.receive.intake import Intake, Pacing
from clew.receive.ports import bind
from clew.receive.refusals import Refusals

__all__ = [
    "Budget",
    "Builders",
    "Edge",
    "GrpcListener",
    "Intake",
    "ListenError",
    "OtlpGrpcServer",
    "OtlpHttpServer",
    "Pacing",
    "PortInUseError",
    "ReceiveError",
    "Refusals",
    "bind",
    "export_options",
    "trace_export",
]
