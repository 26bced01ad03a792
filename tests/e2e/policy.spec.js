// The page's own policy says what it may load and run. Nothing it does breaks that, and nothing that it is given gets around it.
import { test as base, expect } from './fixture.js';

/** Everything that the policy forbade while a test was going on. */
const test = base.extend({
  violations: [
    async ({ context }, use) => {
      const seen = [];
      await context.exposeFunction('policyViolated', (what) => seen.push(what));
      await context.addInitScript(() => {
        addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sourceFile }) => {
          globalThis.policyViolated(`${effectiveDirective} ${blockedURI} ${sourceFile}`);
        }, true);
      });
      await use(seen);
    },
    { auto: true },
  ],
});

/** The policy as the page has it. */
function policyOf(page) {
  return page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content');
}

test('policy allows WebAssembly, what stands in the page by its hash, its own files, and nothing else', async ({ page, playground }) => {
  await playground.open();
  const policy = new Map((await policyOf(page)).split('; ').map((directive) => [directive.split(' ')[0], directive.split(' ').slice(1)]));
  expect(policy.get('default-src')).toEqual(["'none'"]);
  for (const [directive, sources] of policy) {
    for (const source of sources) {
      const allowed = /^'(none|self|wasm-unsafe-eval|sha256-[A-Za-z0-9+/]{43}=)'$/.test(source) || (directive === 'img-src' && source === 'data:');
      expect(allowed, `${directive} ${source}`).toBe(true);
    }
  }
  expect(policy.get('script-src')).toContain("'wasm-unsafe-eval'");
  // It holds for what follows it: nothing of the page comes before.
  expect(await page.locator('head > :not(meta) ~ meta[http-equiv]').count()).toBe(0);
});

test('nothing that the page does is against its policy', async ({ page, playground, violations }) => {
  await playground.open();
  await playground.setFaults('Flaky model', 'Risky tool');
  await playground.stepTo(3);
  await playground.jumpToEnd();
  await playground.approve.click();
  await playground.jumpToEnd();
  await playground.item(/^Wait of 382/).click();
  await playground.button('Back to the latest').click();
  await playground.newSeed.click();
  await playground.play.click();
  await expect(playground.events.nth(3)).toBeAttached();
  await playground.pause.click();
  await playground.reset.click();
  await playground.protection.setChecked(false);
  const download = page.waitForEvent('download');
  await playground.button('Save as file').click();
  await download;
  for (const colorScheme of ['dark', 'light']) await page.emulateMedia({ colorScheme });
  await page.reload();
  await expect(playground.step).toBeVisible();
  expect(violations).toEqual([]);
});

test.describe('what somebody smuggles into the page', () => {
  test.use({ provoked: /console error: .*Content Security Policy|example\.invalid/ });

  test('does not run', async ({ page, playground, violations }) => {
    await playground.open();
    await page.evaluate(() => {
      const place = document.createElement('div');
      place.innerHTML = '<img src="https://example.invalid/x.png" onerror="globalThis.ran = 1"><p style="color: red">x</p>';
      document.body.append(place);
      const script = document.createElement('script');
      script.textContent = 'globalThis.ran = 2';
      document.body.append(script);
    });
    // Later, for what a test runs in the page at once is allowed everything.
    const evaluated = await page.evaluate(() => new Promise((resolve) => {
      setTimeout(() => {
        try {
          resolve(globalThis.eval('1'));
        } catch (error) {
          resolve(error.name);
        }
      });
    }));
    expect(evaluated).toBe('EvalError');
    await expect.poll(() => violations.map((what) => what.split(' ')[0]).sort()).toEqual(
      expect.arrayContaining(['img-src', 'script-src', 'script-src-elem', 'style-src-attr']));
    expect(await page.evaluate(() => globalThis.ran)).toBeUndefined();
  });
});
