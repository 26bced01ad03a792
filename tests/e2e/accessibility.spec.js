// axe-core finds nothing to object to: in every state, light and dark, wide and narrow.
import { readFile } from 'node:fs/promises';
import AxeBuilder from '@axe-core/playwright';
import { RECORDED, drop } from './dropped.js';
import { test, expect } from './fixture.js';
import { PLACES } from './playground.js';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const WIDTHS = [1280, 360];
const SCHEMES = ['light', 'dark'];

/**
 * What a person can have before them: a name, a link, what is done then, and where on a phone it is to be seen if not where the run is.
 * Every feature has its states here.
 */
const STATES = [
  ['start', ''],
  ['first step', 'v=1&scenario=flaky&at=1', null, 'Why'],
  ['in the middle of a run', 'v=1&scenario=flaky&at=11'],
  ['one line before the end', 'v=1&scenario=flaky&at=24', null, 'Faults'],
  ['finished with an answer', 'v=1&scenario=flaky&at=25', null, 'Why'],
  ['a bar is looked at', 'v=1&scenario=flaky&at=99', async ({ playground }) => playground.item(/^Wait of 2\.105 s/).click(), 'Why'],
  ['hung call under way', 'v=1&scenario=hung&at=5'],
  ['hung call cut off', 'v=1&scenario=hung&at=99'],
  ['outage, breaker open', 'v=1&scenario=down&at=16'],
  ['finished degraded', 'v=1&scenario=down&at=99', null, 'Why'],
  ['runaway loop told', 'v=1&scenario=looping&at=30'],
  ['runaway loop stopped', 'v=1&scenario=looping&at=99'],
  ['approval asked', 'v=1&scenario=risky&at=17'],
  ['approval given', 'v=1&scenario=risky&decisions=a&at=20'],
  ['mail sent', 'v=1&scenario=risky&decisions=a&at=99', null, 'Why'],
  ['mail refused', 'v=1&scenario=risky&decisions=d&at=99'],
  ['nothing wrong with the world', 'v=1&faults=none&at=99'],
  ['everything wrong with it', 'v=1&faults=flaky,hung,down,looping,risky&at=99', null, 'Faults'],
  ['naive agent crashed', 'v=1&scenario=naive&at=99', null, 'Why'],
  ['naive agent hangs for ever', 'v=1&scenario=hung&protection=off&at=99'],
  ['naive agent goes round for ever', 'v=1&scenario=looping&protection=off&at=999'],
  ['naive agent sent the mail', 'v=1&scenario=risky&protection=off&at=99'],
  ['seed that is none', '', async ({ playground }) => {
    await playground.seed.fill('seven');
    await playground.seed.press('Enter');
  }, 'Faults'],
  ['playing', 'v=1&scenario=looping', async ({ playground }) => {
    await playground.play.click();
    await expect(playground.events.nth(1)).toBeAttached();
    await playground.pause.click();
  }],
  ['message about a corrupt link', 'v=9'],
  ['message about a file', '', async ({ playground }) => {
    await drop(playground.page, 'no run');
    await expect(playground.notice).toBeVisible();
  }],
  ['recorded run', '', async ({ playground }) => {
    await drop(playground.page, await readFile(RECORDED, 'utf8'));
    await expect(playground.toggle('By the settings here')).toBeVisible();
  }, 'Faults'],
  ['recorded run by other settings', '', async ({ playground }) => {
    await drop(playground.page, await readFile(RECORDED, 'utf8'));
    await playground.toggle('By the settings here').click();
  }],
  ['form of a fork', 'v=1&scenario=flaky&seed=7&at=6', async ({ playground }) => {
    await playground.fork.click();
    await expect(playground.forkForm).toBeVisible();
  }],
  ['a branch beside the run', 'v=1&scenario=flaky&seed=7&at=6', async ({ playground }) => {
    await playground.forkBy('Outage on');
    await playground.jumpToEnd();
    await expect(playground.differences).toBeVisible();
  }],
  ['branches that no link has room for', 'v=1&scenario=risky&decisions=a&at=20', async ({ page, playground }) => {
    for (const letter of ['*', '+']) {
      await playground.forkBy('Approve send_email with an edit', JSON.stringify({ body: letter.repeat(330) }));
      await playground.branchTabs.first().click();
    }
    await expect(page.getByText('The link has no room for the branch "Branch 2"')).toBeVisible();
  }],
  ['every setting unfolded, one of them refused', '', async ({ page, playground }) => {
    for (const summary of await page.locator('.policy > summary').all()) await summary.click();
    const field = page.getByLabel('Attempts (retry.attempts)', { exact: true });
    await field.fill('0');
    await field.press('Enter');
    await expect(field).toHaveAttribute('aria-invalid', 'true');
    await expect(playground.notice).toBeHidden();
  }, 'Faults'],
  ...['State', 'Messages', 'Code'].map((tab) => [`tab ${tab}`, 'v=1&scenario=down&at=99', ({ playground }) => playground.openTab(tab)]),
  ['approval with an edit that is no JSON', 'v=1&scenario=risky&at=17', async ({ playground }) => {
    await playground.approval.getByText('Approve with an edit').click();
    await playground.approval.getByLabel('Arguments to run instead, as JSON').fill('{"to": bo}');
    await playground.approval.getByText('Deny with a message').click();
  }],
];

test.use({ contextOptions: { reducedMotion: 'reduce' } });

/** Violations, short enough to read in a report. */
async function violations(page) {
  const { violations: found } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.any[0]?.message ?? ''}`).join('; ')}`);
}

for (const [state, link, act, place] of STATES) {
  for (const colorScheme of SCHEMES) {
    test(`no violations: ${state}, ${colorScheme}`, async ({ page, playground }) => {
      // The whole page is looked at twice.
      test.slow();
      await page.emulateMedia({ colorScheme });
      await page.goto(`#${link}`);
      await expect(playground.table).toBeAttached();
      await playground.whole();
      await act?.({ page, playground });
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 800 });
        if (place) await playground.at(place);
        expect(await violations(page), `at ${width} px`).toEqual([]);
      }
    });
  }
}

test('dark and light really differ', async ({ page, playground }) => {
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: 'light' });
  await playground.open();
  const light = await background();
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(background).not.toBe(light);
});

test('forced colours leave switches, the lit part and bars to be told apart', async ({ page, playground }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  await playground.open('v=1&scenario=flaky&at=11');
  const look = (locator) => locator.evaluate(visibleLook);
  expect(await look(playground.toggle('Flaky model'))).not.toBe(await look(playground.toggle('Outage')));
  const parts = page.getByRole('listitem').filter({ hasText: /^(Think|Act)/ });
  await expect(parts).toHaveCount(2);
  expect(await look(parts.first())).not.toBe(await look(parts.last()));
  const wait = playground.item(/^Wait of 382/);
  expect(await look(playground.item(/^Attempt 1, failed/))).not.toBe(await look(wait));
  await expect(wait).not.toHaveCSS('border-right-style', 'none');
});

test('page has one main heading, a language, a title and landmarks', async ({ page, playground }) => {
  await playground.open();
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
  await expect(page.getByRole('main')).toHaveCount(1);
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await expect(page).toHaveTitle(/Steadfast/);
  await expect(playground.status).toHaveCount(1);
});

/** Runs in the page: what forced colours leave of a control: fills, borders, marks and where things are, not the text. */
function visibleLook(element) {
  return [element, ...element.querySelectorAll('*')]
    .filter((part) => !part.closest('svg'))
    .flatMap((part) => [null, '::before', '::after'].map((pseudo) => getComputedStyle(part, pseudo)))
    .map((style) => [style.backgroundColor, style.border, style.outline, style.content, style.translate, style.transform, style.left])
    .join('|');
}

test('at 200 % text nothing is lost and nothing scrolls sideways', async ({ page, playground }) => {
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 800 });
    await playground.open('v=1&scenario=flaky&at=25');
    await page.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'));
    const by = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(by, `at ${width} px`).toBeLessThanOrEqual(0);
    for (const control of [playground.step, playground.play, playground.position]) await expect(control).toBeVisible();
    for (const place of width === 360 ? PLACES : ['Faults']) {
      await playground.at(place);
      if (place === 'Faults') await expect(playground.newSeed).toBeVisible();
      const cut = await page.evaluate(() => [...document.querySelectorAll('button, h2, dd, .switch-label')]
        .filter((element) => element.checkVisibility() && element.closest('[aria-labelledby="timeline-title"]') === null)
        .filter((element) => element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX === 'hidden')
        .map((element) => element.textContent.slice(0, 40)));
      expect(cut, `cut off at ${width} px`).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), place).toBeLessThanOrEqual(0);
    }
  }
});
