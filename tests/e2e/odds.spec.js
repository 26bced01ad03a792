// The odds: ten thousand seeds in workers, what came of them, and a way into each.
import AxeBuilder from '@axe-core/playwright';
import { test, expect } from './fixture.js';
import { Odds } from './odds.js';

const FLAKY_NAIVE = 'v=1&scenario=naive';
const WORKER = /odds-worker\.js$/;

/** What ten thousand runs may take, and how far apart frames may be meanwhile. */
const [MOST_MS, MOST_GAP_MS] = [2_000, 100];
const isLive = ({ ms, p95 }) => ms < MOST_MS && p95 < MOST_GAP_MS;
const TRIES = 15;

/** Counts the workers that a page starts, and pretends that it has so many cores. */
async function withCores(page, cores) {
  await page.addInitScript((count) => {
    Object.defineProperty(navigator, 'hardwareConcurrency', { get: () => count });
  }, cores);
}

for (const [name, viewport] of [['desktop', { width: 1280, height: 900 }], ['phone', { width: 360, height: 740 }]]) {
  test.describe(name, () => {
    test.use({ viewport });

    test('ten thousand runs are made, shown with intervals, and announced once', async ({ page, playground }) => {
      await playground.open();
      const odds = new Odds(page);
      await odds.open();
      await odds.find();
      const figures = await odds.figures();
      expect(figures.find((row) => row.startsWith('Success'))).toContain('100.00 % 10,000 runs; 99.96 to 100.00 %');
      for (const row of ['Degraded', 'Blocked', 'No answer', 'Harmful effects', 'Duplicates', 'Time, half', 'Time, 95 of 100',
        'Attempts per call', 'Money per run']) {
        expect(figures.some((text) => text.startsWith(row)), row).toBe(true);
      }
      await expect(playground.status).toHaveText(/^10,000 runs: 100\.00 % succeed; half end within \d+\.\d\d s, 95 of 100 within/);
    });

    test('every bar says what it is and opens its seed as the run', async ({ page, playground }) => {
      await playground.open();
      const odds = new Odds(page);
      await odds.open();
      await odds.find();
      expect(await odds.bars.count()).toBeGreaterThan(4);
      const bar = odds.bars.nth(2);
      const name = await bar.getAttribute('aria-label');
      const [, runs, from, to, seed] = /^([\d,]+) runs? ended after ([\d.]+) s to ([\d.]+) s.*; open seed (\d+)$/.exec(name);
      expect(Number(runs.replaceAll(',', ''))).toBeGreaterThan(0);
      await bar.click();
      await expect(playground.seed).toHaveValue(seed);
      await expect(page.getByRole('heading', { name: 'Timeline' })).toBeInViewport();
      // The run really ends when its bar says, as the timeline tells.
      const total = /of ([\d.]+) s virtual/.exec(await playground.timeline.innerText())[1];
      expect(Number(total)).toBeGreaterThanOrEqual(Number(from));
      expect(Number(total)).toBeLessThan(Number(to));
    });

    test('the worst run opens at the line that made it so', async ({ page, playground }) => {
      await playground.open('v=1&scenario=risky&protection=off');
      const odds = new Odds(page);
      await odds.open();
      await odds.find();
      await expect(odds.region.getByText('It did what no human had agreed to.')).toBeVisible();
      await odds.worst.click();
      await expect(playground.events.last()).toContainText('send_email took effect');
      await expect(playground.why).toContainText('send_email took effect');
    });

    test('the table under the bars tells the same', async ({ page, playground }) => {
      await playground.open();
      const odds = new Odds(page);
      await odds.open();
      await odds.find();
      await odds.region.getByText('The same as a table').click();
      const rows = odds.region.getByRole('table').last().getByRole('row');
      const cells = (await rows.allInnerTexts()).slice(1).map((row) => row.split(/\t|\n/).map((cell) => cell.trim()).filter(Boolean));
      const total = cells.reduce((sum, [, runs]) => sum + Number(runs.replaceAll(',', '')), 0);
      expect(total).toBe(10_000);
      for (const [, runs, , seed] of cells.filter(([, , , worst]) => worst !== 'none')) {
        const name = new RegExp(`^${runs} runs? .*; open seed ${seed}$`);
        await expect(odds.region.getByRole('button', { name })).toHaveCount(1);
      }
    });

    test('two policies stand side by side, over the same seeds', async ({ page, playground }) => {
      await playground.open();
      const odds = new Odds(page);
      await odds.open();
      await odds.rival.selectOption({ label: 'Naive' });
      await odds.find();
      const success = (await odds.figures()).find((row) => row.startsWith('Success'));
      expect(success).toContain('100.00 %');
      expect(success).toContain('0.00 %');
      expect(success).toContain('−100.00 points');
      expect(success).toContain('worse');
      await expect(odds.region.getByRole('list')).toHaveCount(2);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
    });

    test('nothing to object to for axe: drawer, results, two policies, stale', async ({ page, playground }) => {
      // Four times over a page with many controls.
      test.setTimeout(180_000);
      await page.emulateMedia({ reducedMotion: 'reduce' });
      await playground.open(FLAKY_NAIVE);
      const odds = new Odds(page);
      await odds.open();
      await odds.rival.selectOption({ index: 1 });
      await odds.find();
      await odds.region.getByText('The same as a table').first().click();
      for (const stale of [false, true]) {
        if (stale) {
          await playground.at('Faults');
          await playground.toggle('Hung call').click();
          await expect(odds.region.getByText('These are the odds of other settings.')).toBeVisible();
        }
        for (const colorScheme of ['light', 'dark']) {
          await page.emulateMedia({ colorScheme });
          const { violations } = await new AxeBuilder({ page }).include('section.odds').analyze();
          expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html} ${nodes[0].any[0]?.message}`)).toEqual([]);
        }
      }
    });
  });
}

test('ten thousand runs take at most 2 s, and the page stays live meanwhile', async ({ page, playground }) => {
  await playground.open();
  const odds = new Odds(page);
  await odds.open();
  await page.evaluate(() => {
    globalThis.frames_seen = [];
    const frame = (now) => {
      globalThis.frames_seen.push(now);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  const once = () => odds.run.evaluate(async (button) => {
    const progress = () => document.querySelector('.odds-progress').hidden === false;
    const until = async (is) => {
      while (!is()) await new Promise((resolve) => setTimeout(resolve, 2));
    };
    const begun = performance.now();
    button.click();
    await until(progress);
    await until(() => !progress());
    const ended = performance.now();
    const frames = globalThis.frames_seen.filter((at) => at >= begun && at <= ended);
    const gaps = frames.slice(1).map((at, index) => at - frames[index]).sort((one, other) => one - other);
    return { ms: ended - begun, frames: frames.length, p95: gaps[Math.floor(gaps.length * 0.95)], longest: gaps.at(-1) };
  });
  // The best of some: other tests, and whoever else, are at the same cores.
  test.slow();
  let took = await once();
  for (let number = 1; number < TRIES && !isLive(took); number += 1) {
    const next = await once();
    if (next.ms < took.ms) took = next;
  }
  console.log(`odds: ${JSON.stringify(took)}`);
  expect(took.ms).toBeLessThan(MOST_MS);
  expect(took.frames).toBeGreaterThan(5);
  expect(took.p95, 'gap between frames, in ms').toBeLessThan(MOST_GAP_MS);
});

test('while it runs it says how far it is, and cancelling ends it at once and leaves nothing', async ({ page, playground }) => {
  await withCores(page, 2);
  await playground.open();
  const odds = new Odds(page);
  await odds.open();
  // Slowed down, so that there is something to cancel.
  const client = await page.context().newCDPSession(page);
  await client.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  await odds.rival.selectOption({ index: 1 });
  const seen = odds.region.evaluate((region) => new Promise((resolve) => {
    new MutationObserver((_, observer) => {
      const text = region.querySelector('progress')?.getAttribute('aria-valuetext') ?? '';
      if (!/^(0 of.*)?$/.test(text)) {
        observer.disconnect();
        [...region.querySelectorAll('button')].find((button) => button.innerText === 'Cancel').click();
        resolve({ text, max: region.querySelector('progress').max });
      }
    }).observe(region, { attributes: true, subtree: true });
  }));
  await odds.run.click();
  const { text, max } = await seen;
  expect(text).toMatch(/^[\d,]+ of 20,000 runs$/);
  expect(max).toBe(20_000);
  await expect(odds.progress).toBeHidden();
  await expect.poll(() => page.workers().length).toBe(0);
  await expect(odds.cancel).toHaveAttribute('aria-disabled', 'true');
  await page.waitForTimeout(300);
  await expect(odds.table).toHaveCount(0);
  await odds.find();
  expect(page.workers()).toHaveLength(0);
});

test('one worker or four find the same, and there are never more', async ({ page, stranger }) => {
  const found = [];
  for (const [one, cores, most] of [[page, 2, 1], [stranger.page, 64, 4]]) {
    const started = [];
    one.on('worker', (worker) => started.push(worker.url()));
    await withCores(one, cores);
    await one.goto('#v=1&faults=flaky,hung,risky');
    const odds = new Odds(one);
    await odds.open();
    await odds.find();
    expect(started).toHaveLength(most);
    found.push({ figures: await odds.figures(), bars: await odds.bars.evaluateAll((bars) => bars.map((bar) => bar.ariaLabel)) });
  }
  expect(found[0].bars.length).toBeGreaterThan(2);
  expect(found[1]).toEqual(found[0]);
});

test('nothing of it is fetched before somebody asks', async ({ page, playground }) => {
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await playground.open();
  const odds = new Odds(page);
  await odds.open();
  expect(asked.filter((url) => WORKER.test(url))).toEqual([]);
  asked.length = 0;
  await odds.find();
  expect(asked.filter((url) => /\.wasm$/.test(url)), 'the module is there already').toEqual([]);
});

test.describe('when the worker cannot start', () => {
  // A service worker would serve what was loaded before.
  test.use({ serviceWorkers: 'block', provoked: /request failed: .*odds-worker\.js|Service Worker registration blocked/ });

  test('the page says so, and makes the runs itself if told to', async ({ page, playground }) => {
    await page.route(WORKER, (route) => route.abort());
    await playground.open();
    const odds = new Odds(page);
    await odds.open();
    await odds.run.click();
    await expect(odds.region.getByText('The worker that makes the runs failed: odds-worker.js could not be loaded.')).toBeVisible();
    await expect(playground.status).toContainText('The worker that makes the runs failed');
    await odds.here.click();
    await expect(odds.table).toBeVisible({ timeout: 20_000 });
    expect((await odds.figures()).find((row) => row.startsWith('Success'))).toContain('100.00 %');
    await expect(odds.here).toBeHidden();
  });
});

test.describe('when a worker dies', () => {
  test.use({ serviceWorkers: 'block', provoked: /console error|uncaught|Service Worker registration blocked/ });

  test('the page says so', async ({ page, playground }) => {
    await page.route(WORKER, (route) => route.fulfill({ contentType: 'text/javascript', body: 'onmessage = () => { throw new Error("gone"); };' }));
    await playground.open();
    const odds = new Odds(page);
    await odds.open();
    await odds.run.click();
    await expect(odds.region.getByText(/The worker that makes the runs failed: .*gone\./)).toBeVisible();
    await expect(odds.here).toBeVisible();
    expect(page.workers()).toHaveLength(0);
    // As an uncaught error of a worker would be told, if the page had not dealt with it.
    await page.evaluate(() => console.error('provoked'));
  });
});

test('results of other settings are greyed and say so, until the settings are back', async ({ page, playground }) => {
  await playground.open();
  const odds = new Odds(page);
  await odds.open();
  await odds.find();
  const stale = odds.region.getByText('These are the odds of other settings. Run them again for the present ones.');
  await expect(stale).toBeHidden();
  await playground.toggle('Outage').click();
  await expect(stale).toBeVisible();
  await playground.toggle('Outage').click();
  await expect(stale).toBeHidden();
  await odds.approver.selectOption('denies');
  await expect(stale).toBeVisible();
});

test('the whole of it by keyboard alone', async ({ page, playground }) => {
  await playground.open();
  const odds = new Odds(page);
  const tabTo = async (locator) => {
    for (let press = 0; press < 120; press += 1) {
      if (await locator.evaluate((element) => element === document.activeElement)) return;
      await page.keyboard.press('Tab');
    }
    throw new Error('not reached');
  };
  await tabTo(odds.region.locator('summary').first());
  await page.keyboard.press('Enter');
  await tabTo(odds.run);
  await page.keyboard.press('Enter');
  await expect(odds.table).toBeVisible({ timeout: 20_000 });
  await expect(odds.run).toBeFocused();
  await tabTo(odds.bars.first());
  const seed = /seed (\d+)$/.exec(await odds.bars.first().getAttribute('aria-label'))[1];
  await page.keyboard.press('Space');
  await expect(playground.seed).toHaveValue(seed);
});
