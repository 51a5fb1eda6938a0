"""The part of Prometheus' HTTP API that Grafana needs for the service graph and RED panels, under `/prometheus`.

Questions go to `query.promql`; answers are Prometheus' envelopes, also for errors.
"""

from clew.api.prometheus.app import create_prometheus_app

__all__ = ["create_prometheus_app"]
