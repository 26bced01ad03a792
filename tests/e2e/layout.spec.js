// The page fits the screens people have: nothing scrolls sideways, everything can be touched.
import { test, expect } from './fixture.js';
import { PLACES } from './playground.js';

const PHONES = [
  { width: 360, height: 740 },
  { width: 320, height: 568 },
];

/** How far the page is wider than the screen, and what sticks out. */
function overflow(page) {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const wide = scrollWidth <= clientWidth ? [] : [...document.querySelectorAll('body *')];
    const out = wide.filter((element) => element.getBoundingClientRect().right > clientWidth + 0.5);
    return { by: Math.max(0, scrollWidth - clientWidth), what: out.slice(0, 5).map((element) => element.outerHTML.slice(0, 120)) };
  });
}

for (const viewport of PHONES) {
  test.describe(`at ${viewport.width} px`, () => {
    test.use({ viewport });

    for (const [state, link] of [
      ['start', ''],
      ['middle', 'v=1&scenario=flaky&at=11'],
      ['approval', 'v=1&scenario=risky&at=17'],
      ['answered', 'v=1&scenario=risky&decisions=d&at=99'],
      ['runaway', 'v=1&scenario=looping&protection=off&at=999'],
      ['corrupt link', `v=1&seed=${'9'.repeat(300)}`],
    ]) {
      test(`nothing scrolls sideways: ${state}`, async ({ page, playground }) => {
        await page.goto(`#${link}`);
        await expect(playground.table).toBeAttached();
        await playground.whole();
        for (const place of state === 'approval' ? PLACES.slice(0, 1) : PLACES) {
          // Behind a question nothing else can be reached.
          if (state !== 'approval') await playground.at(place);
          expect(await overflow(page), place).toEqual({ by: 0, what: [] });
        }
      });
    }

    test('transport stays in reach while the page scrolls', async ({ page, playground }) => {
      await playground.open('v=1&scenario=looping&at=40');
      for (const place of [0, 0.5, 1]) {
        await page.evaluate((share) => scrollTo(0, share * document.documentElement.scrollHeight), place);
        await expect(playground.step).toBeInViewport({ ratio: 1 });
        await expect(playground.play).toBeInViewport({ ratio: 1 });
      }
      await playground.step.click();
      await expect(playground.events).toHaveCount(41);
    });

    test('controls are large enough for a thumb', async ({ playground }) => {
      await playground.open('v=1&scenario=flaky&at=25');
      for (const place of PLACES) {
        await playground.at(place);
        await expectTouchable(playground);
      }
    });

    test('what is written on the buttons of the transport has room there', async ({ page, playground }) => {
      await playground.open('v=1&scenario=flaky&at=9');
      const tight = await page.getByRole('region', { name: 'Transport' }).getByRole('button').evaluateAll((all) => all.flatMap((button) => {
        const text = document.createRange();
        text.selectNodeContents(button);
        const [inner, outer] = [text.getBoundingClientRect(), button.getBoundingClientRect()];
        // A button that is a drawing alone has a text of no size.
        const room = Math.min(inner.left - outer.left, outer.right - inner.right, outer.bottom - inner.bottom);
        return inner.width === 0 || room >= 3 ? [] : [`${button.innerText}: ${room} px`];
      }));
      expect(tight).toEqual([]);
    });

    test('answers to an approval are large enough for a thumb and in view', async ({ playground }) => {
      await playground.open('v=1&scenario=risky&at=17');
      for (const button of [playground.deny, playground.approve]) {
        await expect(button).toBeInViewport({ ratio: 1 });
        const { width, height } = await button.boundingBox();
        expect(Math.min(width, height)).toBeGreaterThanOrEqual(44);
      }
    });

    test('focus is never hidden under the transport', async ({ page, playground }) => {
      test.slow();
      await playground.open('v=1&scenario=flaky&at=25');
      for (const place of PLACES) {
        await playground.at(place);
        // Before the first element of the page.
        await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); getSelection().setPosition(document.body, 0); });
        for (let stop = 0; stop < 200; stop += 1) {
          await page.keyboard.press('Tab');
          const hidden = await page.evaluate(covered);
          if (hidden === 'the end') break;
          expect(hidden, place).toBe('');
          expect(stop, `Tab comes out of ${place}`).toBeLessThan(199);
        }
      }
    });
  });
}

test('controls are large enough on a desktop', async ({ playground }) => {
  await playground.open('v=1&scenario=flaky&at=25');
  await expectTouchable(playground);
});

// 640 px is a desktop of 1280 px at a zoom of 200 %.
for (const width of [640, 1024, 1280, 1920]) {
  test(`nothing scrolls sideways at ${width} px`, async ({ page, playground }) => {
    await page.setViewportSize({ width, height: 800 });
    await playground.open('v=1&scenario=looping&protection=off&at=999');
    expect(await overflow(page)).toEqual({ by: 0, what: [] });
    await expect(playground.step).toBeInViewport({ ratio: 1 });
  });
}

/** 24 px for everything (WCAG 2.5.8), 44 px for the transport. */
async function expectTouchable(playground) {
  for (const button of [playground.step, playground.play, playground.pause, playground.reset]) {
    const { width, height } = await button.boundingBox();
    expect(Math.min(width, height), await button.innerText()).toBeGreaterThanOrEqual(44);
  }
  expect(await playground.page.evaluate(smallControls)).toEqual([]);
}

/** Runs in the page: controls below 24 px. Links within a sentence may be, and a bar of the timeline is as long as its time. */
function smallControls() {
  return [...document.querySelectorAll('button, input, select, summary, textarea, a[href]')]
    .filter((control) => control.checkVisibility({ visibilityProperty: true }))
    .filter((control) => getComputedStyle(control).display !== 'inline')
    .map((control) => {
      const { width, height } = control.getBoundingClientRect();
      const isBar = control.closest('[aria-labelledby="timeline-title"] li') !== null;
      return { name: control.ariaLabel ?? (control.innerText || control.type), least: isBar ? height : Math.min(width, height) };
    })
    .filter(({ least }) => least < 24)
    .map(({ name, least }) => `${name}: ${least} px`);
}

/** Runs in the page: what has focus and is covered by something else, or an empty text. */
function covered() {
  const element = document.activeElement;
  if (element === null || element === document.body) return 'the end';
  const box = element.getBoundingClientRect();
  const x = Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1);
  const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, innerHeight)];
  const seen = bottom > top && [0.15, 0.5, 0.85].some((share) => {
    const found = document.elementFromPoint(x, top + share * (bottom - top));
    return found !== null && (element.contains(found) || found.contains(element) || found.closest('label')?.contains(element));
  });
  return seen ? '' : (element.getAttribute('aria-label') ?? element.outerHTML.slice(0, 100));
}
