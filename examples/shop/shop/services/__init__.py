"""The services in Python, each one module that is run with `python -m`."""
