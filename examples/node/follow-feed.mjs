// Follows the published impact by asking: a snapshot first, then every line that comes after it.
//   IMPACT_URL=http://127.0.0.1:8104/v1 STATE_FILE=table.json node follow-feed.mjs [gemeente=GM0518 ...]
import { setTimeout as pause } from "node:timers/promises";
import { Table } from "./table.mjs";

const IMPACT = process.env.IMPACT_URL ?? "http://127.0.0.1:8104/v1";
const WAIT_SECONDS = 25;
const PAUSE_SECONDS = 2;
const FILTERS = Object.fromEntries(process.argv.slice(2).map((word) => word.split("=")));

class Refused extends Error {
  constructor(answer, text) {
    super(text);
    this.status = answer.status;
    this.retryAfter = Number(answer.headers.get("Retry-After") ?? PAUSE_SECONDS);
  }
}

async function ask(path, more) {
  const query = new URLSearchParams({ ...FILTERS, ...more });
  const answer = await fetch(`${IMPACT}/${path}?${query}`, { signal: AbortSignal.timeout((WAIT_SECONDS + 10) * 1000) });
  if (!answer.ok) throw new Refused(answer, await answer.text());
  return answer.json();
}

// Everything that is shown at this moment, page by page, and the cursor that belongs to it.
async function begin(table) {
  table.rows = {};
  let page = await ask("snapshot", { limit: 1000 });
  for (;;) {
    page.items.forEach((line) => table.apply(line));
    if (page.next === null) break;
    page = await ask("snapshot", { limit: 1000, after: page.next });
  }
  table.save(page.cursor);
}

// What comes after the cursor; the question waits for it. `next` moves on, also when nothing passed the filter.
async function follow(table) {
  const page = await ask("feed", { after: table.place, wait: WAIT_SECONDS });
  for (const line of page.items) {
    table.apply(line);
    console.log(`${line.kind}: ${line.indicator} of ${line.scopeName}, release ${line.release}`);
  }
  table.save(page.next);
}

const table = new Table();
for (;;) {
  try {
    await (table.place ? follow(table) : begin(table));
  } catch (error) {
    if (error.status === 400 && table.place) {
      table.place = null; // the cursor is not known any more: begin anew
    } else if (error instanceof Refused && error.status < 500 && error.status !== 429) {
      console.error(error.message);
      process.exit(1);
    } else {
      console.error(`not reached (${error.message}); trying again`);
      await pause((error.retryAfter ?? PAUSE_SECONDS) * 1000);
    }
  }
}
