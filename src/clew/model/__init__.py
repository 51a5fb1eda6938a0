"""The one data model: spans, logs, resources and scopes as Arrow schemas, and the names of their bits.

Nothing comes in and nothing goes out: this room holds what all the others agree on. A batch of spans has
`SPANS` as its schema from the first decoded byte to the last query result.
"""

from clew.model.kinds import KIND_NAMES, STATUS_NAMES, Kind, Status
from clew.model.marks import Mark
from clew.model.schema import LOGS, RESOURCES, SCHEMA_VERSION, SCOPES, SPANS
from clew.model.tenant import DEFAULT_TENANT, Scope
from clew.model.time import BUCKET_S, now_ns

__all__ = [
    "BUCKET_S",
    "DEFAULT_TENANT",
    "KIND_NAMES",
    "LOGS",
    "RESOURCES",
    "SCHEMA_VERSION",
    "SCOPES",
    "SPANS",
    "STATUS_NAMES",
    "Kind",
    "Mark",
    "Scope",
    "Status",
    "now_ns",
]
