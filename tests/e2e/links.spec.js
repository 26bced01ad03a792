// The address holds the whole view: a link reproduces what its sender saw, and a broken one does no harm.
import { test, expect } from './fixture.js';

const EVERY_LINK = [
  { name: 'middle of a flaky run', link: 'v=2&at=9', count: 9 },
  { name: 'naive agent', link: 'v=2&protection=off&at=5', count: 5 },
  { name: 'end of an outage', link: 'v=2&faults=down&seed=21&at=18', count: 18 },
];

/** What a view is made of, as text. */
async function view(playground) {
  return {
    events: await playground.eventTexts(),
    result: await playground.result.innerText(),
    breaker: await playground.breaker.innerText(),
    part: await playground.currentPart(),
    seed: await playground.seed.inputValue(),
    protection: await playground.protection.isChecked(),
    hash: new URL(playground.page.url()).hash,
  };
}

for (const { name, link, count } of EVERY_LINK) {
  test(`link opens where it says: ${name}`, async ({ playground }) => {
    await playground.open(link);
    await expect(playground.events).toHaveCount(count);
    expect(new URL(playground.page.url()).hash).toBe(`#${link}`);
  });
}

test('address follows every action', async ({ page, playground }) => {
  await playground.open();
  await playground.setFaults('Flaky model', 'Risky tool');
  await playground.seed.fill('23');
  await playground.seed.press('Enter');
  await playground.stepTo(4);
  await expect(page).toHaveURL(/#v=2&faults=flaky,risky&seed=23&at=4$/);
  await playground.protection.setChecked(false);
  await expect(page).toHaveURL(/#v=2&faults=flaky,risky&protection=off&seed=23&at=0$/);
});

test('reload gives the same view, decisions included', async ({ page, playground }) => {
  await playground.open();
  await playground.setFaults('Flaky model', 'Risky tool');
  await playground.jumpToEnd();
  await playground.approve.click();
  await playground.stepTo(28);
  await expect(playground.events.filter({ hasText: 'said yes' })).toHaveCount(1);
  await expect(page).toHaveURL(/&decisions=a&at=28$/);
  const before = await view(playground);
  await page.reload();
  await expect(playground.events).toHaveCount(before.events.length);
  expect(await view(playground)).toEqual(before);
});

test('reload while a human is asked asks again', async ({ page, playground }) => {
  await playground.open('v=1&scenario=risky');
  await playground.jumpToEnd();
  await expect(page).toHaveURL(/&at=17$/);
  await page.reload();
  await expect(playground.approval).toBeVisible();
  await expect(playground.events).toHaveCount(17);
});

test('link shows a stranger the same rows', async ({ page, playground, stranger }) => {
  await playground.open();
  await playground.setFaults('Flaky model', 'Risky tool');
  await playground.seed.fill('23');
  await playground.seed.press('Enter');
  await playground.jumpToEnd();
  await playground.deny.click();
  await playground.jumpToEnd();
  await expect(page).toHaveURL(new RegExp(`decisions=d&at=${await playground.events.count()}$`));
  await stranger.open(new URL(page.url()).hash.slice(1));
  await expect(stranger.events).toHaveCount(await playground.events.count());
  expect(await view(stranger)).toEqual(await view(playground));
});

test('link typed into the address of an open page is followed', async ({ page, playground }) => {
  await playground.open('v=1&scenario=flaky&at=3');
  await expect(playground.events).toHaveCount(3);
  await page.evaluate(() => {
    location.hash = 'v=1&scenario=down&seed=7&at=2';
  });
  await expect(playground.events).toHaveCount(2);
  await expect(playground.toggle('Outage')).toBeChecked();
  await expect(playground.toggle('Flaky model')).not.toBeChecked();
});

const CORRUPT_LINKS = [
  ['garbage', '%%%\u0000not a link at all'],
  ['bad percent escapes', 'v=1&scenario=%E0%A4%A&at=%'],
  ['unknown version', 'v=3&at=3'],
  ['key of another version', 'v=2&scenario=flaky&at=3'],
  ['setting that the engine refuses', 'v=2&policy=ra0&at=3'],
  ['window that ends before it begins', 'v=2&faults=down@8000-2000&at=3'],
  ['no version', 'scenario=flaky&at=3'],
  ['unknown fault', 'v=1&faults=flaky,gremlins&at=3'],
  ['seed that is no number', 'v=1&scenario=flaky&seed=NaN&at=3'],
  ['negative position', 'v=1&scenario=flaky&at=-1'],
  ['unknown decision', 'v=1&scenario=risky&decisions=q&at=3'],
  ['twenty thousand characters', `v=1&scenario=flaky&at=3&faults=${'flaky,'.repeat(3_400)}`],
  ['markup', 'v=1&scenario=<img src=x onerror=alert(1)>&at=3'],
  ['escaped markup', 'v=1&scenario=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&seed=%3Cscript%3Ealert(1)%3C%2Fscript%3E'],
  ['prototype', 'v=1&__proto__=1&constructor=1&scenario=__proto__'],
];

test('link of version 1 is still followed, and the address goes on in version 2', async ({ page, playground }) => {
  await playground.open('v=1&scenario=naive&faults=flaky&protection=off&seed=7&at=5');
  await expect(playground.events).toHaveCount(5);
  await expect(playground.protection).not.toBeChecked();
  await expect(page).toHaveURL(/#v=2&protection=off&at=5$/);
});

for (const [name, link] of CORRUPT_LINKS) {
  test(`corrupt link gives the start page and says so: ${name}`, async ({ page, playground }) => {
    page.on('dialog', (dialog) => {
      throw new Error(`the link opened a dialog: ${dialog.message()}`);
    });
    await playground.open(link);
    await expect(playground.notice).toContainText('This link could not be followed');
    await expect(playground.events).toHaveCount(0);
    await expect(playground.toggle('Flaky model')).toBeChecked();
    await expect(playground.protection).toBeChecked();
    await expect(playground.seed).toHaveValue('7');
    expect(await page.locator('[onerror], img[src="x"], body script:not([src]):has-text("alert")').count()).toBe(0);
    await playground.step.click();
    await expect(playground.events).toHaveCount(1);
  });
}

test('message about a corrupt link can be dismissed', async ({ playground }) => {
  await playground.open('v=0');
  await expect(playground.notice).toBeVisible();
  await playground.dismiss.click();
  await expect(playground.notice).toBeHidden();
});

test('position beyond the end shows the whole run', async ({ playground }) => {
  await playground.open('v=1&scenario=flaky&at=4294967295');
  await expect(playground.events).toHaveCount(25);
});
