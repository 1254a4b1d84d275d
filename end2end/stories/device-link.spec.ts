import type { BrowserContext, Page } from '@playwright/test';

import { isAccessible } from '../support/axe.ts';
import { expect, test } from '../support/fixtures.ts';
import type { Person } from '../support/person.ts';
import { Vault } from '../support/vault.ts';

const KEY = { name: 'Stripe live', secret: 'sk_live_51Hx9TqLmNoPqRsTuVwXyZ0123456789' };

const part = (page: Page) => page.getByRole('region', { name: 'Link a new device' });
const words = (page: Page) => page.getByTestId('link-words').getByRole('listitem');

/** A device that knows nobody shows its code. */
async function shows(page: Page): Promise<string> {
  await page.goto('/log-in');
  await page.getByRole('button', { name: 'Link with another device' }).click();
  const code = page.getByTestId('link-code');
  await expect(code).toHaveText(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  return code.innerText();
}

/** The unlocked device types it. */
async function types(vault: Vault, code: string): Promise<void> {
  // On a desk and on a phone.
  await vault.page.getByRole('link', { name: 'Settings' }).filter({ visible: true }).click();
  await part(vault.page).getByLabel('Code of the new device').fill(code);
  await part(vault.page).getByRole('button', { name: 'Link' }).click();
}

async function opens(page: Page, person: Person): Promise<Vault> {
  await page.getByLabel('Master password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  const vault = new Vault(page);
  await vault.isOpen();
  return vault;
}

async function same(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'They are the same' }).click();
}

/** Two devices: the second knows nobody. */
const linked = test.extend<{ device: BrowserContext; there: Page }>({
  device: async ({ browser, guard, server }, use) => {
    const device = await browser.newContext({ baseURL: server.origin });
    guard.watch(device);
    await use(device);
    await device.close();
  },
  there: async ({ device }, use) => use(await device.newPage()),
});

linked('a new device is linked by a short code and the same words @phone', async ({ page, person, there, vault }) => {
  linked.slow();
  await vault.addKey(KEY);
  const code = await shows(there);
  await expect(there.getByRole('img', { name: 'QR code of the link' })).toBeVisible();
  await isAccessible(there, 'the code of a new device');
  await types(vault, code.toLowerCase().replace('-', ' '));
  await expect(words(page)).toHaveCount(6);
  await expect(words(there)).toHaveCount(6);
  expect(await words(page).allInnerTexts()).toEqual(await words(there).allInnerTexts());
  await isAccessible(page, 'comparing words');
  await same(there);
  await expect(there.getByText('Now say on the other device')).toBeVisible();
  await same(page);
  await expect(vault.toast.getByText('The new device has the setup code.')).toBeVisible();
  // The setup code is never shown there, and the password is still asked for.
  await expect(there.getByText('The setup code came from the other device.')).toBeVisible();
  await expect(there.getByLabel('Setup code')).toHaveCount(0);
  await expect(there.getByLabel('Master password', { exact: true })).toBeFocused();
  const found = await opens(there, person);
  await expect(found.row(KEY.name)).toBeVisible();
  // From now on the device knows the account.
  await there.reload();
  await person.at(there).unlock();
});

linked('a scanned code waits until the vault is open, and leaves the address', async ({ page, person, there, vault }) => {
  await vault.lock();
  const code = await shows(there);
  await page.goto(`/settings#link=${code}`);
  await person.at(page).unlock();
  await expect(part(page).getByLabel('Code of the new device')).toHaveValue(code);
  await part(page).getByRole('button', { name: 'Link' }).click();
  await expect(words(page)).toHaveCount(6);
  expect(page.url()).not.toContain(code);
});

linked('a wrong code finds nobody', async ({ guard, page, there, vault }) => {
  guard.allowStatus(404);
  const code = await shows(there);
  const wrong = code.endsWith('0') ? `${code.slice(0, -1)}1` : `${code.slice(0, -1)}0`;
  for (const typed of ['nonsense', wrong]) {
    await types(vault, typed);
    await expect(part(page).getByText('No device is waiting with this code.')).toBeVisible();
  }
  await types(vault, code);
  await expect(words(page)).toHaveCount(6);
});

linked('words that differ end it, and nothing was sent', async ({ guard, page, there, vault }) => {
  guard.allowStatus(404);
  await types(vault, await shows(there));
  await expect(words(page)).toHaveCount(6);
  await same(there);
  await page.getByRole('button', { name: 'They differ' }).click();
  await expect(part(page).getByText('Somebody may stand between')).toBeVisible();
  await expect(there.getByText('The link is over')).toBeVisible();
  await there.getByRole('button', { name: 'New code' }).click();
  await expect(there.getByTestId('link-code')).toBeVisible();
});

linked('an outage in the middle passes', async ({ guard, page, person, server, there, vault }) => {
  linked.slow();
  guard.allowOffline();
  guard.allow(/ERR_|Failed to fetch|503/);
  const code = await shows(there);
  await server.stop();
  await there.waitForTimeout(2_500);
  await server.run();
  await types(vault, code);
  await expect(words(there)).toHaveCount(6);
  await same(there);
  await same(page);
  await opens(there, person);
});
