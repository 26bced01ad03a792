// A run of ten thousand events: only what is in sight is drawn.
import { test, expect } from './fixture.js';
import { LONG } from './playground.js';

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

test('while one moves through it, the table has what can be seen, and the rest once it rests', async ({ page, playground }) => {
  await playground.open(`${LONG}&at=5000`);
  await expect(playground.events).toHaveCount(80);
  await playground.button('Step').focus();
  await page.evaluate(() => {
    // A step in each frame, and how many rows there were then.
    window.rows = [];
    const step = (left) => {
      document.activeElement.click();
      requestAnimationFrame(() => {
        window.rows.push(document.querySelectorAll('.events tbody tr').length);
        if (left > 0) step(left - 1);
      });
    };
    step(10);
  });
  await expect.poll(() => page.evaluate(() => window.rows.length)).toBe(11);
  expect(Math.max(...(await page.evaluate(() => window.rows)))).toBeLessThan(20);
  await expect(playground.events).toHaveCount(80);
  await expect(playground.events.last()).toHaveAttribute('aria-rowindex', '5012');
  const region = playground.page.getByRole('region', { name: 'Events, scrollable' });
  const left = () => region.evaluate(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight);
  await expect.poll(left, 'below the newest').toBeLessThan(2);
});

test('what has the focus keeps it while the run moves on and back', async ({ page, playground }) => {
  await playground.open(`${LONG}&at=5000`);
  await playground.timeline.locator('button[tabindex="0"]').focus();
  const name = await page.evaluate(() => document.activeElement.ariaLabel);
  const focused = () => page.evaluate(() => document.activeElement.ariaLabel ?? document.activeElement.tagName);
  // By a script, which takes the focus from nothing.
  const seek = (to) => page.evaluate((to) => {
    const slider = document.querySelector('input[type="range"]');
    slider.value = String(to);
    slider.dispatchEvent(new Event('input', { bubbles: true }));
  }, to);
  await seek(6_000);
  await expect(playground.position).toHaveValue('6000');
  await expect(playground.events.last()).toHaveAttribute('aria-rowindex', '6001');
  expect(await focused(), 'far out of sight').toBe(name);
  await seek(30);
  await expect(playground.events).toHaveCount(30);
  expect(await focused(), 'it is not there any more, and the newest has it').toMatch(/^(Attempt|multiply|Breaker|\d+ tokens)/);
  await seek(0);
  await expect(playground.events).toHaveCount(0);
  expect(await focused(), 'there is none').toBe('Lanes, scrollable');
});
