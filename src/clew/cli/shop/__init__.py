"""The shop that breaks on purpose (`examples/shop`), as `clew demo` uses it.

Names of faults come in; requests to the shop's control address and to Clew go out, and addresses of pages where to
look, or files with what was sent beside the truth about it.
"""
