// After the first load the page needs no network; and a new build takes the place of an old one whole.
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { test, expect } from './fixture.js';

/** The worker has everything and answers for this page. */
async function kept(page) {
  await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    const { active } = registration;
    if (active.state !== 'activated') await new Promise((resolve) => active.addEventListener('statechange', () => active.state === 'activated' && resolve()));
  });
}

test('page that was opened once opens again without a network, and works', async ({ page, context, playground }) => {
  await playground.open();
  await kept(page);
  await context.setOffline(true);
  await page.goto('?from=a-bookmark#v=1&scenario=risky&at=17');
  await expect(playground.approval).toBeVisible();
  await playground.approve.click();
  await playground.jumpToEnd();
  await playground.expectResult({ answer: '17 * 23 = 391. The mail to ana@example.com is sent.' });
  await page.reload();
  await expect(playground.result).toContainText('is sent');
});

test('nothing is kept but the files of the page', async ({ page, playground }) => {
  await playground.open();
  await kept(page);
  const files = await page.evaluate(async () => {
    const names = await caches.keys();
    const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return { caches: names.length, kinds: requests.flat().map(({ url }) => new URL(url).pathname.split('.').at(-1)).sort() };
  });
  expect(files.caches).toBe(1);
  expect(files.kinds).toEqual(expect.arrayContaining(['/', 'js', 'wasm']));
});

/** A place of a test's own where builds are published. */
const published = test.extend({
  site: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'steadfast-'));
    await cp('dist', folder, { recursive: true });
    const types = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };
    const server = createServer(async ({ url }, response) => {
      const [path] = url.split('?');
      try {
        // In a folder, as many static hosts have it.
        if (!path.startsWith('/playground/')) throw new Error('not here');
        const name = path.slice('/playground/'.length) || 'index.html';
        const content = await readFile(join(folder, name));
        response.writeHead(200, { 'Content-Type': types[extname(name)] ?? 'text/plain' }).end(content);
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    await use({ folder, address: `http://127.0.0.1:${server.address().port}/playground/` });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  },
  baseURL: async ({ site }, use) => use(site.address),
});

/** Another build: another page, and its worker. With a `lie` the worker's list says something else than what is served. */
async function publish({ folder }, title, lie = false) {
  const index = join(folder, 'index.html');
  const hash = (content) => `sha256-${createHash('sha256').update(content).digest('base64')}`;
  const before = await readFile(index, 'utf8');
  const page = before.replace(/<title>.*<\/title>/, `<title>${title}</title>`);
  await writeFile(index, page);
  const worker = join(folder, 'service-worker.js');
  const list = await readFile(worker, 'utf8');
  expect(list).toContain(hash(before));
  await writeFile(worker, list.replace(hash(before), hash(lie ? 'something else' : page)));
}

/** Has the browser look for a newer worker, as it does by itself at each visit. */
function look(page) {
  return page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update().catch(() => {});
    const { installing } = registration;
    if (installing) await new Promise((resolve) => installing.addEventListener('statechange', resolve, { once: true }));
  });
}

published('the visit after a new build shows it, and nothing of the old one is left', async ({ page, playground, site }) => {
  await playground.open();
  await kept(page);
  await publish(site, 'The new build');
  await look(page);
  await page.goto('?again#v=1&scenario=flaky&at=9');
  await expect(page).toHaveTitle('The new build');
  await expect(playground.events).toHaveCount(9);
  await expect.poll(() => page.evaluate(() => caches.keys().then((names) => names.length))).toBe(1);
});

published('a page that is open in another window stays what it was, and works', async ({ page, context, playground, site }) => {
  await playground.open();
  await kept(page);
  await page.reload();
  const other = await context.newPage();
  await other.goto('');
  await publish(site, 'The new build');
  await look(page);
  await page.reload();
  await expect(playground.step).toBeVisible();
  await expect(page).not.toHaveTitle('The new build');
  await other.close();
  await page.reload();
  await expect(page).toHaveTitle('The new build');
});

published.describe('in the middle of being published', () => {
  published.use({ provoked: /console error: .*(digest|integrity)|request failed/ });

  published('files that do not belong together are refused, and the old page stays', async ({ page, context, playground, site }) => {
    await playground.open();
    await kept(page);
    const title = await page.title();
    await publish(site, 'Half a build', true);
    await look(page);
    await context.setOffline(true);
    await page.reload();
    await expect(playground.step).toBeVisible();
    await expect(page).toHaveTitle(title);
  });
});
