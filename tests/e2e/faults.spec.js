// The protected agent survives each of the faults, and the page says how.
import { test, expect } from './fixture.js';

const SAFE_MESSAGE = 'I could not finish this reliably, so I stopped. Nothing further will be done.';

test('flaky model is tried again until it answers, and every wait has its reason', async ({ playground }) => {
  await playground.open();
  await playground.setFaults('Flaky model');
  await playground.stepToEnd(25);
  await playground.expectEvents([
    /^0\.376 s .*The attempt failed after 376\.81 ms: server_error: 500 internal server error\. That may pass\./,
    /^0\.376 s .*Waits 382\.085 ms before attempt 2 of 4: drawn between 0 ms and the ceiling of 500 ms\./,
    /^1\.154 s .*The attempt failed after 395\.152 ms: rate_limited: 429 too many requests\./,
    /^1\.154 s .*Waits 2\.105 s before attempt 3 of 4: the server asked for 2 s and is never asked earlier\./,
    /^4\.076 s .*Act: multiply is called with \{"a":17,"b":23\}\./,
    /^5\.261 s .*The run ends: the model answered\./,
  ]);
  await playground.expectResult({ answer: '17 * 23 = 391.', steps: 2, blocked: 'none', degraded: 'no' });
  await expect(playground.item(/^Attempt \d, failed/)).toHaveCount(2);
  await playground.openTab('State');
  await expect(playground.breaker).toContainText('closed');
  await expect(playground.breaker).toContainText('Last results, oldest first: ✗ ✗ ✓ ✓');
});

test('hung call is cut at its timeout of 4 s and tried again', async ({ playground }) => {
  await playground.open();
  await playground.setFaults('Hung call');
  await playground.stepToEnd(21);
  await playground.expectEvents([
    /^0 s .*Fault "Hung call": this attempt will never answer\./,
    /^4 s .*No answer within 4 s: the attempt is abandoned\./,
    /^4 s .*Waits 382\.085 ms before attempt 2 of 4/,
    /^4\.382 s .*An attempt starts; its timeout is at 8\.382 s\./,
    /^6\.609 s .*The run ends: the model answered\./,
  ]);
  await playground.expectResult({ answer: '17 * 23 = 391.', steps: 2, blocked: 'none', degraded: 'no' });
});

test('outage opens the breaker and ends in an honest safe message', async ({ playground }) => {
  await playground.open();
  await playground.setFaults('Outage');
  await playground.stepTo(14);
  await playground.openTab('State');
  await expect(playground.breaker).toContainText('closed');
  await playground.stepToEnd(18);
  await playground.expectEvents([
    /^1\.213 s .*The breaker opens until 31\.032 s: 3 failures in a row\./,
    /^1\.213 s .*The breaker lets no attempt through: it is open\. The next may pass at 31\.032 s\./,
    /^1\.213 s .*The call gives up: the circuit breaker is open until 31\.032 s\./,
    /^1\.213 s .*The run ends, degraded: no model could be had\./,
  ]);
  await expect(playground.breaker).toContainText('open until 31.032 s');
  await playground.expectResult({ answer: SAFE_MESSAGE, steps: 1, blocked: 'none', degraded: 'yes' });
});

test('runaway loop is told, refused, asked one last time and stopped, before the cap of 8 steps', async ({ playground }) => {
  await playground.open();
  await playground.setFaults('Runaway loop');
  await playground.stepToEnd(43);
  await playground.expectEvents([
    /^4\.139 s .*Step 5 of at most 8\./,
    /^5\.077 s .*The agent went on after its last turn and is stopped: the same call came/,
    /^5\.077 s .*The run ends, degraded: the model went on repeating itself\./,
  ]);
  await expect(playground.events.filter({ hasText: 'Act: multiply is called' })).toHaveCount(2);
  await playground.expectResult({ answer: SAFE_MESSAGE, steps: 5, blocked: 'none', degraded: 'yes' });
});

test('approved mail is sent, once', async ({ playground }) => {
  await playground.open();
  await playground.setFaults('Risky tool');
  await playground.stepToEnd(17);
  await playground.approve.click();
  await playground.stepToEnd(30);
  const sent = 'In the world: send_email took effect, with {"body":"17 * 23 = 391","to":"ana@example.com"}.';
  await expect(playground.events.filter({ hasText: sent })).toHaveCount(1);
  await playground.expectResult({
    answer: '17 * 23 = 391. The mail to ana@example.com is sent.',
    steps: 3,
    blocked: 'none',
    degraded: 'no',
  });
});

test('denied mail is not sent, and the answer says so', async ({ playground }) => {
  await playground.open();
  await playground.setFaults('Risky tool');
  await playground.stepToEnd(17);
  await playground.deny.click();
  await playground.stepToEnd(26);
  await playground.expectEvents([/^4\.324 s .*A human said no\./, /^4\.324 s .*send_email does not run: a human said no\./]);
  await expect(playground.events.filter({ hasText: 'took effect' })).toHaveCount(0);
  await playground.expectResult({
    answer: '17 * 23 = 391. The mail to ana@example.com was not sent. send_email did not run: a human said no.',
    steps: 3,
    blocked: 'send_email',
    degraded: 'no',
  });
});

test('faults combine: a flaky model is tried again, and its mail still waits for a human', async ({ playground }) => {
  await playground.open();
  await playground.setFaults('Flaky model', 'Risky tool');
  await playground.stepToEnd(25);
  await expect(playground.item(/^Attempt \d, failed/)).toHaveCount(2);
  await expect(playground.events.last()).toContainText('A human is asked whether send_email may run');
  await expect(playground.events.filter({ hasText: 'took effect' })).toHaveCount(0);
  await playground.approve.click();
  await playground.jumpToEnd();
  await expect(playground.events.filter({ hasText: 'In the world: send_email took effect' })).toHaveCount(1);
});

test('without any fault the agent answers and nothing fails', async ({ playground }) => {
  await playground.open();
  await playground.setFaults();
  await playground.jumpToEnd();
  await expect(playground.events.filter({ hasText: /failed|waits|fault/i })).toHaveCount(0);
  await playground.expectResult({ answer: '17 * 23 = 391.', steps: 2, blocked: 'none', degraded: 'no' });
});
