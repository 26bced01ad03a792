// What can be set: faults with rates and windows, agents to choose from, every setting in its place, and the seed.
import { test, expect } from './fixture.js';

/** A field by its accessible name. */
function field(playground, name) {
  return playground.page.getByLabel(name, { exact: true });
}

/** Types into a field, and is done with it. */
async function type(playground, name, text) {
  await playground.at('Faults');
  await field(playground, name).fill(text);
  await field(playground, name).press('Enter');
}

/** Opens a pattern. */
async function unfold(playground, pattern) {
  await playground.at('Faults');
  await playground.page.locator('summary').getByText(pattern, { exact: true }).click();
}

for (const viewport of [
  { width: 1280, height: 800 },
  { width: 360, height: 740 },
]) {
  test.describe(`at ${viewport.width} px`, () => {
    test.use({ viewport });

    test('rate and window of a fault are typed, and the run starts anew under them', async ({ page, playground }) => {
      await playground.open('v=2&faults=down&at=99');
      await expect(playground.result).toContainText('No model could be had');
      await type(playground, 'Outage: window', '0-1');
      await expect(playground.events).toHaveCount(0);
      await expect(page).toHaveURL(/#v=2&faults=down@0-1000&at=0$/);
      await playground.jumpToEnd();
      await playground.expectResult({ answer: '17 * 23 = 391.', degraded: 'no' });
      await type(playground, 'Outage: rate', '0 %');
      await expect(page).toHaveURL(/#v=2&faults=down:0@0-1000&at=0$/);
      await playground.jumpToEnd();
      await expect(playground.events.filter({ hasText: 'Fault "Outage"' })).toHaveCount(0);
      await playground.button('Reset Outage: rate').click();
      await playground.button('Reset Outage: window').click();
      await expect(page).toHaveURL(/#v=2&faults=down&at=0$/);
      await expect(field(playground, 'Outage: window')).toHaveValue('');
    });

    test('what is no window changes nothing but the message in its place', async ({ page, playground }) => {
      await playground.open('v=2&at=3');
      await type(playground, 'Flaky model: window', '8-2');
      const message = 'fault.window is 8 s to 2 s; allowed: an end after the beginning.';
      await expect(page.getByText(message)).toBeVisible();
      await expect(field(playground, 'Flaky model: window')).toHaveAttribute('aria-invalid', 'true');
      await expect(field(playground, 'Flaky model: window')).toHaveAccessibleDescription(message);
      await expect(playground.events).toHaveCount(3);
      await type(playground, 'Flaky model: window', '');
      await expect(field(playground, 'Flaky model: window')).not.toHaveAttribute('aria-invalid', 'true');
      await expect(playground.events).toHaveCount(3);
    });

    test('fields of a fault are there while it is on', async ({ playground }) => {
      await playground.open();
      await playground.at('Faults');
      await expect(field(playground, 'Flaky model: rate')).toBeVisible();
      await expect(field(playground, 'Outage: rate')).toBeHidden();
      await playground.toggle('Outage').click();
      await expect(field(playground, 'Outage: rate')).toBeVisible();
    });

    test('a fault that is switched off and on again is what it was, until it is reset', async ({ page, playground }) => {
      await playground.open('v=2&faults=down:500@0-2000_5000-&at=9');
      await playground.at('Faults');
      await playground.toggle('Outage').click();
      await expect(page).toHaveURL(/#v=2&faults=none&at=0$/);
      await playground.toggle('Outage').click();
      await expect(page).toHaveURL(/#v=2&faults=down:500@0-2000_5000-&at=0$/);
      await expect(field(playground, 'Outage: rate')).toHaveValue('50');
      await expect(field(playground, 'Outage: window')).toHaveValue('0-2, 5-');
      await playground.toggle('Outage').click();
      await playground.step.click();
      await playground.reset.click();
      await playground.toggle('Outage').click();
      await expect(page).toHaveURL(/#v=2&faults=down&at=0$/);
      await expect(field(playground, 'Outage: window')).toHaveValue('');
    });

    test('setting is typed, marked as changed, and taken back', async ({ page, playground }) => {
      await playground.open('v=2&faults=hung&at=99');
      await expect(playground.events.filter({ hasText: 'No answer within 4 s' })).toHaveCount(1);
      await unfold(playground, 'Timeouts and deadlines');
      const timeout = field(playground, 'Attempt timeout (timeout)');
      await expect(timeout).toHaveValue('4000');
      await expect(timeout).toHaveAccessibleDescription(
        'What takes longer is abandoned, so that a fresh attempt can begin. Default: 4000 ms.',
      );
      await type(playground, 'Attempt timeout (timeout)', '2 s');
      await expect(timeout).toHaveValue('2000');
      await expect(page).toHaveURL(/#v=2&faults=hung&policy=to2000&at=0$/);
      await expect(page.getByText('1 changed', { exact: true })).toBeVisible();
      await playground.jumpToEnd();
      await expect(playground.events.filter({ hasText: 'No answer within 2 s' })).toHaveCount(1);
      await playground.button('Reset Attempt timeout (timeout)').click();
      await expect(timeout).toHaveValue('4000');
      await expect(page).toHaveURL(/#v=2&faults=hung&at=0$/);
      await expect(page.getByText('1 changed', { exact: true })).toHaveCount(0);
    });

    test('what the engine refuses is explained in its own words, and the run stays', async ({ page, playground }) => {
      await playground.open('v=2&at=7');
      await unfold(playground, 'Retry and backoff');
      for (const [name, text, message] of [
        ['Attempts (retry.attempts)', '0', 'retry.attempts is 0; allowed: 1 or more (1 means: no second try).'],
        ['First wait (backoff.base)', '30 s', 'backoff.base is 30 s; allowed: at most backoff.cap.'],
        ['Growth (backoff.factor)', '<b>2</b>', 'backoff.factor is "<b>2</b>"; allowed: a number up to 100.'],
      ]) {
        await type(playground, name, text);
        await expect(field(playground, name)).toHaveAccessibleDescription(message);
        await expect(field(playground, name)).toHaveValue(text);
        await expect(playground.events).toHaveCount(7);
      }
      await expect(page).toHaveURL(/#v=2&at=7$/);
      await playground.button('Reset Attempts (retry.attempts)').click();
      await expect(field(playground, 'Attempts (retry.attempts)')).toHaveValue('4');
      await expect(playground.events).toHaveCount(7);
    });

    test('agents from naive to hardened are one choice away', async ({ page, playground }) => {
      await playground.open('v=2&faults=down,lost');
      await playground.at('Faults');
      const agent = field(playground, 'Agent');
      await expect(agent).toHaveValue('With breaker and approval');
      await agent.selectOption('Naive');
      await expect(playground.protection).not.toBeChecked();
      await expect(page.getByText('The naive agent uses none of these.')).toBeVisible();
      await agent.selectOption('Hardened');
      await expect(playground.protection).toBeChecked();
      await playground.jumpToEnd();
      await playground.approve.click();
      await playground.jumpToEnd();
      await playground.expectResult({ answer: '17 * 23 = 391. The mail to ana@example.com is sent.', degraded: 'no' });
      await expect(playground.events.filter({ hasText: 'send_email took effect' })).toHaveCount(1);
      await playground.at('Faults');
      await expect(page.getByText('A world with outage and lost acknowledgement.')).toBeVisible();
      await unfold(playground, 'Approval');
      await type(playground, 'Expires after (approval.expires_after)', '9 s');
      await expect(agent).toHaveValue('Your own');
      await page.reload();
      await expect(field(playground, 'Agent')).toHaveValue('Your own');
    });

    test('choices are chosen, and a link brings them back', async ({ page, playground, stranger }) => {
      await playground.open();
      await unfold(playground, 'Retry and backoff');
      await field(playground, 'Jitter (backoff.jitter)').selectOption('none');
      await unfold(playground, 'Fallback');
      await type(playground, 'Models (model)', '2');
      await playground.jumpToEnd();
      const events = await playground.eventTexts();
      expect(events.join('\n')).toContain('Waits 500 ms before attempt 2 of 4');
      await stranger.open(new URL(page.url()).hash.slice(1));
      await expect(stranger.events).toHaveCount(events.length);
      expect(await stranger.eventTexts()).toEqual(events);
      await unfold(stranger, 'Retry and backoff');
      await expect(field(stranger, 'Jitter (backoff.jitter)')).toHaveValue('none');
    });
  });
}

test('every setting has a name, a sentence and its default, and can be reached by the keyboard alone', async ({ page, playground }) => {
  await playground.open();
  await playground.protection.focus();
  const patterns = [
    'Retry and backoff', 'Timeouts and deadlines', 'Circuit breaker', 'Fallback', 'Budget', 'Step limit and progress', 'Approval',
    'Tools and effects',
  ];
  let fields = 0;
  for (const pattern of patterns) {
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement.textContent)).toBe(pattern);
    await page.keyboard.press('Enter');
    const inputs = page.locator('details').filter({ has: page.getByText(pattern, { exact: true }) }).locator('input, select');
    await expect(inputs.first()).toBeVisible();
    for (const expected of await inputs.evaluateAll((all) => all.map((input) => input.id))) {
      await page.keyboard.press('Tab');
      const { id, name, about } = await page.evaluate(() => {
        const input = document.activeElement;
        const described = document.getElementById(input.getAttribute('aria-describedby'));
        return { id: input.id, name: input.getAttribute('aria-label'), about: described?.textContent };
      });
      expect(id).toBe(expected);
      expect(name).toMatch(/^\S.* \([a-z_.]+\)$/);
      expect(about).toMatch(/\. Default: \S+( \S+)?\.$/);
      fields += 1;
    }
  }
  expect(fields).toBe(57);
});

test('new faults do what they say', async ({ playground }) => {
  for (const [fault, patterns] of [
    ['limited', [/Fault "Rate limit": this attempt will fail after .*rate_limited: 429/, /the server asked for 3 s and is never asked earlier/]],
    ['stalled', [/Fault "Stalled stream": this attempt will begin its answer and never end it\./, /No answer within 4 s/]],
    ['malformed', [/Fault "Malformed arguments"/, /The attempt failed after 0 ms: invalid_request: its arguments are no JSON: ask again with whole ones/]],
  ]) {
    await playground.open(`v=2&faults=${fault}&at=999`);
    await expect(playground.step).toBeDisabled();
    await playground.expectEvents(patterns);
    await playground.expectResult({ answer: '17 * 23 = 391.', degraded: 'no' });
  }
});
