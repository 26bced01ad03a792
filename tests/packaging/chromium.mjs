// A real Chromium without anything between it and the modules: a plain static server, and pages that tell what came of them.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { delimiter, extname, join, normalize } from "node:path";
import process from "node:process";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const KINDS = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".json": "application/json" };

/** The browser's program: the one that `cargo xtask` found, or one on the path. */
export const browser = (process.env.CHROME === undefined
  ? (process.env.PATH ?? "").split(delimiter).flatMap(folder => NAMES.map(name => join(folder, name)))
  : [process.env.CHROME]).find(existsSync);

/** Serves a folder on a free port of this machine. */
export async function serve(folder) {
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, "http://here").pathname);
    try {
      const bytes = await readFile(join(folder, path));
      response.writeHead(200, { "content-type": KINDS[extname(path)] ?? "application/octet-stream" }).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise(ready => server.listen(0, "127.0.0.1", ready));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => new Promise(closed => server.close(closed)) };
}

/** Starts it. `outcome(url)` opens a page and gives what its promise `outcome` comes to; an error of the page's rejects. */
export async function chromium() {
  const { chromium: launcher } = (await import("../../node_modules/playwright-core/index.mjs"));
  const running = await launcher.launch({
    executablePath: browser,
    args: [
      "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
      // Chromium refuses to run its sandbox as root, which is who one is in many a container.
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ],
  });
  return {
    async outcome(url) {
      const page = await running.newPage();
      try {
        const broken = new Promise((_, reject) => page.on("pageerror", reject));
        broken.catch(() => {});
        await page.goto(url);
        const come = page.waitForFunction("globalThis.outcome !== undefined", undefined, { timeout: 60_000 });
        await Promise.race([come, broken]);
        return await Promise.race([page.evaluate("globalThis.outcome"), broken]);
      } finally {
        await page.close();
      }
    },
    close: () => running.close(),
  };
}
