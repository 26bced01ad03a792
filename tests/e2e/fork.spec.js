// Forks: at an event something is otherwise; the past stays, both runs stand on one axis, and a table says what came of each.
import { test, expect } from './fixture.js';

/** The flaky run of seed 7 up to its first failure. */
const FAILED = 'v=1&scenario=flaky&seed=7&at=6';

for (const [name, size] of Object.entries({ desktop: [1280, 800], phone: [360, 740] })) {
  test.describe(name, () => {
    test.use({ viewport: { width: size[0], height: size[1] } });

    test('a setting is changed at an event: past, line of the change, parting and differences', async ({ playground }) => {
      await playground.open(FAILED);
      const past = await playground.eventTexts();
      await playground.forkBy('Attempts, now 4', '1');
      await expect(playground.forkForm).toBeHidden();
      await expect(playground.branchTabs).toHaveCount(2);
      await expect(playground.branchTabs.nth(1)).toHaveAttribute('aria-current', 'true');
      const texts = await playground.eventTexts();
      expect(texts.slice(0, past.length)).toEqual(past);
      expect(texts.at(-1)).toContain('The policy changes here');
      await playground.jumpToEnd();
      await expect(playground.differences).toContainText('They part at 0.376 s');
      await expect(playground.difference('Answer')).toContainText('differs');
      await expect(playground.difference('Attempts').getByRole('cell').first()).toHaveText('1');
      await expect(playground.timeline.getByText('They part here')).toHaveCount(2);
      await expect(playground.timeline.getByRole('list', { name: 'Beside it: The run' })).toBeVisible();
    });

    test('faults are changed at an event', async ({ playground }) => {
      await playground.open(FAILED);
      await playground.forkBy('Outage on');
      await expect(playground.events.last()).toContainText('The faults change here');
      await playground.jumpToEnd();
      await expect(playground.difference('Stop reason')).toContainText('model_unavailable');
    });

    test('the faults of both runs stand beside each other, and what differs is to be seen', async ({ page, playground }) => {
      await playground.open('v=2&faults=flaky,malformed:0&at=6');
      await playground.forkBy('Outage on');
      await playground.forkBy('Malformed arguments off');
      await playground.beside.selectOption({ label: 'The run' });
      const bars = (lanes) => page.locator(lanes).locator('.fault-bar');
      const [here, there] = [bars('.timeline-body:not(.beside)'), bars('.timeline-body.beside')];
      await expect(here).toHaveText(['Flaky model', 'Outage', 'Malformed arguments, 0 %']);
      await expect(there).toHaveText(['Flaky model', 'Malformed arguments, 0 %']);
      const differs = (all) => all.evaluateAll((elements) => elements.map((bar) => getComputedStyle(bar.firstElementChild, '::before').content));
      expect(await differs(here)).toEqual(['none', '"≠ "', '"≠ "']);
      expect(await differs(there)).toEqual(['none', '"≠ "']);
      // The outage comes with the fork, and is drawn from there on; where both stand is the same on both axes.
      const [outage, flaky, other] = [await here.nth(1).boundingBox(), await here.first().boundingBox(), await there.first().boundingBox()];
      expect(outage.x).toBeGreaterThan(flaky.x + 10);
      expect([other.x, other.width]).toEqual([flaky.x, flaky.width]);
      await expect(playground.difference('Faults')).toContainText('differs');
      await expect(playground.difference('Faults').getByRole('cell').last()).toHaveText('Flaky model; Malformed arguments, 0 %');
    });

    test('the answer is changed, and the run itself keeps its own', async ({ playground }) => {
      await playground.open('v=1&scenario=risky&decisions=a&at=18');
      await playground.forkBy('Deny send_email, with a word to the model', 'not today');
      await playground.jumpToEnd();
      await expect(playground.difference('Effects').getByRole('cell')).toHaveText(['none', '1']);
      await playground.expectEvents([/A human said no: not today/]);
      await playground.branchTabs.first().click();
      await playground.jumpToEnd();
      await expect(playground.events.filter({ hasText: 'took effect' })).toHaveCount(1);
    });

    test('nothing of the page is wider than the window, with two runs and the form open', async ({ page, playground }) => {
      await playground.open(FAILED);
      await playground.forkBy('Attempts, now 4', '1');
      const wide = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(await wide()).toBe(0);
      await playground.fork.click();
      expect(await wide()).toBe(0);
      const dialog = await playground.forkForm.boundingBox();
      expect(dialog.width).toBeLessThanOrEqual(size[0]);
    });
  });
}

test('what cannot be forked is said in place, and the form stays', async ({ playground }) => {
  await playground.open(FAILED);
  await playground.forkBy('Attempts, now 4', '0');
  await expect(playground.forkForm.getByRole('alert')).toContainText('retry.attempts');
  await expect(playground.forkValue).toHaveAttribute('aria-invalid', 'true');
  await playground.forkForm.getByRole('button', { name: 'Cancel' }).click();
  await expect(playground.forkForm).toBeHidden();
  await expect(playground.branchTabs).toHaveCount(0);
});

test('branches are chosen, named, put beside each other and deleted', async ({ playground }) => {
  await playground.open(FAILED);
  await playground.forkBy('Attempts, now 4', '1');
  await playground.branchName.fill('Give up at once');
  await playground.branchName.press('Enter');
  await expect(playground.branchTabs.nth(1)).toContainText('Give up at once');
  await playground.branchTabs.first().click();
  await playground.forkBy('Outage on');
  await expect(playground.branchTabs).toHaveCount(3);
  await playground.beside.selectOption({ label: 'Give up at once' });
  await expect(playground.differences.getByRole('columnheader')).toHaveText(['Branch 1', 'Give up at once']);
  await playground.button('Delete this branch').click();
  await expect(playground.branchTabs).toHaveCount(2);
});

test('a link holds the branches', async ({ page, playground, stranger }) => {
  await playground.open(FAILED);
  await playground.forkBy('Attempts, now 4', '1');
  await playground.branchName.fill('Näh, "<b>" 50 %');
  await playground.branchName.press('Enter');
  await playground.jumpToEnd();
  const texts = await playground.eventTexts();
  await expect(page).toHaveURL(/on=1/);
  await stranger.open(new URL(page.url()).hash.slice(1));
  await expect(stranger.branchTabs.nth(1)).toContainText('Näh, "<b>" 50 %');
  expect(await stranger.eventTexts()).toEqual(texts);
});

test('the shared playhead: choosing the other run stays at the same moment', async ({ playground }) => {
  await playground.open(FAILED);
  await playground.forkBy('Attempts, now 4', '1');
  await playground.jumpToEnd();
  await playground.branchTabs.first().click();
  await expect(playground.step).toBeEnabled();
  await expect(playground.events.last()).toContainText(/^0\.376 s/);
});
