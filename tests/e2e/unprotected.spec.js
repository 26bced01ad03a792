// With Protection off the naive agent meets the same faults: the page shows what the engine is for.
import { test, expect } from './fixture.js';

/** Opens the page with one fault and a naive agent, and goes to where it ends. */
async function watchNaiveAgent(playground, fault) {
  await playground.open();
  await playground.setFaults(fault);
  await playground.protection.setChecked(false);
  await playground.jumpToEnd();
}

test('naive agent crashes at the first failure of a flaky model', async ({ playground }) => {
  await watchNaiveAgent(playground, 'Flaky model');
  await expect(playground.events).toHaveCount(5);
  await playground.expectEvents([
    /^0 s .*An attempt starts; nothing limits how long it takes\./,
    /^0\.376 s .*The agent crashes: server_error: 500 internal server error\. No answer\./,
  ]);
  await expect(playground.result).toContainText(/crash/i);
  await playground.expectResult({ steps: 1, blocked: 'none' });
  await expect(playground.result).not.toContainText('391');
});

test('naive agent waits for ever on a hung call', async ({ playground }) => {
  await watchNaiveAgent(playground, 'Hung call');
  await playground.expectEvents([/The agent waits for an answer that will never come\. No answer\./]);
  await expect(playground.result).toContainText(/never come/i);
  await expect(playground.result).not.toContainText('391');
});

test('naive agent crashes in an outage, and no breaker was there', async ({ playground }) => {
  await watchNaiveAgent(playground, 'Outage');
  await playground.expectEvents([/^0\.04 s .*The agent crashes: connect_failed: connection refused\. No answer\./]);
  await expect(playground.events.filter({ hasText: 'breaker' })).toHaveCount(0);
  await expect(playground.result).toContainText(/crash/i);
});

test('naive agent is still going round after 25 steps', async ({ playground }) => {
  await watchNaiveAgent(playground, 'Runaway loop');
  await playground.expectEvents([
    /After 25 steps the agent is still going round; the watcher leaves\. No answer\./,
  ]);
  await expect(playground.events.filter({ hasText: 'Act: multiply is called' })).toHaveCount(25);
  await playground.expectResult({ steps: 25 });
});

test('naive agent sends the mail without asking anybody', async ({ playground }) => {
  await watchNaiveAgent(playground, 'Risky tool');
  await expect(playground.approval).toBeHidden();
  await playground.expectEvents([/In the world: send_email took effect, with .*ana@example\.com/]);
  await expect(playground.events.filter({ hasText: /human/i })).toHaveCount(0);
  await playground.expectResult({
    answer: '17 * 23 = 391. The mail to ana@example.com is sent.',
    blocked: 'none',
    degraded: 'no',
  });
});

test('switching the protection back on survives the same luck', async ({ playground }) => {
  await watchNaiveAgent(playground, 'Flaky model');
  await expect(playground.events).toHaveCount(5);
  const fault = await playground.events.filter({ hasText: 'Fault "Flaky model"' }).innerText();
  await playground.protection.setChecked(true);
  await expect(playground.events).toHaveCount(0);
  await playground.jumpToEnd();
  const same = playground.events.filter({ hasText: 'Fault "Flaky model"' }).first();
  expect(sentence(await same.innerText())).toBe(sentence(fault));
  await playground.expectResult({ answer: '17 * 23 = 391.', degraded: 'no' });
});

/** What a row says, without when and where. */
function sentence(row) {
  return row.replace(/\s+/g, ' ').replace(/^.*?(?=Fault)/, '');
}
