// On a phone the page is shown a part at a time, under tabs; what is wider shows everything at once.
import { test, expect } from './fixture.js';
import { focused, pressOn, tabTo } from './keys.js';
import { PLACES } from './playground.js';

const tabs = (page) => page.getByRole('tablist', { name: 'Parts of the page' });
const tab = (page, name) => tabs(page).getByRole('tab', { name, exact: true });

for (const viewport of [{ width: 360, height: 740 }, { width: 320, height: 568 }]) {
  test.describe(`at ${viewport.width} px`, () => {
    test.use({ viewport });

    test('the run is seen first, each tab shows its part and no other, and the transport stays', async ({ page, playground }) => {
      await playground.open('v=1&scenario=down&at=99');
      const parts = {
        Timeline: playground.timeline,
        Faults: playground.toggle('Outage'),
        Why: playground.why,
        State: playground.breaker,
        Messages: page.getByRole('heading', { name: 'Messages' }),
        Code: page.getByRole('region', { name: 'Settings as code' }),
      };
      await expect(tabs(page).getByRole('tab')).toHaveText(PLACES);
      await expect(tab(page, 'Timeline')).toHaveAttribute('aria-selected', 'true');
      for (const place of PLACES) {
        await tab(page, place).click();
        for (const [name, part] of Object.entries(parts)) await expect(part, `${name} at ${place}`).toBeVisible({ visible: name === place });
        await expect(page.getByRole('tabpanel')).toHaveCount(1);
        await expect(page.getByRole('tabpanel', { name: place, exact: true })).toBeVisible();
        await expect(playground.step).toBeInViewport({ ratio: 1 });
      }
    });

    test('its explanation is one press away, without scrolling', async ({ page, playground }) => {
      await playground.open('v=1&scenario=flaky&at=7');
      await expect(playground.timeline).toBeInViewport();
      const sentence = playground.why.getByText('Waits 382.085 ms before attempt 2 of 4');
      await tab(page, 'Why').click();
      await expect(sentence).toBeInViewport({ ratio: 1 });
      // From wherever one is in another part.
      await tab(page, 'Faults').click();
      await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
      await expect(playground.newSeed).toBeInViewport();
      await tab(page, 'Why').click();
      await expect(sentence).toBeInViewport({ ratio: 1 });
      await expect(playground.why.getByRole('heading', { name: 'Why' })).toBeInViewport({ ratio: 1 });
    });

    test('tabs stay at the top, and what is pressed is large enough', async ({ page, playground }) => {
      await playground.open('v=1&scenario=flaky&at=25');
      await tab(page, 'Faults').click();
      await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
      for (const place of PLACES) {
        await expect(tab(page, place)).toBeInViewport({ ratio: 1 });
        const { width, height } = await tab(page, place).boundingBox();
        expect(height, place).toBeGreaterThanOrEqual(48);
        expect(width, place).toBeGreaterThanOrEqual(32);
      }
      for (const button of await page.getByRole('region', { name: 'Transport' }).getByRole('button').all()) {
        const { width, height } = await button.boundingBox();
        expect(Math.min(width, height), await button.innerText()).toBeGreaterThanOrEqual(48);
      }
    });
  });
}

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 } });

  test('tabs are walked by arrows, and a fault is set and its run seen by keyboard alone', async ({ page, playground }) => {
    await playground.open();
    await tabTo(page, tab(page, 'Timeline'));
    await pressOn(page, tab(page, 'Timeline'), 'ArrowLeft', tab(page, 'Code'));
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await expect(tab(page, 'Faults')).toBeFocused();
    await pressOn(page, playground.toggle('Outage'), 'Space');
    await pressOn(page, playground.step, 'Enter');
    await expect(playground.events).toHaveCount(1);
    await tabTo(page, playground.position);
    await page.keyboard.press('End');
    await expect(playground.step).toBeDisabled();
    expect((await focused(page)).name).not.toBe('nothing');
  });

  test('a run that went on while its timeline was hidden is drawn whole when it is shown', async ({ page, playground }) => {
    await playground.open('v=1&scenario=looping&protection=off&at=0');
    await tab(page, 'Faults').click();
    await page.setViewportSize({ width: 400, height: 740 });
    await playground.jumpToEnd();
    await tab(page, 'Timeline').click();
    await expect(playground.items.last()).toBeInViewport();
    const below = () => page.getByRole('region', { name: 'Events, scrollable' }).evaluate((rows) => rows.scrollHeight - rows.scrollTop - rows.clientHeight);
    await expect.poll(below, 'the newest event is in view').toBeLessThan(4);
    const wide = await playground.timeline.boundingBox();
    expect(wide.width).toBeGreaterThan(360);
  });

  test('a wider window shows everything at once, and the tab that was open of what comes of it', async ({ page, playground }) => {
    await playground.open('v=1&scenario=flaky&at=25');
    await tab(page, 'State').click();
    await page.setViewportSize({ width: 1280, height: 800 });
    await expect(tabs(page)).toBeHidden();
    for (const part of [playground.timeline, playground.toggle('Outage'), playground.result, playground.breaker]) await expect(part).toBeVisible();
    await expect(page.getByRole('tabpanel')).toHaveCount(1);
    await expect(page.getByRole('tabpanel', { name: 'State' })).toBeVisible();
    await expect(playground.items.first()).toBeVisible();
    await page.setViewportSize({ width: 360, height: 740 });
    await expect(tab(page, 'State')).toHaveAttribute('aria-selected', 'true');
    await expect(playground.timeline).toBeHidden();
  });
});
