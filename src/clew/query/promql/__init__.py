"""PromQL over the rollups: what Grafana's service graph and RED panels ask of a Prometheus, and people type.

Text comes in and becomes a tree (`parse`, checked by `signatures`); `evaluate` makes vectors of it over points of time,
from the sums of `windows`. Metrics are those of `families`; others have no series, and an answer says so.
"""
