// The timeline is drawn to the scale of virtual time, and says in words what it draws.
import { test, expect } from './fixture.js';

const SPAN = /, (\d+\.\d\d) s to (\d+\.\d\d) s/;
/** Names round to 10 ms, pixels to one; and a sliver of time stays wide enough to be seen. */
const ROUNDING_PX = 3;

/** Every bar with a beginning and an end: what it is called, and where it is drawn. */
async function bars(playground) {
  const found = [];
  for (const item of await playground.items.all()) {
    const name = await item.getAttribute('aria-label');
    const span = SPAN.exec(name);
    if (span !== null) found.push({ name, from: Number(span[1]), to: Number(span[2]), box: await item.boundingBox() });
  }
  return found;
}

/** Holds bars to one scale: pixels for a second, and the pixel at which time begins. */
function expectToScale(found, start, size) {
  const longest = found.reduce((a, b) => (b.to - b.from > a.to - a.from ? b : a));
  const first = found.reduce((a, b) => (b.from < a.from ? b : a));
  const last = found.reduce((a, b) => (b.from > a.from ? b : a));
  const perSecond = (last.box[start] - first.box[start]) / (last.from - first.from);
  expect(perSecond, 'pixels for a second').toBeGreaterThan(20);
  expect(longest.box[size] / (longest.to - longest.from) / perSecond, longest.name).toBeCloseTo(1, 1);
  for (const bar of found) {
    const begins = first.box[start] + (bar.from - first.from) * perSecond;
    expect(Math.abs(bar.box[start] - begins), `${bar.name}: where it begins`).toBeLessThan(ROUNDING_PX);
    const length = (bar.to - bar.from) * perSecond;
    if (length > 8) expect(Math.abs(bar.box[size] - length), `${bar.name}: its length`).toBeLessThan(ROUNDING_PX);
  }
}

for (const [scenario, names] of [
  [
    'flaky',
    [
      'Attempt 1, failed server_error, 0.00 s to 0.38 s, call 1',
      'Wait of 382.085 ms before attempt 2 of 4, 0.38 s to 0.76 s, call 1',
      'Attempt 2, failed rate_limited, 0.76 s to 1.15 s, call 1',
      'Wait of 2.105 s before attempt 3 of 4, 1.15 s to 3.26 s, call 1',
      'Attempt 3, succeeded, 3.26 s to 4.08 s, call 1',
      'Attempt 1, succeeded, 4.12 s to 5.26 s, call 3',
    ],
  ],
  [
    'hung',
    [
      'Attempt 1, timed out, 0.00 s to 4.00 s, call 1',
      'Wait of 382.085 ms before attempt 2 of 4, 4.00 s to 4.38 s, call 1',
      'Attempt 2, succeeded, 4.38 s to 5.43 s, call 1',
    ],
  ],
]) {
  test(`attempts, waits and timeouts of ${scenario} are drawn to scale`, async ({ playground }) => {
    await playground.open(`v=1&scenario=${scenario}&at=99`);
    for (const name of names) await expect(playground.item(name)).toBeVisible();
    const found = await bars(playground);
    expect(found.length).toBeGreaterThanOrEqual(names.length);
    expectToScale(found, 'x', 'width');
  });
}

for (const width of [1280, 360]) {
  test(`what is drawn and written on a bar has room there, at ${width} px`, async ({ page, playground }) => {
    await page.setViewportSize({ width, height: 800 });
    await playground.open('v=1&scenario=flaky&at=99');
    await expect(playground.item(/^Wait of 2\.105 s/)).toBeVisible();
    // From 1.05 rem on a drawing, from 2.4 rem on a text as well; within a pixel of that either is right.
    const wrong = () => page.evaluate(() => [...document.querySelectorAll('.bar:not(.mark-bar)')].flatMap((bar) => {
      const { width } = bar.getBoundingClientRect();
      const rooms = [-1, 1].map((off) => (width + off >= 38.4 ? 'text' : width + off >= 16.8 ? 'icon' : 'none'));
      return rooms.includes(bar.dataset.room) ? [] : [`${bar.innerText}: ${width} px, ${bar.dataset.room}`];
    }));
    await expect.poll(wrong).toEqual([]);
    // It is worked out anew for another window.
    await page.setViewportSize({ width: width === 360 ? 700 : 1000, height: 800 });
    await expect.poll(wrong).toEqual([]);
  });
}

for (const width of [1280, 360]) {
  test(`the name of a fault stands clear of the marks of where it meddled, at ${width} px`, async ({ page, playground }) => {
    await page.setViewportSize({ width, height: 800 });
    await playground.open('v=2&faults=flaky,limited&at=99');
    const names = await page.locator('.fault-bar span').evaluateAll((all) => all.map((name) => {
      const text = document.createRange();
      text.selectNodeContents(name);
      return text.getBoundingClientRect().toJSON();
    }));
    const marks = await playground.item(/^Fault "/).evaluateAll((all) => all.map((mark) => {
      // The drawing is in the middle of what can be pressed.
      const { x, y, width, height } = mark.getBoundingClientRect();
      const size = Number.parseFloat(getComputedStyle(mark, '::before').width);
      return { left: x + (width - size) / 2, right: x + (width + size) / 2, top: y + (height - size) / 2, bottom: y + (height + size) / 2 };
    }));
    expect(names).toHaveLength(2);
    expect(marks.length).toBeGreaterThan(2);
    const over = (name, mark) => Math.min(name.right, mark.right) - Math.max(name.left, mark.left) > 0
      && Math.min(name.bottom, mark.bottom) - Math.max(name.top, mark.top) > 1;
    expect(names.filter((name) => marks.some((mark) => over(name, mark)))).toEqual([]);
    // Where the lane has a name of its own, it does not stand over it either.
    const lane = await page.locator('.lane').first().boundingBox();
    if (width === 360) await expect(page.locator('.lane span').first()).toBeHidden();
    else expect(lane.x + lane.width).toBeLessThanOrEqual(names[0].left);
  });
}

test('an attempt under way ends where time is now', async ({ playground }) => {
  await playground.open('v=1&scenario=hung&at=5');
  await expect(playground.item(/^Attempt 1, under way, since 0\.00 s/)).toHaveCount(1);
  await playground.step.click();
  await expect(playground.item(/^Attempt 1, timed out, 0\.00 s to 4\.00 s/)).toHaveCount(1);
});

test('failed, waiting and succeeded differ in more than colour', async ({ playground }) => {
  await playground.open('v=1&scenario=flaky&at=99');
  const looks = [];
  for (const name of [/^Attempt 1, failed/, /^Wait of 2\.105 s/, /^Attempt 3, succeeded/]) {
    looks.push(await playground.item(name).first().evaluate(lookWithoutColour));
  }
  expect(new Set(looks).size, looks.join(' | ')).toBe(3);
});

test('choosing a bar shows the decision behind it, and one press leads back', async ({ playground }) => {
  await playground.open('v=1&scenario=flaky&at=99');
  await expect(playground.why).toContainText('The run ends: the model answered.');
  await playground.item(/^Wait of 2\.105 s/).click();
  await expect(playground.why).toContainText('Waits 2.105 s before attempt 3 of 4: the server asked for 2 s');
  await expect(playground.events).toHaveCount(25);
  await playground.button('Back to the latest').click();
  await expect(playground.why).toContainText('The run ends: the model answered.');
});

test('breaker, approval and effect have their place on the timeline', async ({ playground }) => {
  await playground.open('v=1&scenario=down&at=99');
  await expect(playground.item('Breaker open, 3 failures in a row, 1.21 s to 31.03 s')).toHaveCount(1);
  await playground.open('v=1&scenario=risky&decisions=a&at=99');
  await expect(playground.item('Approval of send_email, granted, 2.32 s to 4.32 s')).toHaveCount(1);
  await expect(playground.item('send_email takes effect in the world, at 4.47 s')).toHaveCount(1);
});

test('a step that ran nothing shows among the tools', async ({ playground }) => {
  await playground.open('v=1&scenario=looping&at=99');
  await expect(playground.item(/^The agent repeats itself, and its calls do not run, at /)).toHaveCount(1);
  await expect(playground.item(/^The agent went on repeating itself and is stopped, at /)).toHaveCount(1);
});

test('cost goes up with each answer, and says by how much', async ({ playground }) => {
  await playground.open('v=1&scenario=flaky&at=99');
  const names = await playground.item(/tokens, \$0\.\d+ so far/).evaluateAll((items) => items.map((item) => item.ariaLabel));
  expect(names).toHaveLength(2);
  const [first, second] = names.map((name) => /^(\d+) tokens, .*; (\d+) tokens, /.exec(name).slice(1).map(Number));
  expect(first[0]).toBe(first[1]);
  expect(second[1]).toBe(first[1] + second[0]);
  await expect(playground.page.getByText(`${second[1]} tokens · $0.`)).toBeVisible();
});

test('a wait shows between what it was drawn, and where the draw fell', async ({ playground }) => {
  await playground.open('v=1&scenario=flaky&at=99');
  const shape = (name) => playground.item(name).evaluate((item) => {
    const bar = item.closest('li');
    const { width } = getComputedStyle(bar, '::after');
    return { wait: bar.getBoundingClientRect().width, range: Number.parseFloat(width) };
  });
  // 382 ms drawn from up to 500 ms.
  const drawn = await shape(/^Wait of 382\.085 ms/);
  expect(drawn.wait / drawn.range).toBeCloseTo(382 / 500, 1);
});

test('a long idle gap is folded and says how long it is', async ({ page, playground }) => {
  await playground.open('v=2&faults=hung&policy=to20000&at=99');
  await expect(playground.item('Attempt 1, timed out, 0.00 s to 20.00 s, call 1')).toBeVisible();
  await expect(page.getByText('20 s folded')).toBeVisible();
  const [folded, plain] = await Promise.all([
    playground.item(/^Attempt 1, timed out/).boundingBox(),
    playground.item(/^Attempt 2, succeeded/).boundingBox(),
  ]);
  expect(folded.width / plain.width, 'twenty seconds are drawn as three').toBeLessThan(5);
});

test('a stroke on the fault lane is a window, and a click takes it away', async ({ page, playground }) => {
  await playground.open('v=2&faults=down&at=99');
  const lane = page.locator('.paint');
  const { x, y, width, height } = await lane.boundingBox();
  const to = (share) => [x + share * width, y + height / 2];
  await page.mouse.move(...to(0.4));
  await page.mouse.down();
  await page.mouse.move(...to(0.6), { steps: 4 });
  await page.mouse.up();
  await expect(page).toHaveURL(/faults=down(@|%40)\d+00-\d+00(&|$)/);
  await playground.jumpToEnd();
  await expect(playground.result, 'the outage comes after the first attempt').toContainText('17 * 23 = 391.');
  const bar = await page.locator('.fault-bar').boundingBox();
  // What the fault did stands in front of it, more to the left.
  await page.mouse.click(bar.x + 0.8 * bar.width, bar.y + bar.height - 2);
  await expect(page).toHaveURL(/faults=down(&|$)/);
  await playground.jumpToEnd();
  await expect(playground.result).toContainText('I could not finish this reliably');
});

/** Runs in the page: outline, pattern, height and drawing of a bar, but no colour. */
function lookWithoutColour(bar) {
  const { borderStyle, backgroundImage, height } = getComputedStyle(bar);
  const drawing = bar.querySelector('path')?.getAttribute('d') ?? '';
  return [borderStyle, backgroundImage.split('(')[0], height, drawing].join(' ');
}
