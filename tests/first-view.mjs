// Opens a page whose module records which of its functions ran (`cargo xtask first-view`), as different people open it, and
// prints which ran until nothing was left to do: a digit for each function, 1 for those that did.
// Usage: node tests/first-view.mjs FOLDER FIRST_MARK FUNCTIONS
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import process from 'node:process';
import { chromium } from 'playwright-core';

const [folder, from, count] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const VISITORS = [
  { viewport: { width: 1280, height: 720 } },
  { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
  { viewport: { width: 1280, height: 300 }, reducedMotion: 'reduce', forcedColors: 'active' },
  { viewport: { width: 320, height: 740 }, deviceScaleFactor: 2 },
];

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

const port = await freePort();
const server = spawn('sirv', [folder, '--host', '127.0.0.1', '--port', port, '--quiet'], { stdio: 'ignore' });
const browser = await chromium.launch({ executablePath: process.env.CHROME, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
const ran = new Uint8Array(count);
try {
  for (const visitor of VISITORS) {
    const context = await browser.newContext(visitor);
    const page = await context.newPage();
    await page.addInitScript(() => {
      // As in `web/start.js`: the rest is awaited, so what can wait is not drawn.
      globalThis.steadfastRest = null;
      addEventListener('TrunkApplicationStarted', ({ detail }) => {
        globalThis.recorded = detail.wasm.memory;
      });
    });
    for (let tries = 0; ; tries += 1) {
      try {
        await page.goto(`http://127.0.0.1:${port}/`);
        break;
      } catch (error) {
        // The server needs a moment.
        if (tries > 50) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    await page.getByRole('button', { name: 'Step', exact: true }).waitFor();
    // What is done in frames and timers of the first second belongs to it.
    await page.waitForTimeout(1_500);
    const marks = await page.evaluate(([from, count]) => [...new Uint8Array(globalThis.recorded.buffer, from, count)], [from, count]);
    marks.forEach((mark, index) => (ran[index] |= mark));
    await context.close();
  }
} finally {
  await browser.close();
  server.kill();
}
process.stdout.write(ran.join(''));
