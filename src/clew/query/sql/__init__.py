"""SQL for people: one SELECT over documented views, checked, bound to its tenant, limited.

In comes the text of a query; it is parsed, every table, function and kind of clause is compared with a list of what is
allowed, each view becomes a subquery of the tenant's rows, and the engine's own reading of the result is compared with
ours before it runs. Out go rows as Arrow batches.
"""
