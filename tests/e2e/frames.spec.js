// Moving through a long run is smooth: what each frame costs the page's main thread. A file of its own, as traces are off in it.
import { test, expect } from './fixture.js';
import { LONG } from './playground.js';

// They would be counted too.
test.use({ trace: 'off', screenshot: 'off' });

/** So many places the slider is drawn through, one a frame. */
const PLACES = 100;
/** The bar: so much of the main thread's time at most for all but five in a hundred of them. */
const FRAME_MS = 20;
/** Other tests run beside this one, and their work slows its own: of so many passes the least counts, for each place. */
const PASSES = 12;

test('the main thread has most of each frame to itself while the slider is drawn through a long run', async ({ browser, page, playground }) => {
  test.slow();
  await playground.open(`${LONG}&at=0`);
  const { x, y, width, height } = await playground.position.boundingBox();
  const at = (share) => [x + 9 + share * (width - 18), y + height / 2];
  await page.mouse.move(...at(0));
  await page.mouse.down();
  const frame = () => page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(resolve); }));
  const least = Array(PLACES - 1).fill(Infinity);
  const most = () => least.toSorted((one, other) => one - other)[Math.floor(least.length * 0.95)];
  for (let pass = 0; pass < PASSES && most() > FRAME_MS; pass += 1) {
    await page.mouse.move(...at(0));
    await frame();
    await browser.startTracing(page, { categories: ['devtools.timeline', 'toplevel'] });
    for (let place = 1; place <= PLACES; place += 1) {
      await page.mouse.move(...at(place / PLACES));
      await frame();
    }
    const { traceEvents } = JSON.parse(String(await browser.stopTracing()));
    const spent = spentBetweenInputs(traceEvents);
    expect(spent, 'each place is drawn by itself').toHaveLength(least.length);
    spent.forEach((ms, place) => { least[place] = Math.min(least[place], ms); });
  }
  await page.mouse.up();
  expect(most(), 'milliseconds, 95th percentile').toBeLessThanOrEqual(FRAME_MS);
});

/**
 * What the page's main thread spent from each input of the slider to the next, in milliseconds: script, styles, layout, painting and
 * whatever else a browser does there. It is time of the thread, which does not pass while others have the processor.
 */
function spentBetweenInputs(events) {
  const isInput = (event) => event.name === 'EventDispatch' && event.args?.data?.type === 'input';
  const inputs = events.filter(isInput).sort((one, other) => one.ts - other.ts);
  const { pid, tid } = inputs[0];
  const tasks = events
    .filter((event) => event.pid === pid && event.tid === tid && event.name === 'ThreadControllerImpl::RunTask' && event.tdur !== undefined)
    .sort((one, other) => one.ts - other.ts);
  // A task within a task is counted with it.
  const outermost = [];
  for (const task of tasks) {
    const last = outermost.at(-1);
    if (last === undefined || task.ts >= last.ts + last.dur) outermost.push(task);
  }
  // An input comes within a task, which is its own and not the last one's.
  const begins = inputs.map((input) => outermost.findLast((task) => task.ts <= input.ts).ts);
  return begins.slice(0, -1).map((from, index) => {
    const within = outermost.filter((task) => task.ts >= from && task.ts < begins[index + 1]);
    return within.reduce((sum, task) => sum + task.tdur, 0) / 1_000;
  });
}
