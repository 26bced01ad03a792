// The seed is all the luck there is.
import { test, expect } from './fixture.js';

/** The events of a whole flaky run with that seed. */
async function luckOf(playground, seed) {
  await playground.seed.fill(seed);
  await playground.seed.press('Enter');
  await playground.jumpToEnd();
  return playground.eventTexts();
}

test('same seed gives the same events', async ({ playground, stranger }) => {
  await playground.open();
  await stranger.open();
  const first = await luckOf(playground, '1234');
  expect(first.length).toBeGreaterThan(20);
  expect(await luckOf(stranger, '1234')).toEqual(first);
  expect(await luckOf(playground, '7')).not.toEqual(first);
  expect(await luckOf(playground, '1234')).toEqual(first);
});

test('new seed changes the seed and the luck', async ({ page, playground }) => {
  await playground.open();
  await playground.jumpToEnd();
  const before = await playground.eventTexts();
  await playground.newSeed.click();
  await expect(playground.events).toHaveCount(0);
  const seed = await playground.seed.inputValue();
  expect(seed).toMatch(/^\d+$/);
  expect(seed).not.toBe('7');
  await expect(page).toHaveURL(new RegExp(`&seed=${seed}&at=0$`));
  await playground.jumpToEnd();
  expect(await playground.eventTexts()).not.toEqual(before);
});

test('largest seed survives a reload to the digit', async ({ page, playground }) => {
  await playground.open('v=1&scenario=flaky&seed=18446744073709551615&at=6');
  await expect(playground.seed).toHaveValue('18446744073709551615');
  const before = await playground.eventTexts();
  expect(before).toHaveLength(6);
  await page.reload();
  await expect(playground.seed).toHaveValue('18446744073709551615');
  expect(await playground.eventTexts()).toEqual(before);
});

for (const typed of ['', '-1', '7.5', 'seven', '18446744073709551616', '<b>7</b>']) {
  test(`"${typed}" is no seed, and the page says what is`, async ({ page, playground }) => {
    await playground.open('v=1&scenario=flaky&at=2');
    await playground.seed.fill(typed);
    await playground.seed.press('Enter');
    await expect(page.getByText('A seed is a whole number from 0 to 18446744073709551615.')).toBeVisible();
    await expect(playground.seed).toHaveAttribute('aria-invalid', 'true');
    await expect(playground.events).toHaveCount(2);
    await playground.seed.fill('8');
    await playground.seed.press('Enter');
    await expect(playground.seed).not.toHaveAttribute('aria-invalid', 'true');
    await expect(playground.events).toHaveCount(0);
  });
}
