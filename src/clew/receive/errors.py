"""Why a receiver answers with anything but success.

ClewError
+-- ReceiveError
    +-- PermanentError              sending the same again does not help
    |   +-- BadRequestError         400, no HTTP that we understand
    |   +-- MetricsNotStoredError   404 / UNIMPLEMENTED, metrics sent to a tracing backend
    |   +-- UnknownPathError        404
    |   +-- MethodNotAllowedError   405
    |   +-- BodyTooLargeError       413 / RESOURCE_EXHAUSTED without RetryInfo
    |   +-- MediaTypeError          415
    |   +-- ContentEncodingError    415
    |   +-- SlowClientError         408
    |   +-- HeadTooLargeError       431
    |   +-- HttpVersionError        505
    +-- RetryLaterError             sending the same later is right
    |   +-- OverloadedError         429 / RESOURCE_EXHAUSTED with RetryInfo: bytes in flight
    |   +-- NoRoomError             503 / UNAVAILABLE: journal or disk full
    |   +-- StoppingError           503 / UNAVAILABLE
    |   +-- TooManyConnectionsError 503
    |   +-- TooManyCallsError       UNAVAILABLE
    |   +-- IntakeFailedError       503 / UNAVAILABLE: a defect of ours, counted and logged
    +-- PortInUseError              a listener's port is taken; Clew does not start
    +-- ListenError                 a listener's address cannot be used; Clew does not start
"""

from __future__ import annotations

from typing import ClassVar

from clew.model.errors import ClewError


class ReceiveError(ClewError):
    """The root of this room's errors."""

    headers: tuple[tuple[str, str], ...] = ()
    """HTTP headers that belong to the answer."""


class PermanentError(ReceiveError):
    """Sending the same again does not help."""

    code: ClassVar[str] = "bad_request"
    http_status: ClassVar[int] = 400
    grpc_status: ClassVar[str] = "INVALID_ARGUMENT"


class BadRequestError(PermanentError):
    """The bytes are no HTTP/1.1 request."""

    code: ClassVar[str] = "bad_http"


class MetricsNotStoredError(PermanentError):
    """An SDK with one endpoint for all signals tried to send metrics."""

    code: ClassVar[str] = "metrics_not_stored"
    http_status: ClassVar[int] = 404
    grpc_status: ClassVar[str] = "UNIMPLEMENTED"
    hint = "set OTEL_METRICS_EXPORTER=none in the application, or send metrics to another backend"

    def __init__(self) -> None:
        super().__init__("Clew stores traces and logs, not metrics")


class UnknownPathError(PermanentError):
    """No such path on the OTLP/HTTP port."""

    code: ClassVar[str] = "unknown_path"
    http_status: ClassVar[int] = 404
    grpc_status: ClassVar[str] = "UNIMPLEMENTED"

    def __init__(self, path: str) -> None:
        super().__init__(
            f"nothing is at {path[:200]}",
            hint="this port takes OTLP/HTTP: POST /v1/traces or /v1/logs; the UI is on the main port (4319)",
        )
        self.path = path


class MethodNotAllowedError(PermanentError):
    """OTLP/HTTP is POST."""

    code: ClassVar[str] = "method_not_allowed"
    http_status: ClassVar[int] = 405
    grpc_status: ClassVar[str] = "UNIMPLEMENTED"
    headers = (("Allow", "POST, OPTIONS"),)

    def __init__(self, method: str) -> None:
        super().__init__(f"{method[:20]} is not allowed here", hint="send OTLP with POST")
        self.method = method


class BodyTooLargeError(PermanentError):
    """The body is larger than a request may be."""

    code: ClassVar[str] = "body_too_large"
    http_status: ClassVar[int] = 413
    grpc_status: ClassVar[str] = "RESOURCE_EXHAUSTED"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"the request body is larger than {limit} bytes",
            hint="send smaller batches (OTEL_BSP_MAX_EXPORT_BATCH_SIZE), or raise limits.request_max_bytes",
        )
        self.limit = limit


class MediaTypeError(PermanentError):
    """The Content-Type is neither of OTLP's."""

    code: ClassVar[str] = "unsupported_media_type"
    http_status: ClassVar[int] = 415

    def __init__(self, given: str) -> None:
        super().__init__(
            f"Content-Type {given[:100] or '(none)'} is not OTLP",
            hint="send application/x-protobuf or application/json",
        )
        self.given = given


class ContentEncodingError(PermanentError):
    """The Content-Encoding is none that can be read."""

    code: ClassVar[str] = "unsupported_content_encoding"
    http_status: ClassVar[int] = 415
    headers = (("Accept-Encoding", "gzip, zstd, deflate"),)

    def __init__(self, given: str) -> None:
        super().__init__(
            f"Content-Encoding {given[:100]} is not supported", hint="send gzip, zstd, deflate or no Content-Encoding"
        )
        self.given = given


class SlowClientError(PermanentError):
    """The request did not arrive in time; the connection is closed."""

    code: ClassVar[str] = "slow_client"
    http_status: ClassVar[int] = 408
    grpc_status: ClassVar[str] = "DEADLINE_EXCEEDED"

    def __init__(self, what: str, limit_s: float) -> None:
        super().__init__(f"the request {what} made no progress within {limit_s:g} s")


class HeadTooLargeError(PermanentError):
    """The request head is larger than `limits.header_max_bytes`."""

    code: ClassVar[str] = "head_too_large"
    http_status: ClassVar[int] = 431

    def __init__(self, limit: int) -> None:
        super().__init__(f"the request head is larger than {limit} bytes", hint="see limits.header_max_bytes")


class HttpVersionError(PermanentError):
    """Something else than HTTP/1.1 was spoken, often gRPC on the HTTP port."""

    code: ClassVar[str] = "http_version"
    http_status: ClassVar[int] = 505

    def __init__(self) -> None:
        super().__init__(
            "this port speaks HTTP/1.1",
            hint="for gRPC use port 4317 (listen.otlp_grpc), or set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
        )


class RetryLaterError(ReceiveError):
    """Sending the same later is right; the answer says when."""

    code: ClassVar[str] = "unavailable"
    http_status: ClassVar[int] = 503
    grpc_status: ClassVar[str] = "UNAVAILABLE"
    retryable: ClassVar[bool] = True


class OverloadedError(RetryLaterError):
    """The requests in flight use all the memory that they may."""

    code: ClassVar[str] = "overloaded"
    http_status: ClassVar[int] = 429
    grpc_status: ClassVar[str] = "RESOURCE_EXHAUSTED"
    hint = "the sender retries by itself; if it lasts, send slower or raise limits.inflight_max_bytes"

    def __init__(self, used: int, limit: int) -> None:
        super().__init__(f"{used} of {limit} bytes for requests in flight are in use")
        self.used = used
        self.limit = limit


class NoRoomError(RetryLaterError):
    """The journal has no room: its limit or the disk is reached, often since the engine is down."""

    code: ClassVar[str] = "journal_full"
    hint = "the sender retries by itself; `clew status` shows whether the disk is full or the engine is behind"

    def __init__(self, room: int) -> None:
        super().__init__(f"the journal has room for {max(room, 0)} bytes only")
        self.room = room


class StoppingError(RetryLaterError):
    """Clew is stopping or has not started yet."""

    code: ClassVar[str] = "stopping"

    def __init__(self) -> None:
        super().__init__("Clew is stopping", hint="the sender retries by itself")


class TooManyConnectionsError(RetryLaterError):
    """All connections are taken."""

    code: ClassVar[str] = "too_many_connections"

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} connections are open", hint="reuse connections, or raise limits.max_connections")


class TooManyCallsError(RetryLaterError):
    """All gRPC calls are taken."""

    code: ClassVar[str] = "too_many_calls"

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} calls are open", hint="send larger batches, or raise limits.max_concurrent_rpcs")


class IntakeFailedError(RetryLaterError):
    """A defect of ours while decoding; nothing of the request was kept."""

    code: ClassVar[str] = "intake_failed"

    def __init__(self, cause: BaseException) -> None:
        super().__init__(f"decoding failed unexpectedly ({type(cause).__name__})", hint="see Clew's log and report it")


class ListenError(ReceiveError):
    """A listener's address cannot be used."""

    code: ClassVar[str] = "listen"

    def __init__(self, key: str, host: str, port: int, problem: str) -> None:
        super().__init__(
            f"{key}: cannot listen on {host} port {port}: {problem}",
            hint=f"set {key}.host to an address of this machine",
        )
        self.key = key
        self.host = host
        self.port = port


class PortInUseError(ReceiveError):
    """A listener's port is taken by another process."""

    code: ClassVar[str] = "port_in_use"

    def __init__(self, key: str, host: str, port: int, holder: str | None) -> None:
        by = f" by {holder}" if holder else ""
        flag = key.rpartition(".")[2].replace("_", "-")
        option = f"{key}.port (--{flag}-port)" if flag in {"ui", "otlp-http", "otlp-grpc"} else f"{key}.port"
        super().__init__(
            f"port {port} on {host} is in use{by}", hint=f"stop that process, or choose another port with {option}"
        )
        self.key = key
        self.host = host
        self.port = port
        self.holder = holder
