// How the page begins: what it shows before all of it is there; and when it cannot run, it says why, in prose.
import { test, expect } from './fixture.js';
import { FAULTS } from './playground.js';

test.describe('without JavaScript', () => {
  // Playwright switches JavaScript off by a policy, and the browser says that it did not fetch the script.
  test.use({ javaScriptEnabled: false, provoked: /request failed: .* csp$|preloaded using link preload/ });

  test('a message in prose says what is missing', async ({ page }) => {
    await page.goto('');
    await expect(page.getByText(/JavaScript/).first()).toBeVisible();
    const words = (await page.locator('body').innerText()).trim().split(/\s+/).length;
    expect(words, 'words of prose').toBeGreaterThan(30);
    await expect(page.getByText('Loading')).toBeHidden();
    await expect(page.getByRole('button')).toHaveCount(0);
  });
});

test.describe('when WebAssembly does not arrive', () => {
  test.use({ provoked: /request failed: .*\.wasm|console error|uncaught/ });

  test('the page says so instead of staying empty', async ({ page }) => {
    await page.route(/\.wasm$/, (route) => route.abort());
    await page.goto('');
    await expect(page.getByRole('alert')).toContainText(/WebAssembly/);
    await expect(page.getByRole('button', { name: 'Step', exact: true })).toHaveCount(0);
  });
});

test.describe('when WebAssembly is broken', () => {
  test.use({ provoked: /console error|uncaught/ });

  test('the page says what it needs', async ({ page }) => {
    await page.route(/\.wasm$/, (route) => route.fulfill({ contentType: 'application/wasm', body: 'not a module' }));
    await page.goto('');
    await expect(page.getByRole('alert')).toContainText(/WebAssembly/);
  });
});

test.describe('in a browser without WebAssembly', () => {
  test.use({ provoked: /console error|uncaught/ });

  test('the page says what it needs', async ({ page }) => {
    await page.addInitScript(() => {
      delete globalThis.WebAssembly;
    });
    await page.goto('');
    await expect(page.getByRole('alert')).toContainText(/WebAssembly/);
  });
});

test.describe('when the engine stops in the middle', () => {
  test.use({ provoked: /uncaught: RuntimeError/ });

  test('the page says so', async ({ page }) => {
    await page.goto('');
    await expect(page.getByRole('button', { name: 'Step', exact: true })).toBeVisible();
    await expect(page.getByText('could not run')).toBeHidden();
    await page.evaluate(() => {
      setTimeout(() => {
        // What a panic is in the module: an instruction that must not be reached.
        const bytes = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 97, 0, 0, 10, 5, 1, 3, 0, 0, 11];
        new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes))).exports.a();
      });
    });
    await expect(page.getByText('The playground could not run.')).toBeVisible();
    await expect(page.getByText(/The browser says: RuntimeError/)).toBeVisible();
  });
});

test('while it loads, the page already says what it is', async ({ page }) => {
  let letItArrive;
  const asked = new Promise((resolve) => {
    letItArrive = resolve;
  });
  await page.route(/\.wasm$/, async (route) => {
    await asked;
    await route.continue();
  });
  await page.goto('', { waitUntil: 'commit' });
  await expect(page.getByText('A small AI agent, a world that goes wrong')).toBeVisible();
  await expect(page.getByText('Loading')).toBeVisible();
  const intro = page.locator('.lead');
  const [words, place] = [await intro.innerText(), await intro.boundingBox()];
  letItArrive();
  await expect(page.getByRole('button', { name: 'Step', exact: true })).toBeVisible();
  // In its place, so that whoever reads it already goes on reading.
  expect(await intro.innerText()).toBe(words);
  const { x, y, width } = await intro.boundingBox();
  expect([x, y, width]).toEqual([place.x, place.y, place.width]);
});

/** Holds the second module back until it is let go, and answers with a function that lets it. */
async function withoutRest(page) {
  let letItArrive;
  const wanted = new Promise((resolve) => {
    letItArrive = resolve;
  });
  await page.route(/\/rest-[0-9a-f]+\.wasm$/, async (route) => {
    await wanted;
    await route.continue();
  });
  return letItArrive;
}

for (const [size, viewport] of Object.entries({ desktop: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } })) {
  test.describe(size, () => {
    test.use({ viewport });

    test('the first view needs the first module alone, and is the page itself', async ({ page, playground }) => {
      const fetched = [];
      page.on('response', (response) => fetched.push(new URL(response.url()).pathname));
      const letItArrive = await withoutRest(page);
      await page.goto('');
      await expect(playground.step).toBeVisible();
      await expect(page.locator('#app')).toHaveAttribute('aria-busy', 'true');
      await expect(page.getByText('Loading')).toBeHidden();
      await expect(page.getByText('could not run')).toBeHidden();
      const regions = size === 'phone' ? ['Timeline', 'Transport'] : ['Timeline', 'Transport', 'Result', 'Why'];
      const seen = [...regions.map((name) => page.getByRole('region', { name, exact: true })), ...(size === 'phone' ? [] : FAULTS.map((name) => playground.toggle(name)))];
      for (const part of seen) await expect(part).toBeVisible();
      await expect(page.getByText('Nothing has happened yet. Press Step.')).toBeVisible();
      await expect(playground.position).toHaveAttribute('aria-valuetext', /^Event 0 of [1-9]/);
      // Whatever comes later moves nothing that is in sight.
      const places = () => Promise.all(seen.map(async (part) => (({ x, y, width }) => [x, y, width])(await part.boundingBox())));
      const before = await places();
      expect(fetched.filter((path) => path.endsWith('.wasm'))).toEqual([expect.stringMatching(/\/first-/)]);
      // What was measured is laid out once; nothing that the first module did may have wanted the rest meanwhile.
      await page.waitForTimeout(500);
      await expect(playground.step).toBeVisible();
      letItArrive();
      await playground.whole();
      await expect(page.getByText('Odds', { exact: true })).toBeVisible();
      expect(await places()).toEqual(before);
      await playground.at('Faults');
      await expect(playground.protection).toBeVisible();
    });

    test('what is done before the second module is there is done when it is, in order', async ({ page, playground }) => {
      const letItArrive = await withoutRest(page);
      await page.goto('');
      await playground.step.click();
      await playground.step.press('Enter');
      await playground.stride.selectOption('decision');
      await playground.step.click();
      await page.waitForTimeout(300);
      await expect(playground.events).toHaveCount(0);
      await expect(page.locator('#app')).toHaveAttribute('aria-busy', 'true');
      letItArrive();
      await playground.whole();
      // Two single steps, and a third by decision.
      await expect(playground.status).not.toBeEmpty();
      const shown = await playground.events.count();
      await playground.reset.click();
      await playground.stride.selectOption('event');
      await playground.stepTo(2);
      await playground.stride.selectOption('decision');
      await playground.step.click();
      await expect(playground.events).toHaveCount(shown);
    });

    test(size === 'phone' ? 'a tab that is pressed early opens' : 'a switch that is pressed early is switched once', async ({ page, playground }) => {
      const letItArrive = await withoutRest(page);
      await page.goto('');
      const outage = playground.toggle('Outage');
      if (size === 'phone') {
        await page.getByRole('tab', { name: 'Faults', exact: true }).click();
        letItArrive();
        await playground.whole();
        await expect(outage).toBeVisible();
        return;
      }
      const before = await outage.isChecked();
      await outage.click();
      letItArrive();
      await playground.whole();
      await expect(outage).toBeChecked({ checked: !before });
    });
  });
}

test('a link is followed only when all of the page is there, since it may need any of it', async ({ page, playground }) => {
  const letItArrive = await withoutRest(page);
  await page.goto('#v=1&scenario=risky&at=17');
  await expect(page.getByText('Loading')).toBeVisible();
  await page.waitForTimeout(500);
  await expect(playground.step).toHaveCount(0);
  letItArrive();
  await expect(playground.approval).toBeVisible();
});

test.describe('when the second module does not arrive', () => {
  test.use({ provoked: /request failed: .*rest-.*\.wasm|console error|uncaught/ });

  test('the page says so', async ({ page }) => {
    await page.route(/\/rest-[0-9a-f]+\.wasm$/, (route) => route.abort());
    await page.goto('');
    await expect(page.getByText('The playground could not run.')).toBeVisible();
  });
});

test.describe('when the first module turns out to need the second', () => {
  test.use({ provoked: /uncaught: RuntimeError|request failed: .*rest-.*ERR_ABORTED/ });

  test('the page begins anew with both, and nothing is lost but time', async ({ page, playground }) => {
    const letItArrive = await withoutRest(page);
    await page.goto('');
    await expect(playground.step).toBeVisible();
    const again = page.waitForEvent('load');
    await page.evaluate(() => {
      setTimeout(() => {
        // What calling into the second module is while it is not there: a slot of a table with nothing in it.
        const bytes = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 4, 4, 1, 112, 0, 1, 7, 5, 1, 1, 97, 0, 0, 10, 9, 1, 7, 0, 65, 0, 17, 0, 0, 11];
        new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes))).exports.a();
      });
    });
    await again;
    await expect(page.getByText('Loading')).toBeVisible();
    letItArrive();
    await playground.whole();
    await expect(playground.step).toBeVisible();
    await expect(page.getByText('could not run')).toBeHidden();
    await playground.stepTo(1);
  });
});
