// Sharing: what a link has no room for is told where it is copied, and a file brings it back.
import { readFile } from 'node:fs/promises';
import { test, expect } from './fixture.js';

/** Arguments of which a link makes about a thousand characters. */
const long = (letter) => JSON.stringify({ body: letter.repeat(330), to: 'ana@example.com' });

test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

for (const [size, viewport] of Object.entries({ desktop: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } })) {
  test.describe(size, () => {
    test.use({ viewport });

    test('a link that holds everything says nothing more', async ({ page, playground }) => {
      await playground.open('v=1&scenario=flaky&at=9');
      await playground.button('Copy link').click();
      await expect(playground.status).toHaveText('The link is copied. Whoever opens it sees exactly this.');
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(page.url());
      await expect(page.getByText('The link has no room for')).toHaveCount(0);
    });

    test('branches that a link has no room for are named, and the file holds them', async ({ page, playground, stranger }) => {
      await playground.open('v=1&scenario=risky&decisions=a&at=20');
      for (const letter of ['*', '+', ',']) {
        await playground.forkBy('Approve send_email with an edit', long(letter));
        await expect(playground.forkForm).toBeHidden();
        await playground.branchTabs.first().click();
      }
      await expect(playground.branchTabs).toHaveCount(4);
      const says = 'The link has no room for the branches "Branch 2" and "Branch 3": save the run as a file to keep everything.';
      await expect(page.getByText(says, { exact: true })).toBeVisible();
      await playground.button('Copy link').click();
      await expect(playground.status).toHaveText(`The link is copied. ${says}`);
      const link = new URL(await page.evaluate(() => navigator.clipboard.readText())).hash.slice(1);
      expect(link.length).toBeLessThanOrEqual(2_000);
      const download = page.waitForEvent('download');
      await playground.button('Save as file').click();
      const file = await readFile(await (await download).path());

      await stranger.open(link);
      await expect(stranger.branchTabs).toHaveCount(2);
      const chooser = stranger.page.waitForEvent('filechooser');
      await stranger.button('Open file').click();
      await (await chooser).setFiles({ name: 'run.json', mimeType: 'application/json', buffer: file });
      await expect(stranger.branchTabs).toHaveCount(4);
      await expect(stranger.page.getByText(says, { exact: true })).toBeVisible();
      expect(await stranger.eventTexts()).toEqual(await playground.eventTexts());
      await stranger.branchTabs.nth(3).click();
      await stranger.jumpToEnd();
      await stranger.expectEvents([/send_email took effect, with .*,{330}/]);
    });
  });
}
