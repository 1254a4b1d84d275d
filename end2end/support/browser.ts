// The browser that every test runs in, the same as the tests inside WebAssembly use.

import { existsSync } from 'node:fs';

/** `cargo x test` names the browser; without it the system's is taken, or else Playwright's own. */
const executablePath =
  process.env['KEYARC_CHROMIUM'] ?? ['/usr/bin/chromium', '/usr/bin/google-chrome'].find(existsSync);

/** Containers offer no sandbox; the tests open nothing but the server under test. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const launchOptions = {
  args,
  headless: true,
  ...(executablePath === undefined ? {} : { executablePath }),
};
