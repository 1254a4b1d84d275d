// The browser that every test runs in, the same as the tests inside WebAssembly use.

/** `cargo x test` names the browser; without it Playwright takes its own. */
export const executablePath = process.env['KEYARC_CHROMIUM'];

/** Containers offer no sandbox; the tests open nothing but the server under test. */
export const args = [
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
