"""A shop of two origins in one program: run once as its pages, and once as its API.

usage: python shop.py PORT (API_URL COLLECTOR_URL BUNDLE | ORIGIN)
"""

import sys
from pathlib import Path

from flask import Flask, Response, request
from opentelemetry import propagate

PORT, *REST = sys.argv[1:]
app = Flask(__name__)


def pages(api: str, collector: str, bundle: str) -> None:
    """Serve the page and its script."""

    @app.get("/")
    def page() -> str:
        # The page's own load joins the trace of the request that made it by this element.
        context: dict[str, str] = {}
        propagate.inject(context)
        return f"""<!doctype html><html lang="en"><head><title>Shop</title><link rel="icon" href="data:,">
<meta name="traceparent" content="{context.get("traceparent", "")}"></head>
<body data-api="{api}" data-collector="{collector}"><button>Buy</button><output></output>
<script type="module" src="/page.js"></script></body></html>"""

    @app.get("/page.js")
    def script() -> Response:
        return Response(Path(bundle).read_text(), mimetype="text/javascript")


def api(origin: str) -> None:
    """Serve the API to pages of one origin."""

    @app.after_request
    def allow(response: Response) -> Response:
        """Let the page send the headers of its trace: without that the browser stops the request."""
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Headers"] = "content-type, traceparent, tracestate, baggage"
        return response

    @app.get("/cart")
    def cart() -> dict[str, list[str]]:
        return {"items": ["tea"]}

    @app.post("/orders")
    def orders() -> dict[str, int]:
        return {"ordered": len(request.get_json(force=True))}


if __name__ == "__main__":
    (pages if len(REST) > 1 else api)(*REST)
    app.run(port=int(PORT), threaded=True)
