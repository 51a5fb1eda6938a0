"""A shop of small real services that breaks on purpose: telemetry whose causes are known.

`topology` says what there is; `supervisor` runs it as processes and `control` switches faults; `runtime`, `database`,
`cache`, `queue` and `faults` are what the services in `services` stand on. Nothing here imports clew.
"""
