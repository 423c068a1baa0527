// Follows the published impact as it comes: server-sent events over one open connection.
//   IMPACT_URL=http://127.0.0.1:8104/v1 STATE_FILE=table.json node follow-stream.mjs [gemeente=GM0518 ...]
import { setTimeout as pause } from "node:timers/promises";
import { Table } from "./table.mjs";

const IMPACT = process.env.IMPACT_URL ?? "http://127.0.0.1:8104/v1";
const SILENCE_SECONDS = 60; // a heartbeat comes every 15 seconds
const PAUSE_SECONDS = 2;
const FILTERS = Object.fromEntries(process.argv.slice(2).map((word) => word.split("=")));

// The events of a stream; each ends with an empty line. Lines that begin with a colon are heartbeats.
async function* events(body, heard) {
  const decoder = new TextDecoder();
  let rest = "";
  let event = {};
  for await (const bytes of body) {
    heard();
    const lines = (rest + decoder.decode(bytes, { stream: true })).split(/\r?\n/);
    rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        yield event;
        event = {};
      } else if (!line.startsWith(":")) {
        const colon = line.indexOf(":");
        event[line.slice(0, colon)] = line.slice(colon + 1).replace(/^ /, "");
      }
    }
  }
}

// One connection, until it ends. What has an id moves the place on; what has data is a line of the ledger.
async function follow(table) {
  const silence = new AbortController();
  const alarm = setTimeout(() => silence.abort(new Error("nothing heard")), SILENCE_SECONDS * 1000);
  try {
    const headers = table.place ? { "Last-Event-ID": table.place } : {};
    const answer = await fetch(`${IMPACT}/feed/stream?${new URLSearchParams(FILTERS)}`, { headers, signal: silence.signal });
    if (!answer.ok) throw Object.assign(new Error(await answer.text()), { status: answer.status });
    for await (const event of events(answer.body, () => alarm.refresh())) {
      if (event.event === "end") return console.log(`the stream ends: ${JSON.parse(event.data).reason}`);
      if (event.data !== undefined) {
        table.apply(JSON.parse(event.data));
        console.log(`${event.event}: ${table.shown().length} figures are shown`);
      }
      if (event.id !== undefined) table.save(event.id);
    }
  } finally {
    clearTimeout(alarm);
  }
}

const table = new Table();
for (;;) {
  try {
    await follow(table);
  } catch (error) {
    if (error.status === 400 && table.place) {
      Object.assign(table, { rows: {}, place: null }); // the cursor is not known any more: begin anew
    } else if (error.status < 500 && error.status !== 429) {
      console.error(error.message);
      process.exit(1);
    } else {
      console.error(`not reached (${error.message}); trying again`);
    }
  }
  await pause(PAUSE_SECONDS * 1000);
}
