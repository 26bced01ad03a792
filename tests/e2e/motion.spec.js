// Nothing moves that a person did not ask to move.
import { test, expect } from './fixture.js';

/** Animations and transitions that are running now. */
function running(page) {
  return page.evaluate(() =>
    document
      .getAnimations()
      .filter((animation) => animation.playState === 'running')
      .map((animation) => animation.animationName ?? animation.transitionProperty),
  );
}

test('page does not begin to play by itself', async ({ page, playground }) => {
  await page.clock.install();
  await playground.open('v=1&scenario=flaky&at=4');
  await page.clock.runFor(60_000);
  await expect(playground.events).toHaveCount(4);
  await expect(playground.pause).toBeDisabled();
});

test.describe('with reduced motion', () => {
  test.use({ contextOptions: { reducedMotion: 'reduce' } });

  test('steps, switches and the dialog come without any animation', async ({ page, playground }) => {
    await playground.open('v=1&scenario=risky');
    for (let press = 0; press < 17; press += 1) {
      await playground.step.click();
      expect(await running(page)).toEqual([]);
    }
    await expect(playground.approval).toBeVisible();
    expect(await running(page)).toEqual([]);
    await playground.deny.click();
    expect(await running(page)).toEqual([]);
    await playground.toggle('Outage').click();
    expect(await running(page)).toEqual([]);
  });

  test('playing moves from event to event without any animation', async ({ page, playground }) => {
    await page.clock.install();
    await playground.open('v=1&scenario=flaky');
    await playground.play.click();
    for (let second = 0; second < 10; second += 1) {
      await page.clock.runFor(1_000);
      expect(await running(page)).toEqual([]);
    }
    expect(await playground.events.count()).toBeGreaterThan(5);
  });
});
