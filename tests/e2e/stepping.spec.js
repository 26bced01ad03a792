// How far a step goes, how fast playing is, and keys for those who have their hands on the keyboard.
import { test, expect } from './fixture.js';

test('next decision passes over what was merely told', async ({ playground }) => {
  await playground.open('v=1&scenario=flaky');
  const next = playground.button('Next decision');
  await next.click();
  await expect(playground.events).toHaveCount(4);
  await expect(playground.events.last()).toContainText('An attempt starts; its timeout is at 4 s.');
  await next.click();
  await expect(playground.events.last()).toContainText('Waits 382.085 ms before attempt 2 of 4');
});

test('steps go by turn and by decision, both ways', async ({ playground }) => {
  await playground.open('v=1&scenario=flaky');
  await playground.stride.selectOption('turn');
  const passed = [];
  for (let press = 0; press < 3; press += 1) {
    await playground.step.click();
    passed.push(await playground.events.count());
  }
  expect(passed).toEqual([2, 20, 25]);
  await playground.button('Back').click();
  await expect(playground.events).toHaveCount(20);
  await playground.button('Back').click();
  await expect(playground.events).toHaveCount(2);
  await playground.stride.selectOption('decision');
  await playground.step.click();
  await expect(playground.events).toHaveCount(4);
});

test('to start shows nothing again and keeps the answer that was given', async ({ playground }) => {
  await playground.open('v=1&scenario=risky&decisions=a&at=99');
  await playground.button('To start').click();
  await expect(playground.events).toHaveCount(0);
  await playground.jumpToEnd();
  await expect(playground.approval).toBeHidden();
  await expect(playground.result).toContainText('is sent');
});

test('speed goes from a tenth to a hundred times', async ({ page, playground }) => {
  await page.clock.install();
  await playground.open('v=1&scenario=flaky');
  const choices = await playground.speed.locator('option').allInnerTexts();
  expect([choices[0], choices.at(-1)]).toEqual(['0.1×', '100×']);
  await playground.speed.selectOption('0.1×');
  await playground.play.click();
  await page.clock.runFor(2_000);
  expect(await playground.events.count(), 'two seconds at a tenth').toBeLessThan(3);
  await playground.speed.selectOption('100×');
  await page.clock.runFor(500);
  await expect(playground.events).toHaveCount(25);
});

test('a page that nobody can see does not play on', async ({ page, playground }) => {
  await page.clock.install();
  await playground.open('v=1&scenario=flaky');
  await playground.play.click();
  await page.clock.runFor(1_000);
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  });
  await expect(playground.pause).toBeDisabled();
  const shown = await playground.events.count();
  await page.clock.runFor(60_000);
  await expect(playground.events).toHaveCount(shown);
});

test('keys act only while the timeline has the focus, and can be switched off', async ({ page, playground }) => {
  await playground.open('v=1&scenario=flaky&at=5');
  await playground.step.focus();
  await page.keyboard.press('l');
  await expect(playground.events).toHaveCount(5);

  await playground.item(/^Attempt 1/).focus();
  await page.keyboard.press('l');
  await expect(playground.events).toHaveCount(6);
  await page.keyboard.press('n');
  await expect(playground.events.last()).toContainText('Waits 382.085 ms');
  await page.keyboard.press('j');
  await expect(playground.events).toHaveCount(6);
  await page.keyboard.press('Control+l');
  await expect(playground.events, 'with Control it is the browser\'s').toHaveCount(6);

  await playground.timeline.getByRole('button', { name: 'Keys' }).click();
  await expect(playground.timeline.getByRole('button', { name: 'Keys' })).toHaveAttribute('aria-pressed', 'false');
  await page.keyboard.press('l');
  await playground.item(/^Attempt 1/).focus();
  await page.keyboard.press('l');
  await expect(playground.events).toHaveCount(6);
});
