// How a system logs in: a token by client credentials (OAuth 2.0), asked anew a while before the old one ends.
import { readFileSync } from "node:fs";

const EARLY_SECONDS = 30;

// Who we are, from TOKEN_URL, CLIENT_ID and CLIENT_SECRET_FILE: a secret never stands on a command line.
export class Login {
  #token = "";
  #endsAt = 0;

  async headers() {
    if (performance.now() > this.#endsAt) await this.#renew();
    return { Authorization: `Bearer ${this.#token}` };
  }

  async #renew() {
    const { TOKEN_URL, CLIENT_ID, CLIENT_SECRET_FILE } = process.env;
    const secret = readFileSync(CLIENT_SECRET_FILE, "utf8").trim();
    const form = new URLSearchParams({ grant_type: "client_credentials", client_id: CLIENT_ID, client_secret: secret });
    const answer = await fetch(TOKEN_URL, { method: "POST", body: form });
    if (!answer.ok) throw new Error(`no token (${answer.status}): ${await answer.text()}`);
    const given = await answer.json();
    this.#token = given.access_token;
    this.#endsAt = performance.now() + (given.expires_in - EARLY_SECONDS) * 1000;
  }
}
