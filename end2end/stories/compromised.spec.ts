import type { Locator, Page } from '@playwright/test';

import { isAccessible } from '../support/axe.ts';
import { expect, test } from '../support/fixtures.ts';
import { later } from '../support/later.ts';
import { Person, readKit } from '../support/person.ts';
import type { Vault } from '../support/vault.ts';

const KEY = { name: 'Stripe live', secret: 'sk_live_51Hx9TqLmNoPqRsTuVwXyZ0123456789' };
const NEW = 'copper-violin-thunder-meadow-73';
const CHANGED = 'All keys are new. All other sessions have ended.';

const part = (page: Page) => page.getByTestId('compromised');

async function openForm(page: Page, vault: Vault): Promise<void> {
  await vault.go('Settings');
  await part(page).getByRole('button', { name: 'Change all keys' }).click();
  await expect(part(page).getByLabel('Current password', { exact: true })).toBeFocused();
}

/** As far as the new recovery kit. */
async function toKit(page: Page, current: string): Promise<Locator> {
  await part(page).getByLabel('Current password', { exact: true }).fill(current);
  await part(page).getByLabel('New password', { exact: true }).fill(NEW);
  await part(page).getByLabel('Repeat new password', { exact: true }).fill(NEW);
  await part(page).getByRole('button', { name: 'Continue' }).click();
  const kit = page.getByRole('dialog', { name: 'Your new recovery kit' });
  await expect(kit).toBeVisible();
  return kit;
}

async function goOn(kit: Locator): Promise<void> {
  await kit.getByRole('checkbox', { name: 'I have saved my new recovery kit' }).check();
  await kit.getByRole('button', { name: 'Change all keys' }).click();
}

async function isThere(vault: Vault): Promise<void> {
  await vault.go('All items');
  const detail = await vault.open(KEY.name);
  await vault.reveal(detail);
  await expect(detail.getByText(KEY.secret)).toBeVisible();
}

test('every key is another, all is there, and what was known opens nothing', async ({
  browser,
  guard,
  page,
  person,
  server,
  vault,
}) => {
  test.slow();
  guard.allowStatus(401);
  await vault.addKey(KEY);
  const device = await browser.newContext({ baseURL: server.origin });
  guard.watch(device);
  const there = person.at(await device.newPage());
  const other = await there.logIn();

  await openForm(page, vault);
  await isAccessible(page, 'the form');
  // Who may be known is not chosen again, and a wrong password goes no further.
  await part(page).getByLabel('Current password', { exact: true }).fill(person.password);
  await part(page).getByLabel('New password', { exact: true }).fill(person.password);
  await part(page).getByRole('button', { name: 'Continue' }).click();
  await expect(part(page).getByText('Somebody may know this one. Choose another.')).toBeVisible();
  await part(page).getByLabel('Current password', { exact: true }).fill('not the password');
  await part(page).getByLabel('New password', { exact: true }).fill(NEW);
  await part(page).getByLabel('Repeat new password', { exact: true }).fill(NEW);
  await part(page).getByRole('button', { name: 'Continue' }).click();
  await expect(part(page).getByText('This is not the current password.')).toBeVisible();

  const kit = await toKit(page, person.password);
  await isAccessible(page, 'the new kit');
  const made = await readKit(kit);
  expect(made.setupCode.slice(0, 9)).toBe(person.setupCode.slice(0, 9));
  expect(made.setupCode).not.toBe(person.setupCode);
  expect(made.recoveryKey).not.toBe(person.recoveryKey);
  await goOn(kit);
  await expect(vault.toast.filter({ hasText: CHANGED })).toBeVisible({ timeout: 60_000 });
  await expect(part(page).getByText(/change those at their providers now/)).toBeVisible();
  await isAccessible(page, 'afterwards');
  await part(page).getByRole('link', { name: 'API keys' }).click();
  await expect(vault.row(KEY.name)).toBeVisible();
  await isThere(vault);
  await vault.startNew();
  await vault.fillKey({ name: 'Written after', secret: 'after' });
  await vault.save();
  await expect(vault.detail('Written after')).toBeVisible();

  // Elsewhere the session has ended, and the page explains what is needed now.
  await other.startNew();
  await other.fillKey({ name: 'Too late', secret: 'too-late' });
  await other.save();
  await other.isLocked();
  for (const password of [person.password, NEW]) {
    await there.page.getByLabel('Master password', { exact: true }).fill(password);
    await there.page.getByRole('button', { name: 'Unlock' }).click();
    await expect(there.page.getByText(/log in with the newest recovery kit/)).toBeVisible();
  }
  await there.page.getByRole('button', { name: 'Use another account' }).click();
  await there.page.getByLabel('Setup code').fill(made.setupCode);
  await there.page.getByLabel('Master password', { exact: true }).fill(NEW);
  await there.page.getByRole('button', { name: 'Log in' }).click();
  await other.isOpen();
  await isThere(other);

  // The old kit is dead, the new one is not.
  await other.lock();
  await there.page.goto('/recover');
  for (const [codes, told] of [
    [`${person.setupCode} ${person.recoveryKey}`, /These codes open no account here/],
    [`${made.setupCode} ${made.recoveryKey} ${made.checkpoint}`, /Choose a new password/],
  ] as const) {
    await there.page.getByLabel('Recovery kit').fill(codes);
    await there.page.getByRole('button', { name: 'Continue' }).click();
    await expect(there.page.getByText(told)).toBeVisible();
  }
  await device.close();

  // Here the password alone opens it: this device has the new code.
  await vault.lock();
  await new Person(page, { password: NEW }).unlock();
  await isThere(vault);
});

test('it shows how far it is, goes on after an outage, and fits a phone @phone', async ({ guard, page, person, vault }) => {
  test.slow();
  guard.allowOffline();
  guard.allowStatus(503);
  await vault.isOpen();
  await page.goto('/vault/import');
  const known = new Person(page, { password: person.password });
  await known.unlock();
  const text = Array.from({ length: 1200 }, (_, at) => `KEY_${at}=secret-${at}`).join('\n');
  await page.getByLabel('Or paste its content').fill(text);
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.getByRole('button', { name: /^Import/ }).click();
  await expect(vault.toast.filter({ hasText: /1,200/ })).toBeVisible({ timeout: 60_000 });
  await page.goto('/settings');
  await known.unlock();
  await part(page).getByRole('button', { name: 'Change all keys' }).click();
  const kit = await toKit(page, person.password);
  const made = await readKit(kit);
  // The first batch finds nobody at home for a while.
  let batches = 0;
  const [seen, see] = later();
  await page.context().route('**/api/account/rekey/items', async (route) => {
    batches += 1;
    if (batches > 1) return route.continue();
    await seen;
    await route.abort();
  });
  await goOn(kit);
  await expect(part(page).getByText('Sealing')).toBeVisible({ timeout: 60_000 });
  await expect(part(page).getByRole('progressbar')).toBeVisible();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, 'the page scrolls sideways').toBeLessThanOrEqual(0);
  see();
  await expect(vault.toast.filter({ hasText: CHANGED })).toBeVisible({ timeout: 60_000 });
  expect(batches, 'the one that was lost, and two that arrived').toBeGreaterThanOrEqual(3);
  await page.reload();
  await new Person(page, { password: NEW, setupCode: made.setupCode }).unlock();
});

test('a page that is reloaded in the middle has changed nothing, and says so', async ({ guard, page, person, vault }) => {
  guard.allowOffline();
  guard.allowStatus(401);
  await vault.addKey(KEY);
  await openForm(page, vault);
  const kit = await toKit(page, person.password);
  let arrived = () => {};
  const asked = new Promise<void>((resolve) => (arrived = resolve));
  // The items are staged; the swap never reaches the server.
  await page.context().route('**/api/account/rekey', () => arrived());
  await goOn(kit);
  await asked;
  await page.reload();
  const back = await person.unlock();
  const banner = page.getByRole('note').filter({ hasText: 'begun and not finished. Nothing was changed' });
  await expect(banner).toBeVisible();
  await isAccessible(page, 'what was begun');
  await isThere(back);
  const told = page.waitForResponse('**/api/account/rekey/discard');
  await banner.getByRole('button', { name: 'Dismiss' }).click();
  await expect(banner).toBeHidden();
  await told;
  await back.lock();
  await person.unlock();
  await expect(banner).toBeHidden();

  // And it can be begun anew.
  await page.context().unroute('**/api/account/rekey');
  await openForm(page, back);
  await goOn(await toKit(page, person.password));
  await expect(back.toast.filter({ hasText: CHANGED })).toBeVisible({ timeout: 60_000 });
  await isThere(back);
});

test('a page that is closed after the swap has arrived opens with the new password alone', async ({ guard, page, person, vault }) => {
  guard.allowOffline();
  guard.allowStatus(401);
  await vault.addKey(KEY);
  await openForm(page, vault);
  const kit = await toKit(page, person.password);
  const made = await readKit(kit);
  let arrived = () => {};
  const asked = new Promise<void>((resolve) => (arrived = resolve));
  await page.context().route('**/api/account/rekey', async (route) => {
    await route.fetch({ maxRetries: 2 });
    arrived();
  });
  await goOn(kit);
  await asked;
  await page.reload();
  const changed = new Person(page, { password: NEW, setupCode: made.setupCode });
  const back = await changed.unlock();
  await isThere(back);
  await back.lock();
  await changed.unlock();
});

test('without a server nothing is changed, and the same button goes on later', async ({ guard, page, person, server, vault }) => {
  test.slow();
  guard.allowOffline();
  await vault.addKey(KEY);
  await openForm(page, vault);
  const kit = await toKit(page, person.password);
  await page.context().route('**/api/**', (route) => route.abort());
  await goOn(kit);
  await expect(part(page).getByText(/cannot be reached. Nothing was changed|The server stopped answering/)).toBeVisible({
    timeout: 80_000,
  });
  await page.context().unroute('**/api/**');
  expect(server.pid).toBeGreaterThan(0);
  await part(page).getByRole('button', { name: 'Change all keys' }).click();
  await expect(vault.toast.filter({ hasText: CHANGED })).toBeVisible({ timeout: 60_000 });
  await isThere(vault);
});

test('going back before the kit is saved changes nothing', async ({ page, person, vault }) => {
  await openForm(page, vault);
  const kit = await toKit(page, person.password);
  await kit.getByRole('button', { name: 'Change all keys' }).click();
  await expect(kit.getByText(/save it first/i)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(vault.toast.filter({ hasText: 'Nothing was changed.' })).toBeVisible();
  await part(page).getByRole('button', { name: 'Cancel' }).click();
  await vault.lock();
  await person.unlock();
});
