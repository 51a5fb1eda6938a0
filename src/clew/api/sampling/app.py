"""The strategies over HTTP: `GET /sampling?service=NAME`, and every other path, as Jaeger's agents answered too."""

from __future__ import annotations

from google.protobuf.json_format import MessageToDict
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from clew.api.pb import jaeger_sampling_pb2 as pb
from clew.api.sampling.strategies import Strategies


def create_sampling_app(strategies: Strategies) -> Starlette:
    """Return the application of the sampling port."""

    async def answer(request: Request) -> Response:
        names = request.query_params.getlist("service")
        if len(names) != 1 or not names[0]:
            return PlainTextResponse(
                "exactly one parameter 'service' is needed, for example /sampling?service=shop", 400
            )
        return JSONResponse(_json(strategies.of(names[0])))

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET"])])


def _json(told: pb.SamplingStrategyResponse) -> dict[str, object]:
    """Return protobuf JSON with every number and the type: clients take a missing one for an error."""
    made: dict[str, object] = MessageToDict(told, always_print_fields_with_no_presence=True)
    return made
