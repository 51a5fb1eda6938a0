"""The composition root: builds the component graph from a `Config`, starts it in order, drains it in reverse.

Only this room names concrete classes of the others. A configuration comes in; a running Clew and an exit code go out.
"""

from clew.service.offline import migrate_store, restore_backup
from clew.service.run import Source, run

__all__ = ["Source", "migrate_store", "restore_backup", "run"]
