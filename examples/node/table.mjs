// The table that a subscriber keeps: the newest release of each block, and the place from which to go on.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

const WITHDRAWN = "ingetrokken";

// What is shown now. Lines may come twice, after a kill or a retry: that changes nothing. Rows and place are saved together,
// in one step: whoever is killed in between goes on from where the rows stand.
export class Table {
  rows = {};
  place = null;
  #file;

  constructor(file = process.env.STATE_FILE ?? "table.json") {
    this.#file = file;
    if (existsSync(file)) Object.assign(this, JSON.parse(readFileSync(file, "utf8")));
  }

  // A line of the ledger: published, corrected or withdrawn. Each replaces the release of its block before it. A block that
  // is withdrawn is kept, so that an older line that comes again does not bring it back.
  apply(line) {
    const known = this.rows[line.block];
    if (known === undefined || line.release > known.release) this.rows[line.block] = line;
  }

  // The figures that hold now. Withdrawn is hidden: it does not mean 0.
  shown() {
    return Object.values(this.rows).filter(({ kind }) => kind !== WITHDRAWN);
  }

  // Keeps the rows, and the place up to which they are read.
  save(place) {
    this.place = place;
    const beside = `${this.#file}.new`;
    writeFileSync(beside, JSON.stringify({ place, rows: this.rows }));
    renameSync(beside, this.#file);
  }
}
