// The end-to-end tests: the page in `dist` as a person uses it, in a real browser.
// `cargo xtask e2e` builds the page, finds the browser and a free port, and calls Playwright with this.
import process from 'node:process';
import { defineConfig } from '@playwright/test';

const address = '127.0.0.1';
const port = Number(process.env.E2E_PORT ?? 4173);
const baseURL = `http://${address}:${port}/`;
const isRoot = process.getuid?.() === 0;

export default defineConfig({
  testDir: 'tests/e2e',
  testMatch: '**/*.spec.js',
  // A test that passes at the second try has found something.
  retries: 0,
  workers: 2,
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  // Generous, as two of them share two cores: how long something may take is asked by the tests that are about it.
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  use: {
    baseURL,
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
    launchOptions: {
      // Without CHROME, the browser of `playwright install`.
      executablePath: process.env.CHROME,
      args: [
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        // Chromium refuses to run its sandbox as root, which is who one is in many a container.
        ...(isRoot ? ['--no-sandbox'] : []),
      ],
    },
  },
  webServer: {
    // A plain static server, without any fallback for missing files: what the page is made for.
    command: `sirv dist --host ${address} --port ${port} --quiet`,
    url: baseURL,
    reuseExistingServer: false,
    timeout: 20_000,
  },
});
