"""The service graph and the shapes of traces."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from clew.api.answers import Ask
from clew.api.models import Envelope
from clew.api.models.graph import Graph, Shape
from clew.api.models.search import TIME
from clew.api.routes.params import From, To
from clew.query.errors import InvalidRequestError
from clew.query.graph import graph
from clew.query.shapes import shapes

router = APIRouter(tags=["graph"])

_VS = f"of a window to compare with, both or none: {TIME}"
VsFrom = Annotated[str | None, Query(max_length=64, description=f"Start {_VS}", examples=["now-25h"])]
VsTo = Annotated[str | None, Query(max_length=64, description=f"End {_VS}", examples=["now-24h"])]


@router.get("/graph", response_model=Envelope[Graph], summary="Service graph")
async def service_graph(
    ask: Ask, *, from_: From = "now-1h", to: To = "now", vs_from: VsFrom = None, vs_to: VsTo = None
) -> Response:
    """Return who called whom in a range, how often, how long and how often failing, and what differs from another.

    Databases, queues and outside peers are nodes of their own. A call counts once its trace is quiet.
    """
    window = ask.window(from_, to)
    if (vs_from is None) != (vs_to is None):
        raise InvalidRequestError("vs_from", str(vs_from), "both ends are needed", hint="send vs_from and vs_to")
    against = ask.window(vs_from, vs_to) if vs_from is not None and vs_to is not None else None
    return ask.json(Graph, await ask.run(lambda read: graph(read, window, against)))


@router.get("/shapes", response_model=Envelope[list[Shape]], summary="Shapes of traces")
async def list_shapes(
    ask: Ask,
    *,
    service: Annotated[str | None, Query(max_length=1024, description="only shapes with this service")] = None,
    from_: From = "now-1h",
    to: To = "now",
) -> Response:
    """Return the different sets of call paths that traces took, the most frequent first, by whole hours."""
    window = ask.window(from_, to)
    return ask.json(list[Shape], await ask.run(lambda read: shapes(read, window, service=service)))
