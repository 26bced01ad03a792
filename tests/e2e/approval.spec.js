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

test('an edit is checked in place, and exactly what was approved is what runs', async ({ playground }) => {
  await playground.open(`v=1&scenario=risky&at=${ASKED}`);
  await playground.approval.getByText('Approve with an edit').click();
  const field = playground.approval.getByLabel('Arguments to run instead, as JSON');
  const approve = playground.approval.getByRole('button', { name: 'Approve edited' });
  await expect(field).toHaveValue('{"body":"17 * 23 = 391","to":"ana@example.com"}');
  await expect(approve).toBeDisabled();
  await field.fill('{"to": bo@example.com}');
  await expect(field).toHaveAttribute('aria-invalid', 'true');
  await expect(playground.approval.getByRole('alert')).toHaveText('Line 1, column 8: this is no JSON value; texts stand between double quotes.');
  await expect(approve).toBeDisabled();
  await approve.click({ force: true });
  await expect(playground.approval).toBeVisible();
  await field.fill('{ "to": "bo@example.com",\n "body": "17 * 23 = 391" }');
  const digest = /[0-9a-f]{8}/.exec(await playground.approval.getByText('Digest with this edit').innerText())[0];
  expect(digest).not.toBe(DIGEST);
  await approve.click();
  await playground.jumpToEnd();
  await playground.expectEvents([
    new RegExp(`A human said yes.*${digest}`),
    /Act: send_email is called with \{"body":"17 \* 23 = 391","to":"bo@example\.com"\}/,
    /send_email took effect, with \{"body":"17 \* 23 = 391","to":"bo@example\.com"\}/,
  ]);
  await expect(playground.fact(playground.proofs, 'Shown')).toHaveText(DIGEST);
  await expect(playground.fact(playground.proofs, 'Approved')).toHaveText(digest);
  await expect(playground.fact(playground.proofs, 'Ran')).toHaveText(digest);
  await expect(playground.proofs).toContainText('what you approved is what ran');
});

test('what was shown is what runs, and the page shows the digests of both side by side', async ({ playground }) => {
  await playground.open(`v=1&scenario=risky&at=${ASKED}`);
  const shown = await playground.digest.innerText();
  await playground.approve.click();
  await expect(playground.fact(playground.proofs, 'Ran')).toHaveText('nothing');
  await playground.jumpToEnd();
  for (const term of ['Shown', 'Approved', 'Ran']) await expect(playground.fact(playground.proofs, term)).toHaveText(shown);
  await expect(playground.proofs).toContainText('What was shown is what ran.');
});

test('a no goes to the model with its message', async ({ playground }) => {
  await playground.open(`v=1&scenario=risky&at=${ASKED}`);
  await playground.approval.getByText('Deny with a message').click();
  await playground.approval.getByLabel('A word to the model').fill('ask Bo first');
  await playground.approval.getByRole('button', { name: 'Deny with this message' }).click();
  await playground.jumpToEnd();
  await playground.expectEvents([/A human said no: ask Bo first/]);
  await expect(playground.result).toContainText('They said: ask Bo first');
});

test('a question that nobody answers expires, in its own time', async ({ playground }) => {
  await playground.open(`v=1&scenario=risky&at=${ASKED}`);
  const until = await playground.fact(playground.approval, 'Silence is a no at').innerText();
  await playground.approval.getByRole('button', { name: 'Let it expire' }).click();
  await expect(playground.approval).toBeHidden();
  await expect(playground.events.last()).toContainText('Nobody answered in time');
  await expect(playground.events.last()).toContainText(until);
  await playground.jumpToEnd();
  await playground.expectResult({ blocked: 'send_email' });
});

test('every answer is in the link', async ({ page, playground, stranger }) => {
  await playground.open(`v=1&scenario=risky&at=${ASKED}`);
  await playground.approval.getByText('Deny with a message').click();
  await playground.approval.getByLabel('A word to the model').fill('nö, 50 % & "why"?');
  await playground.approval.getByRole('button', { name: 'Deny with this message' }).click();
  await playground.jumpToEnd();
  const texts = await playground.eventTexts();
  await expect(page).toHaveURL(/decisions=d~/);
  await stranger.open(new URL(page.url()).hash.slice(1));
  await stranger.jumpToEnd();
  expect(await stranger.eventTexts()).toEqual(texts);
});

test('the dialog fits a phone, and everything to press is large enough', async ({ page, playground }) => {
  await page.setViewportSize({ width: 320, height: 568 });
  await playground.open(`v=1&scenario=risky&at=${ASKED}`);
  for (const summary of await playground.approval.locator('summary').all()) await summary.click();
  for (const button of await playground.approval.getByRole('button').all()) {
    expect((await button.boundingBox()).height).toBeGreaterThanOrEqual(44);
  }
  const box = await playground.approval.boundingBox();
  expect(box.x).toBeGreaterThanOrEqual(0);
  expect(box.x + box.width).toBeLessThanOrEqual(320);
  const wide = await page.evaluate(() => document.querySelector('dialog[open]').scrollWidth - document.querySelector('dialog[open]').clientWidth);
  expect(wide).toBe(0);
});
