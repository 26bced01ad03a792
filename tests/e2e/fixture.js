// What every test starts from: a page object, and a watch over everything the browser complains about. Whatever a test is
// about, it fails if the page logs an error or a warning, throws, misses a file or asks another origin for anything.
import { test as base, expect } from '@playwright/test';
import { Playground } from './playground.js';

export { expect };

export const test = base.extend({
  /** What a test provokes the browser to complain about: a regular expression. Such a complaint must come. */
  provoked: [null, { option: true }],

  /** Watches a browser context until the test is over. */
  watch: [
    async ({ baseURL, provoked }, use) => {
      const complaints = [];
      await use((context) => listen(context, baseURL, complaints));
      const expected = complaints.filter((complaint) => provoked?.test(complaint));
      const unexpected = complaints.filter((complaint) => !expected.includes(complaint));
      expect(unexpected, 'complaints of the browser').toEqual([]);
      expect(expected.length > 0, 'complaints that were provoked').toBe(provoked !== null);
    },
    { auto: true },
  ],

  context: async ({ context, watch }, use) => {
    watch(context);
    await use(context);
  },

  playground: async ({ page }, use) => {
    await use(new Playground(page));
  },

  /** Somebody else's browser: nothing is shared with the test's own page. */
  stranger: async ({ browser, baseURL, watch }, use) => {
    const context = await browser.newContext({ baseURL });
    watch(context);
    await use(new Playground(await context.newPage()));
    await context.close();
  },
});

function listen(context, baseURL, complaints) {
  const { origin } = new URL(baseURL);
  context.on('console', (message) => {
    if (['error', 'warning', 'assert'].includes(message.type())) {
      complaints.push(`console ${message.type()}: ${message.text()}`);
    }
  });
  context.on('weberror', (error) => complaints.push(`uncaught: ${error.error()}`));
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (['http:', 'https:'].includes(url.protocol) && url.origin !== origin) {
      complaints.push(`another origin: ${request.url()}`);
    }
  });
  context.on('requestfailed', (request) => {
    complaints.push(`request failed: ${request.url()} ${request.failure()?.errorText}`);
  });
  context.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`status ${response.status()}: ${response.url()}`);
  });
}
