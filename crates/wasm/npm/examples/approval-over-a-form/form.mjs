// Another process, later, perhaps elsewhere: shows what waits for a human as a form, and resumes the run with the answer.

import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { clerk, SNAPSHOT } from "./agent.mjs";

const escaped = value => String(value).replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);
const page = body => `<!doctype html><meta charset="utf-8"><title>Approvals</title>${body}`;
const waiting = async () => JSON.parse(await readFile(SNAPSHOT, "utf8"));

const question = ({ id, tool, args, digest, why }) => `<form method="post">
  <p>May <b>${escaped(tool)}</b> run with <code>${escaped(JSON.stringify(args))}</code>? ${escaped(why)}</p>
  <input type="hidden" name="id" value="${escaped(id)}"><input type="hidden" name="digest" value="${escaped(digest)}">
  <button name="yes" value="1">Yes</button> <button name="yes" value="0">No</button> <input name="message" placeholder="why not?">
</form>`;

/** A yes is bound to what was on the page: a digest of anything else counts for nothing. */
const decision = form => (form.get("yes") === "1"
  ? { approve: true, digest: form.get("digest") }
  : { approve: false, message: form.get("message") || "denied over the form" });

const server = createServer(async (request, response) => {
  try {
    const { snapshot, pending } = await waiting();
    let body = pending.map(question).join("") || "<p>Nothing waits for you.</p>";
    if (request.method === "POST") {
      const form = new URLSearchParams(await text(request));
      const { answer, ...after } = await clerk.resume(snapshot, { [form.get("id")]: decision(form) });
      if (after.stop === "suspended") await writeFile(SNAPSHOT, JSON.stringify({ snapshot: after.snapshot, pending: after.pending }));
      body = `<p>${escaped(answer)}</p>`;
    }
    response.setHeader("content-type", "text/html; charset=utf-8").end(page(body));
  } catch (error) {
    response.writeHead(500, { "content-type": "text/plain" }).end(error.message);
  }
});
// For this machine only: whoever reaches the form can say yes.
server.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/`));
