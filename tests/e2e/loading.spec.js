// When the page cannot run, it says why, in prose.
import { test, expect } from './fixture.js';

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
  letItArrive();
  await expect(page.getByRole('button', { name: 'Step', exact: true })).toBeVisible();
});
