import { defineConfig } from '@playwright/test';

import { launchOptions } from './support/browser.ts';

export default defineConfig({
  testDir: '.',
  outputDir: 'test-results',
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  workers: 2,
  timeout: 180_000,
  expect: {
    timeout: 20_000,
    // Another machine has other edges of letters, not other places for them.
    toHaveScreenshot: { maxDiffPixelRatio: 0.03, threshold: 0.3, animations: 'disabled' },
  },
  snapshotPathTemplate: '{testDir}/../pictures/{projectName}-{arg}{ext}',
  use: {
    launchOptions,
    locale: 'en-GB',
    timezoneId: 'Europe/Zurich',
    permissions: ['clipboard-read', 'clipboard-write'],
    screenshot: 'only-on-failure',
    // A trace of each story would take a third of the time; `-- --trace on` makes them.
    actionTimeout: 30_000,
  },
  projects: [
    {
      name: 'desktop',
      testDir: 'stories',
      grepInvert: /@phone-only/,
      use: { viewport: { width: 1440, height: 900 } },
    },
    {
      name: 'phone',
      testDir: 'stories',
      grep: /@phone/,
      use: {
        viewport: { width: 390, height: 844 },
        hasTouch: true,
        deviceScaleFactor: 2,
        // On the desk things move; here they do not, which everything must stand as well.
        contextOptions: { reducedMotion: 'reduce' },
      },
    },
    { name: 'lighthouse', testDir: 'lighthouse', fullyParallel: false },
    // A screenshot looks into the page, which would be measured with it.
    { name: 'bench', testDir: 'bench', fullyParallel: false, use: { screenshot: 'off' } },
  ],
});
