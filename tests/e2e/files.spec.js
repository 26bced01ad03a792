// A run as a file: kept, sent, opened again; what was recorded elsewhere; and whatever else people drop on a page.
import { readFile } from 'node:fs/promises';
import { RECORDED, drop } from './dropped.js';
import { test, expect } from './fixture.js';

const MARKUP = '<img src=x onerror=alert(1)>';

/** Presses Save and reads what the browser was handed. */
async function saved(playground) {
  const download = playground.page.waitForEvent('download');
  await playground.button('Save as file').click();
  const file = await download;
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
}

/** Chooses a file by the button. */
async function choose(playground, text, name = 'run.json') {
  const chooser = playground.page.waitForEvent('filechooser');
  await playground.button('Open file').click();
  await (await chooser).setFiles({ name, mimeType: 'application/json', buffer: Buffer.from(text) });
}

/** What a view is made of. */
async function view(playground) {
  return [await playground.eventTexts(), await playground.result.innerText(), await playground.seed.inputValue(), new URL(playground.page.url()).hash];
}

test('run that is saved opens as it was, for somebody else', async ({ playground, stranger }) => {
  await playground.open();
  await playground.setFaults('Flaky model', 'Risky tool');
  await playground.seed.fill('23');
  await playground.seed.press('Enter');
  await playground.jumpToEnd();
  await playground.deny.click();
  await playground.jumpToEnd();
  const { name, text } = await saved(playground);
  expect(name).toBe('steadfast-run.json');
  expect(JSON.parse(text)).toMatchObject({ steadfast: 'run', version: 1, hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(JSON.parse(text).trace).toHaveLength(await playground.events.count());
  await stranger.open();
  await choose(stranger, text);
  await expect(stranger.events).toHaveCount(await playground.events.count());
  await expect(stranger.status).toContainText('The file is open.');
  await expect.poll(() => view(stranger)).toEqual(await view(playground));
});

test('file that is dropped opens like one that is chosen', async ({ page, playground }) => {
  await playground.open('v=1&scenario=down&at=9');
  const { text } = await saved(playground);
  await page.goto('about:blank');
  await playground.open();
  await drop(page, text);
  await expect(playground.events).toHaveCount(9);
  await expect(playground.toggle('Outage')).toBeChecked();
});

test('file of a run that is no longer the same opens, and says where it differs', async ({ page, playground }) => {
  await playground.open('v=1&scenario=flaky&at=9');
  const { text } = await saved(playground);
  const file = JSON.parse(text);
  file.trace[4] = file.trace[4].replace('376.81 ms', '377 ms');
  file.hash = await page.evaluate(async (lines) => {
    const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(lines.map((line) => `${line}\n`).join('')));
    return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  }, file.trace);
  await choose(playground, JSON.stringify(file));
  await expect(playground.notice).toContainText('This run is no longer what it was when the file was made. Event 5 was:');
  await expect(playground.events).toHaveCount(9);
});

for (const [what, spoil, says] of [
  ['nothing', () => '', 'it ends in the middle.'],
  ['a picture', () => '\u0089PNG\r\n', 'it is neither a run of this page nor a recording.'],
  ['half of one', (text) => text.slice(0, text.length / 2), 'it ends in the middle.'],
  ['one that was changed', (text) => text.replace('The run starts', MARKUP), 'its trace is not the one that its hash is of: it was changed or cut.'],
  ['one of a later version', (text) => text.replace('"version": 1', '"version": 2'), 'its version is 2, and this page reads version 1.'],
  ['markup', () => `{"steadfast": "${MARKUP}"}`, `it holds "${MARKUP}", and this page reads a run or a recording.`],
  ['a recording that was cut', async () => (await readFile(RECORDED, 'utf8')).slice(0, 500), 'this snapshot is damaged'],
  ['17 million bytes', () => 'x'.repeat(17_000_000), 'it has more than 16 million bytes.'],
]) {
  test(`file that is no run is refused with a sentence, and changes nothing: ${what}`, async ({ page, playground }) => {
    page.on('dialog', (dialog) => {
      throw new Error(`the file opened a dialog: ${dialog.message()}`);
    });
    await playground.open('v=1&scenario=risky&at=12');
    const before = await view(playground);
    const text = await spoil((await saved(playground)).text);
    await choose(playground, text, `${MARKUP}.json`);
    await expect(playground.notice).toContainText(`This file could not be opened: ${says}`);
    await expect(playground.notice).toContainText('Nothing has changed.');
    expect(await view(playground)).toEqual(before);
    expect(await page.locator('[onerror], img').count()).toBe(0);
    await playground.dismiss.click();
    await expect(playground.notice).toBeHidden();
  });
}

test('run that the npm package recorded is replayed, shown, and tried by other settings', async ({ page, playground }) => {
  page.on('dialog', (dialog) => {
    throw new Error(`the recording opened a dialog: ${dialog.message()}`);
  });
  await playground.open();
  await drop(page, await readFile(RECORDED, 'utf8'), 'incident.txt');
  const card = page.getByRole('region', { name: 'Recorded run' });
  await expect(card).toContainText('The engine was told it all again, and decides what it decided then.');
  // What it says is text, wherever it is shown.
  await playground.expectEvents([
    /overloaded: 503 <img src=x onerror=alert\(1\)>/,
    /Waits .* before attempt 2 of 3/,
    /A human said yes to exactly this call/,
    /The run ends: the model answered\./,
  ]);
  await playground.expectResult({ answer: `Done: sent ${MARKUP}`, degraded: 'no', steps: 2 });
  await expect(playground.item(/^Attempt 1, failed overloaded/)).toHaveCount(1);
  expect(await page.locator('[onerror], img').count()).toBe(0);
  // It can be walked through like any run.
  const count = await playground.events.count();
  await playground.button('Back').click();
  await expect(playground.events).toHaveCount(count - 1);
  await playground.position.press('Home');
  await expect(playground.events).toHaveCount(0);
  await playground.stepTo(5);

  await playground.protection.setChecked(false);
  await expect(playground.toggle('By the settings here')).toBeChecked();
  await expect(card).toContainText(/By the settings here it is another run from event \d+ on\./);
  await playground.jumpToEnd();
  await playground.expectResult({ degraded: 'yes' });
  await playground.toggle('By the settings here').setChecked(false);
  await playground.jumpToEnd();
  await playground.expectResult({ answer: `Done: sent ${MARKUP}` });

  // Kept as a file it opens again.
  const { text } = await saved(playground);
  await playground.button('Close the recording').click();
  await expect(card).toBeHidden();
  await choose(playground, text);
  await expect(card).toBeVisible();
  await playground.expectResult({ answer: `Done: sent ${MARKUP}` });
});

test('a recorded run is forked at an event, and stands beside what it was', async ({ page, playground }) => {
  await playground.open();
  await drop(page, await readFile(RECORDED, 'utf8'), 'incident.txt');
  const recorded = await playground.eventTexts();
  await playground.protection.setChecked(false);
  await playground.branchTabs.filter({ hasText: 'As recorded' }).click();
  await playground.jumpToEnd();
  expect(await playground.eventTexts()).toEqual(recorded);
  await playground.events.nth(2).click();
  await playground.fork.click();
  await expect(playground.events.last()).toContainText('The policy changes here, and decides what follows: the settings here.');
  await expect(playground.branchTabs).toHaveCount(2);
  const shown = await playground.eventTexts();
  expect(shown.slice(0, -1)).toEqual(recorded.slice(0, shown.length - 1));
  await expect(playground.differences).toContainText('They part at');
  await playground.button('Delete this branch').click();
  await expect(playground.branchTabs).toHaveCount(0);
  await expect(playground.toggle('By the settings here')).not.toBeChecked();
});

test('files are saved and opened by keyboard alone', async ({ page, playground }) => {
  await playground.open('v=1&scenario=flaky&at=3');
  const download = page.waitForEvent('download');
  await playground.button('Save as file').focus();
  await page.keyboard.press('Enter');
  expect((await download).suggestedFilename()).toBe('steadfast-run.json');
  await expect(playground.status).toContainText('The run is saved as a file.');
  const chooser = page.waitForEvent('filechooser');
  await page.keyboard.press('Tab');
  await expect(playground.button('Open file')).toBeFocused();
  await page.keyboard.press('Space');
  await (await chooser).setFiles(RECORDED);
  await expect(page.getByRole('region', { name: 'Recorded run' })).toBeVisible();
  await expect(playground.button('Open file')).toBeFocused();
});
