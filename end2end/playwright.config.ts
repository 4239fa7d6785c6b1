import { defineConfig } from '@playwright/test';
import { browser } from './support/browser.js';

// Every spec runs twice, with and without JavaScript: the pages promise to work both ways.
// `*.live.spec.ts` is about what only JavaScript adds, `plain.spec.ts` about its absence;
// `binary.spec.ts` and `gateway.spec.ts` are not about pages and run once.
export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: !!process.env.CI,
  reporter: 'list',
  // Limits that only end what hangs: a machine may stand still for some seconds.
  timeout: 240_000,
  expect: { timeout: 60_000 },
  use: {
    launchOptions: browser,
    // As the proxy before the pages would: who comes from nowhere is never at home, and every act of theirs calls.
    extraHTTPHeaders: { 'x-forwarded-for': '192.0.2.10' },
    locale: 'en-US',
    timezoneId: 'Asia/Tokyo', // far from UTC: a time that the browser converted would be seen
    actionTimeout: 60_000,
    screenshot: 'only-on-failure',
    trace: 'off',
  },
  projects: [
    { name: 'with-javascript', testIgnore: /plain\.spec\.ts$/ },
    {
      name: 'without-javascript',
      testIgnore: [/\.live\.spec\.ts$/, /(binary|gateway)\.spec\.ts$/],
      use: { javaScriptEnabled: false },
    },
  ],
});
