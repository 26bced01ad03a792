// Why: the rule, its numbers, the setting that decided, what would have decided otherwise; and the tabs it is one of.
import { test, expect } from './fixture.js';

test('a decision shows its rule, its numbers, its setting and the nearest change', async ({ playground }) => {
  await playground.open('v=1&scenario=down&at=99');
  await playground.item(/^Breaker open/).click();
  const { why } = playground;
  await expect(why).toContainText('Rule: consecutive');
  await expect(why).toContainText('The model failed 3 times in a row, which is how many it takes.');
  await expect(playground.fact(why, 'failures')).toHaveText('3');
  await expect(why).toContainText('Decided by breaker.consecutive of the model: 3');
  await expect(why).toContainText(/With breaker\.consecutive 4 instead of 3:\s?The breaker would have stayed closed/);
});

test('what was merely told has a pattern and no rule', async ({ playground }) => {
  await playground.open('v=1&scenario=flaky&at=1');
  await expect(playground.why).toContainText('Agent run');
  await expect(playground.why.getByText('Rule:')).toBeHidden();
});

test('tabs are walked by arrows, and only the open one is in the order of the keyboard', async ({ page, playground }) => {
  await playground.open('v=1&scenario=flaky&at=9');
  const tab = (name) => page.getByRole('tab', { name, exact: true });
  await expect(tab('Why')).toHaveAttribute('aria-selected', 'true');
  await tab('Why').focus();
  for (const name of ['State', 'Messages', 'Code', 'Why', 'State']) {
    await page.keyboard.press('ArrowRight');
    await expect(tab(name)).toBeFocused();
    await expect(page.getByRole('tabpanel')).toHaveCount(1);
    await expect(page.getByRole('tabpanel', { name })).toBeVisible();
    await expect(page.locator('[role="tab"][tabindex="0"]:visible')).toHaveCount(1);
  }
  await page.keyboard.press('End');
  await expect(tab('Code')).toBeFocused();
  await page.keyboard.press('Home');
  await expect(tab('Why')).toBeFocused();
});

test('state and messages are those of the present position', async ({ page, playground }) => {
  await playground.open('v=1&scenario=risky&decisions=d&at=9');
  await playground.openTab('State');
  const state = page.getByRole('tabpanel', { name: 'State' });
  const tokens = Number(await playground.fact(state, 'Tokens').innerText());
  await playground.openTab('Messages');
  const messages = page.getByRole('tabpanel', { name: 'Messages' }).getByRole('listitem');
  const before = await messages.count();
  await playground.jumpToEnd();
  await expect(messages.last()).toContainText('The mail to ana@example.com was not sent.');
  expect(await messages.count()).toBeGreaterThan(before);
  await messages.filter({ hasText: 'a human said no' }).first().getByRole('button').click();
  await playground.openTab('Why');
  await expect(playground.why).toContainText('send_email does not run: a human said no.');
  await playground.openTab('State');
  expect(Number(await playground.fact(state, 'Tokens').innerText())).toBeGreaterThan(tokens);
  await expect(playground.fact(state, 'Step')).toHaveText('3 of 8');
});

test.describe('the code', () => {
  test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

  test('is that of the policy, its deciding line is lit, and it is copied whole', async ({ page, playground }) => {
    await playground.open('v=1&scenario=down&at=99');
    await playground.item(/^Breaker open/).click();
    await playground.openTab('Code');
    const panel = page.getByRole('tabpanel', { name: 'Code' });
    await expect(panel).toContainText('import { agent } from "steadfast";');
    await expect(panel.getByText('decided this')).toHaveCount(1);
    await expect(panel).toContainText(/consecutive: 3,\s+◂ decided this/);
    await panel.getByRole('button', { name: 'Rust' }).click();
    await expect(panel).toContainText(/\.with_consecutive\(3\)\s+◂ decided this/);
    await panel.getByRole('button', { name: 'Copy code' }).click();
    await expect(playground.status).toHaveText('The code is copied.');
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toContain('pub fn policy() -> Result<RunPolicy, InvalidSetting> {');
    expect(copied).not.toContain('decided this');
  });
});

test('the naive agent has no settings to paste', async ({ page, playground }) => {
  await playground.open('v=1&scenario=naive&at=99');
  await playground.openTab('Code');
  await expect(page.getByRole('tabpanel', { name: 'Code' })).toContainText('The naive agent has no settings');
});
