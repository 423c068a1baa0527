// Receives the published impact: each line is posted to us, signed after the Standard Webhooks specification.
//   PORT=8080 WEBHOOK_SECRET_FILE=webhook-secret STATE_FILE=table.json node receive-webhooks.mjs
//
// Put a proxy with TLS before it: webhooks are sent to https addresses only. The file may hold more than one secret, one a
// line, while a new one takes the place of an old one. It is read at each request, so a new secret needs no restart.
import { createHmac, timingSafeEqual } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Table } from "./table.mjs";

const SECRETS = process.env.WEBHOOK_SECRET_FILE ?? "webhook-secret";
const CHALLENGE = "nl.schuldhulpprojecten.webhook-challenge.v1";
const IMPACT = "nl.schuldhulpprojecten.impact-published.v1";
const TOLERANCE_SECONDS = 300;
const LONGEST_BODY = 262_144;
const table = new Table();

function secrets() {
  const lines = existsSync(SECRETS) ? readFileSync(SECRETS, "utf8").split(/\s+/).filter(Boolean) : [];
  return lines.map((line) => Buffer.from(line.replace(/^whsec_/, ""), "base64"));
}

function isSame(one, other) {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

// Whether it comes from the platform, and not long ago: one of the signatures is made with one of our secrets.
function isSigned(headers, body) {
  const { "webhook-id": message = "", "webhook-timestamp": moment = "", "webhook-signature": given = "" } = headers;
  if (!/^\d+$/.test(moment) || Math.abs(Date.now() / 1000 - Number(moment)) > TOLERANCE_SECONDS) return false;
  const content = Buffer.concat([Buffer.from(`${message}.${moment}.`), body]);
  const expected = secrets().map((secret) => `v1,${createHmac("sha256", secret).update(content).digest("base64")}`);
  return given.split(" ").some((signature) => expected.some((ours) => isSame(ours, signature)));
}

// What is answered. Whatever is not answered with 2xx is sent again later; what comes twice changes nothing.
function take(headers, body) {
  if (!isSigned(headers, body)) return { status: 401 };
  const event = JSON.parse(body);
  if (event.type === CHALLENGE) return { status: 200, told: { challenge: event.data.challenge } };
  if (event.type === IMPACT) {
    table.apply(event.data);
    table.save(headers["webhook-id"]);
    console.log(`${event.data.kind}: ${table.shown().length} figures are shown`);
  }
  return { status: 204 };
}

const server = createServer(async (request, response) => {
  const parts = [];
  let length = 0;
  for await (const part of request) {
    length += part.length;
    if (length > LONGEST_BODY) return response.writeHead(413, { Connection: "close" }).end();
    parts.push(part);
  }
  const { status, told } = take(request.headers, Buffer.concat(parts));
  response.writeHead(status).end(told ? JSON.stringify(told) : undefined);
});
server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1");
