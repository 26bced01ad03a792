// Step, Play, Pause and Reset: a person decides when time passes.
import { test, expect } from './fixture.js';

/** More real time than any run takes to watch. */
const A_MINUTE = 60_000;

test('start shows nothing of the run and offers what applies', async ({ playground }) => {
  await playground.open();
  await expect(playground.events).toHaveCount(0);
  await expect(playground.step).toBeEnabled();
  await expect(playground.play).toBeEnabled();
  await expect(playground.pause).toBeDisabled();
  await expect(playground.approval).toBeHidden();
});

test('step shows exactly one more event and announces it', async ({ playground }) => {
  await playground.open('v=1&scenario=flaky');
  const sentences = [
    'The run starts: at most 8 steps, no deadline.',
    'Step 1 of at most 8.',
    'Think: the model is asked, with 1 message.',
    'An attempt starts; its timeout is at 4 s.',
    'Fault "Flaky model": this attempt will fail after 376.81 ms',
    'The attempt failed after 376.81 ms: server_error: 500 internal server error.',
  ];
  for (const [index, sentence] of sentences.entries()) {
    await playground.step.click();
    await expect(playground.events).toHaveCount(index + 1);
    await expect(playground.events.last()).toContainText(sentence);
    await expect(playground.status).toContainText(sentence);
  }
});

test('slider goes to any event, Back takes one away', async ({ playground }) => {
  await playground.open('v=1&scenario=flaky');
  await playground.position.fill('12');
  await expect(playground.events).toHaveCount(12);
  await expect(playground.position).toHaveAttribute('aria-valuetext', 'Event 12 of 25');
  await playground.button('Back').click();
  await expect(playground.events).toHaveCount(11);
  await expect(playground.events.last()).toContainText('Waits 2.105 s before attempt 3 of 4');
});

test('loop strip lights think, act and observe in turn', async ({ playground }) => {
  await playground.open('v=1&scenario=flaky');
  const parts = [await playground.currentPart()];
  for (let press = 0; press < 25; press += 1) {
    await playground.step.click();
    await expect(playground.events).toHaveCount(press + 1);
    const part = await playground.currentPart();
    if (part !== parts.at(-1)) parts.push(part);
  }
  expect(parts).toEqual(['', 'think', 'act', 'observe', 'think', '']);
});

test('play runs to the end by itself', async ({ playground }) => {
  await playground.open('v=1&scenario=down');
  await playground.play.click();
  await expect(playground.pause).toBeEnabled();
  await expect(playground.events).toHaveCount(18, { timeout: 15_000 });
  await expect(playground.result).toContainText('I could not finish this reliably');
  await expect(playground.pause).toBeDisabled();
});

test('play stops where a human is asked, and no time passes until the answer', async ({ page, playground }) => {
  await page.clock.install();
  await playground.open('v=1&scenario=risky');
  await playground.play.click();
  await page.clock.runFor(A_MINUTE);
  await expect(playground.approval).toBeVisible();
  await expect(playground.events).toHaveCount(17);
  await expect(playground.events.last()).toContainText('A human is asked whether send_email may run');
  await page.clock.runFor(A_MINUTE);
  await expect(playground.approval).toBeVisible();
  await expect(playground.events).toHaveCount(17);
  await expect(playground.events.last()).toContainText('2.324 s');
});

test('pause stands still until play or step', async ({ page, playground }) => {
  await page.clock.install();
  await playground.open('v=1&scenario=flaky');
  await page.clock.pauseAt(Date.now() + A_MINUTE);
  await playground.play.click();
  await page.clock.runFor(2_000);
  await playground.pause.click();
  const shown = await playground.events.count();
  expect(shown).toBeGreaterThan(3);
  expect(shown).toBeLessThan(25);
  await page.clock.runFor(A_MINUTE);
  await expect(playground.events).toHaveCount(shown);
  await playground.step.click();
  await expect(playground.events).toHaveCount(shown + 1);
  await playground.play.click();
  await page.clock.runFor(A_MINUTE);
  await expect(playground.events).toHaveCount(25);
});

test('reset returns to the start and keeps what was set', async ({ playground }) => {
  await playground.open();
  await playground.setFaults('Hung call', 'Risky tool');
  await playground.stepTo(9);
  await playground.reset.click();
  await expect(playground.events).toHaveCount(0);
  expect(await playground.currentPart()).toBe('');
  await expect(playground.toggle('Hung call')).toBeChecked();
  await expect(playground.toggle('Risky tool')).toBeChecked();
  await expect(playground.step).toBeEnabled();
  await playground.step.click();
  await expect(playground.events).toHaveCount(1);
});

test('reset in the middle of playing stops the playing', async ({ page, playground }) => {
  await page.clock.install();
  await playground.open('v=1&scenario=flaky');
  await playground.play.click();
  await page.clock.runFor(1_000);
  await playground.reset.click();
  await page.clock.runFor(A_MINUTE);
  await expect(playground.events).toHaveCount(0);
});

test('changing a fault starts the run anew', async ({ playground }) => {
  await playground.open();
  await playground.stepTo(5);
  await playground.toggle('Outage').click();
  await expect(playground.events).toHaveCount(0);
  await expect(playground.toggle('Outage')).toBeChecked();
});
