// axe-core finds nothing to object to: in every state, light and dark, wide and narrow.
import AxeBuilder from '@axe-core/playwright';
import { test, expect } from './fixture.js';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const WIDTHS = [1280, 360];
const SCHEMES = ['light', 'dark'];

const STATES = [
  ['start', ''],
  ['in the middle of a run', 'v=1&scenario=flaky&at=11'],
  ['approval asked', 'v=1&scenario=risky&at=17'],
  ['finished with an answer', 'v=1&scenario=flaky&at=25'],
  ['finished degraded', 'v=1&scenario=down&at=99'],
  ['naive agent crashed', 'v=1&scenario=naive&at=99'],
  ['message about a corrupt link', 'v=9'],
];

test.use({ contextOptions: { reducedMotion: 'reduce' } });

/** Violations, short enough to read in a report. */
async function violations(page) {
  const { violations: found } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.any[0]?.message ?? ''}`).join('; ')}`);
}

for (const [state, link] of STATES) {
  for (const colorScheme of SCHEMES) {
    test(`no violations: ${state}, ${colorScheme}`, async ({ page, playground }) => {
      await page.emulateMedia({ colorScheme });
      await page.goto(`#${link}`);
      await expect(playground.table).toBeAttached();
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 800 });
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
