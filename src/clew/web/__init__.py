"""Serves the built UI beside the API: static files with exact caching, a single page for every address of the UI.

The output of the UI's build (`static/`, inside the wheel) comes in; HTTP answers go out through one ASGI application.
"""

from clew.web.assets import STATIC
from clew.web.site import Site, mount

__all__ = ["STATIC", "Site", "mount"]
