"""A small web application that knows nothing of tracing: a page that calls another one from a pool of threads."""

import logging
import sys
from concurrent.futures import ThreadPoolExecutor

import requests
from flask import Flask

app = Flask(__name__)
pool = ThreadPoolExecutor(2)


@app.get("/stock/<item>")
def stock(item):
    """Answer with a number."""
    return {"item": item, "left": 3}


@app.get("/cart")
def cart():
    """Ask for two items at once."""
    logging.getLogger("shop").warning("cart asked for")
    urls = [f"http://127.0.0.1:{sys.argv[1]}/stock/{item}" for item in ("tea", "cup")]
    return {"items": [one.json() for one in pool.map(requests.get, urls)]}


if __name__ == "__main__":
    app.run(port=int(sys.argv[1]), threaded=True)
