// A risky call waits for a human: the dialog shows exactly what would run, and nothing but a press of Approve is a yes.
import { test, expect } from './fixture.js';

/** The position at which `send_email` is asked about, with seed 7. */
const ASKED = 17;
const DIGEST = '180367fc';

test('approval is a modal dialog with tool, exact arguments and digest', async ({ playground }) => {
  await playground.open(`v=1&scenario=risky&at=${ASKED}`);
  await expect(playground.approval).toBeVisible();
  await expect(playground.fact(playground.approval, 'Tool')).toHaveText('send_email');
  const shown = await playground.fact(playground.approval, 'Exact arguments').innerText();
  expect(JSON.parse(shown)).toEqual({ body: '17 * 23 = 391', to: 'ana@example.com' });
  await expect(playground.digest).toHaveText(DIGEST);
  const modal = await playground.approval.evaluate((dialog) => dialog.matches('dialog:modal'));
  expect(modal, 'a native modal dialog').toBe(true);
});

test('focus is on Deny and stays inside the dialog', async ({ page, playground }) => {
  await playground.open(`v=1&scenario=risky&at=${ASKED}`);
  await expect(playground.deny).toBeFocused();
  for (let press = 0; press < 8; press += 1) {
    await page.keyboard.press('Tab');
    const outside = await page.evaluate(() => {
      const { activeElement } = document;
      // A native dialog lets focus leave for the browser's own bar, which the page sees as its body.
      return activeElement !== document.body && activeElement.closest('dialog') === null;
    });
    expect(outside).toBe(false);
  }
});

test('escape does not approve', async ({ page, playground }) => {
  await playground.open(`v=1&scenario=risky&at=${ASKED}`);
  await expect(playground.deny).toBeFocused();
  // Chromium lets a page hold back the first close request, and not the second.
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await expect(playground.approval).toBeVisible();
  await expect(playground.events.filter({ hasText: 'said yes' })).toHaveCount(0);
  await expect(playground.events.filter({ hasText: 'took effect' })).toHaveCount(0);
});

test('a click beside the dialog does not approve', async ({ page, playground }) => {
  await playground.open(`v=1&scenario=risky&at=${ASKED}`);
  await expect(playground.approval).toBeVisible();
  await page.mouse.click(4, 4);
  await expect(playground.approval).toBeVisible();
  await expect(playground.events).toHaveCount(ASKED);
});

test('yes is to exactly the call that was shown', async ({ playground }) => {
  await playground.open(`v=1&scenario=risky&at=${ASKED}`);
  const shown = await playground.digest.innerText();
  await playground.approve.click();
  await expect(playground.approval).toBeHidden();
  await playground.jumpToEnd();
  await playground.expectEvents([
    new RegExp(`may run with \\{"body":"17 \\* 23 = 391","to":"ana@example\\.com"\\} \\(digest ${shown}\\)`),
    new RegExp(`A human said yes to exactly this call \\(digest ${shown}\\)`),
    /Act: send_email is called with \{"body":"17 \* 23 = 391","to":"ana@example\.com"\}/,
  ]);
  expect(shown).toBe(DIGEST);
});

test('another seed is another run, so another digest', async ({ playground }) => {
  await playground.open('v=1&scenario=risky&seed=8&at=99');
  await expect(playground.digest).toHaveText(/^[0-9a-f]{8}$/);
  await expect(playground.digest).not.toHaveText(DIGEST);
});

test('playing goes on after the answer', async ({ page, playground }) => {
  await page.clock.install();
  await playground.open('v=1&scenario=risky');
  await playground.play.click();
  await page.clock.runFor(60_000);
  await playground.deny.click();
  await page.clock.runFor(60_000);
  await playground.expectResult({ blocked: 'send_email' });
  await expect(playground.approval).toBeHidden();
});

test('a human who steps back from an answer by Reset is asked again', async ({ playground }) => {
  await playground.open(`v=1&scenario=risky&at=${ASKED}`);
  await playground.approve.click();
  await playground.reset.click();
  await expect(playground.events).toHaveCount(0);
  await playground.stepToEnd(ASKED);
  await expect(playground.approval).toBeVisible();
});
