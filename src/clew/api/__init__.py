"""The HTTP API under /api/v1: routes per noun, problem+json errors, one `meta` in every answer, OpenAPI.

Requests come in from the browser, the command line and scripts; reads go to `query`, actions to what `service` puts
into `ApiDeps`. No route calls the engine on the event loop.
"""

from clew.api.app import create_app
from clew.api.deps import ApiDeps

__all__ = ["ApiDeps", "create_app"]
