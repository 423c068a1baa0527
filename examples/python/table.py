"""The table that a subscriber keeps: the newest release of each block, and the place from which to go on."""

import json
import os
from pathlib import Path
from typing import Any

WITHDRAWN = "ingetrokken"


class Table:
    """What is shown now. Lines may come twice, after a kill or a retry: that changes nothing.

    Rows and place are saved together, in one step: whoever is killed in between goes on from where the rows stand.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.rows: dict[str, dict[str, Any]] = {}
        self.place: Any = None
        if file.exists():
            kept = json.loads(file.read_text(encoding="utf-8"))
            self.rows, self.place = kept["rows"], kept["place"]

    def apply(self, line: dict[str, Any]) -> None:
        """A line of the ledger: published, corrected or withdrawn. Each replaces the release of its block before it.

        A block that is withdrawn is kept, so that an older line that comes again does not bring it back.
        """
        known = self.rows.get(line["block"])
        if known is None or line["release"] > known["release"]:
            self.rows[line["block"]] = line

    def shown(self) -> list[dict[str, Any]]:
        """The figures that hold now. Withdrawn is hidden: it does not mean 0."""
        return [row for row in self.rows.values() if row["kind"] != WITHDRAWN]

    def save(self, place: object) -> None:
        """Keeps the rows, and the place up to which they are read."""
        self.place = place
        beside = self._file.with_suffix(".new")
        beside.write_text(json.dumps({"place": place, "rows": self.rows}), encoding="utf-8")
        beside.replace(self._file)


def table() -> Table:
    """The table in the file that STATE_FILE names."""
    return Table(Path(os.environ.get("STATE_FILE", "table.json")))
