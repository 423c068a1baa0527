// Publishes events over HTTP: those in the files that are named, each a CloudEvent in JSON, or a list of them.
//   node publish.mjs [--dry-run] event.json, with TOKEN_URL, CLIENT_ID, CLIENT_SECRET_FILE and EVENTS_URL set
//
// An event that is sent again, with the same source and id, gets the same answer and has no second effect. So whatever goes
// wrong on the way, sending it again is right.
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Login } from "./platform-login.mjs";

const EVENTS = process.env.EVENTS_URL ?? "http://127.0.0.1:8103/v1/events";
const PATIENCE_SECONDS = 60;
const PAUSE_SECONDS = 2;

// The status and the answer. While the service is away or busy, it is tried again.
async function send(login, events, dryRun) {
  const address = dryRun ? `${EVENTS}?dryRun=true` : EVENTS;
  const giveUpAt = performance.now() + PATIENCE_SECONDS * 1000;
  for (;;) {
    const headers = { "Content-Type": "application/cloudevents-batch+json", ...(await login.headers()) };
    const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(events) }).catch((error) => error);
    const away = answer instanceof Error;
    const mayPass = away || answer.status >= 500 || answer.status === 429;
    if (!mayPass || performance.now() > giveUpAt) {
      if (away) throw answer;
      return { status: answer.status, told: await answer.json() };
    }
    await pause(Number((away ? null : answer.headers.get("Retry-After")) ?? PAUSE_SECONDS) * 1000);
  }
}

// What became of one event, for people.
function told({ status, eventId, id, problem }) {
  if (status === "accepted") return `${eventId}: accepted as publication ${id}`;
  const faults = (problem.errors ?? []).map(({ field, message }) => `\n  ${field}: ${message}`).join("");
  return `${eventId}: refused. ${problem.title}. ${problem.detail}${faults}`;
}

const files = process.argv.slice(2).filter((word) => word !== "--dry-run");
const events = files.flatMap((file) => JSON.parse(readFileSync(file, "utf8")));
const { status, told: answer } = await send(new Login(), events, files.length < process.argv.length - 2);
if (answer.items === undefined) {
  console.error(`${status}: ${answer.title}. ${answer.detail}`);
  process.exit(1);
}
answer.items.forEach((outcome) => console.log(told(outcome)));
if (answer.items.some((outcome) => outcome.status !== "accepted")) process.exitCode = 1;
