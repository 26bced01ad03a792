// Every feature by keyboard alone: no test here touches the mouse, nor gives focus to anything but by Tab, arrows and what the page does.
import { readFile } from 'node:fs/promises';
import { RECORDED } from './dropped.js';
import { test, expect } from './fixture.js';
import { focused, pressOn, tabTo } from './keys.js';
import { Odds } from './odds.js';

// Every stop on the way is a press of Tab.
test.beforeEach(() => test.slow());

/** Goes to a field, puts a text in the place of what is there, and is done with it. */
async function enter(page, field, text) {
  await tabTo(page, field);
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type(text);
  await page.keyboard.press('Enter');
}

/** Goes to a list and chooses what begins so. */
async function pick(page, list, text) {
  await tabTo(page, list);
  await page.keyboard.type(text);
}

test('an agent, a fault\'s rate and window, a setting and its reset', async ({ page, playground }) => {
  const field = (name) => page.getByLabel(name, { exact: true });
  await playground.open();
  await pick(page, field('Agent'), 'Naive');
  await expect(playground.protection).not.toBeChecked();
  await page.keyboard.press('End');
  await expect(field('Agent')).toHaveValue('Hardened');
  await expect(playground.protection).toBeChecked();
  await pressOn(page, playground.toggle('Outage'), 'Space');
  await enter(page, field('Outage: rate'), '50 %');
  await enter(page, field('Outage: window'), '0-1');
  await expect(page).toHaveURL(/down:500@0-1000/);
  const retry = page.locator('summary').filter({ hasText: /^Retry/ });
  await pressOn(page, retry, 'Enter');
  const attempts = field('Attempts (retry.attempts)');
  await enter(page, attempts, '0');
  await expect(attempts).toHaveAttribute('aria-invalid', 'true');
  await enter(page, attempts, '2');
  await expect(attempts).not.toHaveAttribute('aria-invalid', 'true');
  await pressOn(page, playground.button('Reset Attempts (retry.attempts)'), 'Enter', attempts);
  await expect(attempts).not.toHaveValue('2');
  expect((await focused(page)).name, 'focus after the reset').not.toBe('nothing');
});

test('a fork, its name, what stands beside it, and its end', async ({ page, playground }) => {
  await playground.open('v=1&scenario=flaky&seed=7&at=6');
  await tabTo(page, playground.fork);
  await page.keyboard.press('Enter');
  await expect(playground.forkWhat).toBeFocused();
  await page.keyboard.type('Attempts, now 4');
  await enter(page, playground.forkValue, '1');
  await expect(playground.branchTabs).toHaveCount(2);
  expect((await focused(page)).name, 'focus after the dialog').not.toBe('nothing');
  await enter(page, playground.branchName, 'Once');
  await expect(playground.branchTabs.nth(1)).toContainText('Once');
  await pressOn(page, playground.branchTabs.first(), 'Enter');
  await expect(playground.branchTabs.first()).toHaveAttribute('aria-current', 'true');
  await pick(page, playground.beside, 'nothing');
  await expect(playground.differences).toBeHidden();
  await page.keyboard.press('ArrowDown');
  await expect(playground.differences).toBeVisible();
  await pressOn(page, playground.branchTabs.nth(1), 'Enter');
  await tabTo(page, playground.button('Delete this branch'));
  await page.keyboard.press('Enter');
  await expect(playground.branchTabs).toHaveCount(0);
  expect((await focused(page)).name, 'focus after the end of a branch').not.toBe('nothing');
});

test('why: the nearest change is forked with', async ({ page, playground }) => {
  await playground.open('v=1&scenario=down&at=99');
  await tabTo(page, playground.timeline.locator('button[tabindex="0"]'));
  await page.keyboard.press('Home');
  for (let press = 0; press < 60; press += 1) {
    if (/^button Breaker open/.test((await focused(page)).name)) break;
    await page.keyboard.press('ArrowRight');
  }
  await page.keyboard.press('Enter');
  await expect(playground.why).toContainText('The model failed 3 times in a row');
  await tabTo(page, playground.why.getByRole('button', { name: /^Fork with/ }));
  await page.keyboard.press('Enter');
  await expect(playground.branchTabs).toHaveCount(2);
});

test('odds are found, and one of them is opened', async ({ page, playground }) => {
  await playground.open();
  const odds = new Odds(page);
  await pressOn(page, odds.region.locator('summary').first(), 'Enter');
  await tabTo(page, odds.run);
  await page.keyboard.press('Enter');
  await expect(odds.table).toBeVisible({ timeout: 20_000 });
  expect((await focused(page)).name, 'focus while they are found').not.toBe('nothing');
  const bar = odds.bars.first();
  const [, seed] = /open seed (\d+)$/.exec(await bar.getAttribute('aria-label'));
  await tabTo(page, bar);
  await page.keyboard.press('Enter');
  await expect(playground.seed).toHaveValue(seed);
});

test('an approval is edited, and another denied with a word', async ({ page, playground }) => {
  const open = (text) => playground.approval.locator('summary').filter({ hasText: text });
  await playground.open('v=1&scenario=risky&at=17');
  await pressOn(page, open('Approve with an edit'), 'Enter');
  const field = playground.approval.getByLabel('Arguments to run instead, as JSON');
  await tabTo(page, field);
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('{"body":"17 * 23 = 391","to":"bo@example.com"}');
  await tabTo(page, playground.approval.getByRole('button', { name: 'Approve edited' }));
  await page.keyboard.press('Enter');
  await expect(playground.approval).toBeHidden();
  expect((await focused(page)).name, 'focus after the dialog').not.toBe('nothing');
  await tabTo(page, playground.position);
  await page.keyboard.press('End');
  await playground.expectEvents([/send_email took effect, with .*bo@example\.com/]);

  await pressOn(page, playground.reset, 'Enter');
  await tabTo(page, playground.position);
  await page.keyboard.press('End');
  await expect(playground.deny).toBeFocused();
  await pressOn(page, open('Deny with a message'), 'Enter');
  await tabTo(page, playground.approval.getByLabel('A word to the model'));
  await page.keyboard.type('ask Bo first');
  await tabTo(page, playground.approval.getByRole('button', { name: 'Deny with this message' }));
  await page.keyboard.press('Enter');
  await playground.expectEvents([/A human said no: ask Bo first/]);
});

test('a run is saved as a file, and a recording is opened and forked', async ({ page, playground }) => {
  await playground.open('v=1&scenario=flaky&at=9');
  await tabTo(page, playground.button('Save as file'));
  const download = page.waitForEvent('download');
  await page.keyboard.press('Enter');
  expect(await readFile(await (await download).path(), 'utf8')).toContain('"steadfast": "run"');
  await tabTo(page, playground.button('Open file'));
  const chooser = page.waitForEvent('filechooser');
  await page.keyboard.press('Enter');
  await (await chooser).setFiles(RECORDED);
  const settings = playground.toggle('By the settings here');
  await expect(settings).toBeVisible();
  await pressOn(page, settings, 'Space');
  await expect(settings).toBeChecked();
});

test.describe('the code', () => {
  test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

  test('is opened by arrows and copied', async ({ page, playground }) => {
    await playground.open('v=1&scenario=down&at=99');
    await tabTo(page, page.getByRole('tab', { name: 'Why', exact: true }));
    await page.keyboard.press('End');
    const panel = page.getByRole('tabpanel', { name: 'Code' });
    await tabTo(page, panel.getByRole('button', { name: 'Rust' }));
    await page.keyboard.press('Enter');
    await tabTo(page, panel.getByRole('button', { name: 'Copy code' }));
    await page.keyboard.press('Enter');
    await expect(playground.status).toHaveText('The code is copied.');
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('pub fn policy()');
  });
});

test('strides and speed', async ({ page, playground }) => {
  await playground.open('v=1&scenario=flaky&at=0');
  await pick(page, playground.stride, 'turn');
  await tabTo(page, playground.step);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await expect(playground.events.last()).toContainText('Step 2');
  await pick(page, playground.speed, '100');
  await expect(playground.speed).toHaveValue('100×');
});
