// Validates AsyncAPI documents with AsyncAPI's own parser: node asyncapi.mjs FILE...
// Prints every finding, and fails on an error.
import { readFile } from "node:fs/promises";
import { Parser } from "@asyncapi/parser";

const SEVERITIES = ["error", "warning", "information", "hint"];

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error("Which document? node asyncapi.mjs FILE...");
  process.exit(2);
}
for (const file of files) {
  const { document, diagnostics } = await new Parser().parse(await readFile(file, "utf8"), { source: file });
  for (const { severity, path, message } of diagnostics) {
    console.log(`${SEVERITIES[severity]} at ${path.join(".") || "the root"}: ${message}`);
  }
  const errors = diagnostics.filter(({ severity }) => severity === 0).length;
  if (errors > 0 || document === undefined) {
    console.log(`${file}: ${errors} errors`);
    process.exitCode = 1;
  } else {
    const messages = document.allMessages().length;
    console.log(`${file}: AsyncAPI ${document.version()}, 0 errors, ${document.allChannels().length} channels, ${messages} messages`);
  }
}
