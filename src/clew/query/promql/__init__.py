"""A small PromQL over the rollups: what Grafana's service graph and RED panels ask of a Prometheus.

Text comes in and becomes a tree (`parse`); `evaluate` makes vectors of it over points of time, from the sums of
`windows`. Metrics that exist are those of `families`; anything else is refused with what there is.
"""
