"""The counters file: totals, the last number used, and which segments are done with; replaced whole, never edited."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from clew.codec import checksum_bytes
from clew.journal.errors import JournalDamagedError, JournalSchemaNewerError
from clew.journal.tally import SIGNALS, Total
from clew.model import SCHEMA_VERSION

FILE = "counters.json"


@dataclass(slots=True)
class Counters:
    """What the journal must remember about segments that are gone."""

    last: int = 0
    """The highest number that may have been used for a token."""
    gone: list[int] = field(default_factory=list)
    """Segments already in the totals whose files may still be there."""
    recut: dict[int, int] = field(default_factory=dict)
    """Damaged segments and the numbers of what was rescued; the latter's files may still have their temporary names."""
    totals: dict[str, Total] = field(default_factory=lambda: {signal: Total() for signal in SIGNALS})

    def copy(self) -> Counters:
        """Return an independent copy, to be changed and written before it takes effect."""
        totals = {signal: total.copy() for signal, total in self.totals.items()}
        return Counters(self.last, list(self.gone), dict(self.recut), totals)

    def encode(self) -> bytes:
        """Return the file's content."""
        body = json.dumps(
            {
                VERSION: SCHEMA_VERSION,
                "last": self.last,
                "gone": self.gone,
                "recut": sorted(self.recut.items()),
                "totals": {signal: total.to_json() for signal, total in self.totals.items()},
            },
            separators=(",", ":"),
        )
        return f"{checksum_bytes(body.encode()):016x} {body}\n".encode()


VERSION = "clew.schema"


def load(path: Path) -> Counters:
    """Read the counters.

    Raises:
        JournalDamagedError: the content is not what was written.
        JournalSchemaNewerError: a newer Clew wrote it.
    """
    try:
        total, text = path.read_bytes().rstrip(b"\n").split(b" ", 1)
        if int(total, 16) != checksum_bytes(text):
            raise JournalDamagedError(path, "its checksum does not match")
        body = json.loads(text)
        if body[VERSION] > SCHEMA_VERSION:
            raise JournalSchemaNewerError(path, body[VERSION], SCHEMA_VERSION)
        return Counters(
            last=body["last"],
            gone=body["gone"],
            recut=dict(body["recut"]),
            totals={signal: Total.from_json(body["totals"][signal]) for signal in SIGNALS},
        )
    except (ValueError, KeyError, TypeError) as error:
        raise JournalDamagedError(path, repr(error)) from error
