// A run of ten thousand events: only what is in sight is drawn.
import { test, expect } from './fixture.js';

/** A model that goes round for ever, an agent with no progress detector, and a cap of a thousand steps: ten events a step. */
const LONG = 'v=2&faults=looping&policy=ms1000,proff';
/** More nodes than the page needs, and far fewer than ten thousand events would. */
const MANY_NODES = 4_000;

test('a run of ten thousand events draws only what is in sight', async ({ page, playground }) => {
  await playground.open(`${LONG}&at=0`);
  await expect(playground.position).toHaveAttribute('aria-valuetext', /^Event 0 of 10\d{3}$/);
  await playground.jumpToEnd();
  const shown = Number(await playground.position.inputValue());
  await expect(playground.table).toHaveAttribute('aria-rowcount', String(shown + 1));
  await expect(playground.events.last()).toHaveAttribute('aria-rowindex', String(shown + 1));
  await expect(playground.events.last()).toContainText('The run ends, degraded');
  expect(await playground.events.count()).toBeLessThan(300);
  expect(await playground.items.count()).toBeLessThan(600);
  expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(MANY_NODES);
});

test('arrows reach what is not drawn yet, and what has the focus is in sight', async ({ page, playground }) => {
  await playground.open(`${LONG}&at=5000`);
  await playground.timeline.locator('button[tabindex="0"]').focus();
  await page.keyboard.press('Home');
  await expect(playground.item(/^Breaker closed/)).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await expect(playground.item(/^Attempt 1, succeeded, 0\.00 s/)).toBeFocused();
  await expect(playground.item(/^Attempt 1, succeeded, 0\.00 s/)).toBeInViewport();
  await page.keyboard.press('End');
  await expect(page.locator('.item:focus')).toHaveCount(1);
});

test('the table alone tells a long run, from its first event to its last, and never makes the page longer', async ({ page, playground }) => {
  await playground.open('v=2&faults=looping&policy=ms60,proff&at=9999');
  await expect(playground.step).toBeDisabled();
  const all = Number(await playground.position.inputValue());
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  expect(height, 'as high as what is seen of it').toBeLessThan(6_000);
  const read = new Set();
  const note = async () => {
    const there = await playground.events.evaluateAll((rows) => rows.map((row) => Number(row.getAttribute('aria-rowindex')) - 1));
    there.forEach((line) => read.add(line));
  };
  await note();
  const earlier = playground.button('Earlier events');
  for (let press = 0; press < all && Math.min(...read) > 1; press += 1) {
    const first = playground.events.first();
    const before = await first.getAttribute('aria-rowindex');
    await earlier.click();
    await expect(first).not.toHaveAttribute('aria-rowindex', before);
    await note();
  }
  expect([...read].sort((one, other) => one - other)).toEqual(Array.from({ length: all }, (_, at) => at + 1));
  await playground.button('Later events').click();
  await expect(playground.events.first()).not.toHaveAttribute('aria-rowindex', '2');
});
