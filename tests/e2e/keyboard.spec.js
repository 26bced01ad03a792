// A whole session without a mouse: everything can be reached, focus is always to be seen and never lost.
import { test, expect } from './fixture.js';
import { MANY_STOPS, focused, pressOn, tabTo } from './keys.js';

test('session by keyboard alone: break, step, approve, reset', async ({ page, playground }) => {
  // Every stop on the way is a press of Tab.
  test.slow();
  await playground.open();
  await pressOn(page, playground.toggle('Flaky model'), 'Space');
  await expect(playground.toggle('Flaky model')).not.toBeChecked();
  await pressOn(page, playground.toggle('Risky tool'), 'Space');
  await expect(playground.toggle('Risky tool')).toBeChecked();
  await pressOn(page, playground.toggle('Hung call'), 'Enter');
  await expect(playground.toggle('Hung call')).toBeChecked();
  await pressOn(page, playground.toggle('Hung call'), 'Space');
  await expect(playground.toggle('Hung call')).not.toBeChecked();

  await pressOn(page, playground.step, 'Enter');
  await expect(playground.events).toHaveCount(1);
  await pressOn(page, playground.step, 'Space');
  await expect(playground.events).toHaveCount(2);

  await tabTo(page, playground.play);
  await page.keyboard.press('Enter');
  await expect(playground.approval).toBeVisible({ timeout: 20_000 });
  await expect(playground.deny).toBeFocused();
  await tabTo(page, playground.approve);
  await page.keyboard.press('Enter');
  await expect(playground.approval).toBeHidden();
  expect((await focused(page)).name, 'focus after the dialog').not.toBe('nothing');

  await expect(playground.result).toContainText('is sent', { timeout: 20_000 });
  expect((await focused(page)).name, 'focus at the end').not.toBe('nothing');
  await pressOn(page, playground.reset, 'Enter');
  await expect(playground.events).toHaveCount(0);
});

test('play and pause hand focus to each other or keep it', async ({ page, playground }) => {
  await page.clock.install();
  await playground.open('v=1&scenario=flaky');
  await tabTo(page, playground.play);
  await page.keyboard.press('Enter');
  expect((await focused(page)).name).toMatch(/^button (Play|Pause)/);
  await tabTo(page, playground.pause);
  await page.keyboard.press('Enter');
  expect((await focused(page)).name).toMatch(/^button (Play|Pause)/);
});

test('focus stays when the last step is taken', async ({ page, playground }) => {
  await playground.open('v=1&scenario=flaky&at=24');
  await tabTo(page, playground.step);
  await page.keyboard.press('Enter');
  await expect(playground.events).toHaveCount(25);
  expect((await focused(page)).name).not.toBe('nothing');
});

test('denying by keyboard is one key, since focus is on Deny', async ({ page, playground }) => {
  await playground.open('v=1&scenario=risky&at=17');
  await expect(playground.deny).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(playground.approval).toBeHidden();
  await expect(playground.events.last()).toContainText('A human said no.');
  expect((await focused(page)).name, 'focus after the dialog').not.toBe('nothing');
});

test('arrows walk the timeline, and Enter explains what is there', async ({ page, playground }) => {
  await playground.open('v=1&scenario=flaky&at=99');
  await tabTo(page, playground.timeline.locator('button[tabindex="0"]'));
  await page.keyboard.press('Home');
  for (const name of [/^Breaker closed/, /^Attempt 1, failed/, /^Fault "Flaky model"/, /^Wait of 382\.085 ms/]) {
    await expect(playground.item(name).first()).toBeFocused();
    expect((await focused(page)).shows).toBe(true);
    await page.keyboard.press('ArrowRight');
  }
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await expect(playground.why).toContainText('Waits 382.085 ms before attempt 2 of 4');
});

test('seed is typed and entered, new seed is pressed', async ({ page, playground }) => {
  await playground.open();
  await tabTo(page, playground.seed);
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('42');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/seed=42/);
  await expect(playground.seed).toBeFocused();
  await pressOn(page, playground.newSeed, 'Enter');
  await expect(playground.seed).not.toHaveValue('42');
});

test('tab goes through the whole page and out again, with no trap', async ({ page, playground }) => {
  await playground.open('v=1&scenario=flaky&at=99');
  const names = [];
  for (let stop = 0; stop < MANY_STOPS; stop += 1) {
    await page.keyboard.press('Tab');
    const { name, shows } = await focused(page);
    if (name === 'nothing') break;
    expect(shows, `focus shows on ${name}`).toBe(true);
    names.push(name);
  }
  expect(names.length).toBeGreaterThan(10);
  expect(names.length, 'Tab comes out at the end').toBeLessThan(MANY_STOPS);
});
