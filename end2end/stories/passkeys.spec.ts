import type { Page } from '@playwright/test';

import { Authenticator } from '../support/authenticator.ts';
import { isAccessible } from '../support/axe.ts';
import { expect, test as story } from '../support/fixtures.ts';
import { Vault } from '../support/vault.ts';

// Addresses have no passkeys: the same server by its name.
const test = story.extend({
  baseURL: async ({ server }, use) => use(server.origin.replace('127.0.0.1', 'localhost')),
});

const KEY = { name: 'Stripe live', secret: 'sk_live_51Hx9TqLmNoPqRsTuVwXyZ0123456789' };

const part = (page: Page) => page.getByRole('region', { name: 'Second factor' });
const list = (page: Page) => page.getByRole('list', { name: 'Passkeys' }).getByRole('listitem');

/** On a desk and on a phone. */
async function toSettings(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Settings' }).filter({ visible: true }).click();
}

/** Fills the form and sends it. */
async function send(page: Page, name: string, password: string): Promise<void> {
  await part(page).getByRole('button', { name: 'Add a passkey' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByLabel('Master password', { exact: true }).fill(password);
  await dialog.getByRole('button', { name: 'Add' }).click();
}

/** Adds the first passkey in the settings, and gives the recovery codes. */
async function addFirst(vault: Vault, password: string): Promise<string[]> {
  const { page } = vault;
  await toSettings(page);
  await send(page, 'This laptop', password);
  const codes = page.getByTestId('recovery-codes').getByRole('listitem');
  await expect(codes).toHaveCount(10);
  const recoveryCodes = await codes.allInnerTexts();
  await part(page).getByRole('button', { name: 'I have saved them' }).click();
  await expect(list(page)).toHaveCount(1);
  return recoveryCodes.map((code) => code.trim());
}

async function typePassword(page: Page, password: string): Promise<void> {
  await page.getByLabel('Master password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Unlock', exact: true }).click();
}

async function arrives(page: Page): Promise<Vault> {
  const vault = new Vault(page);
  await vault.isOpen();
  return vault;
}

test('a passkey opens the vault without the password, and is asked for after it', async ({
  guard,
  page,
  person,
  vault,
}) => {
  test.slow();
  guard.allowStatus(401);
  await Authenticator.at(page);
  await vault.addKey(KEY);
  await addFirst(vault, person.password);
  await expect(list(page).getByText('unlocks')).toBeVisible();
  await expect(list(page)).toContainText('not used yet');
  await vault.lock();

  await page.getByRole('button', { name: 'Unlock with a passkey' }).click();
  // It goes on where it was locked.
  const open = await arrives(page);
  await expect(list(page)).toContainText('last used just now');
  await open.go('All items');
  await expect(open.row(KEY.name)).toBeVisible();

  // With the password the passkey comes second.
  await open.lock();
  await typePassword(page, person.password);
  await expect(page.getByRole('heading', { name: 'Use your passkey' })).toBeVisible();
  await page.getByRole('button', { name: 'Continue with a passkey' }).click();
  await expect((await arrives(page)).row(KEY.name)).toBeVisible();

  // It outlives the page.
  await page.reload();
  await page.getByRole('button', { name: 'Unlock with a passkey' }).click();
  await expect((await arrives(page)).row(KEY.name)).toBeVisible();
});

test('one that gives no key is a second factor, and the page says so', async ({ guard, page, person, vault }) => {
  guard.allowStatus(401);
  await Authenticator.at(page, { prf: false });
  await vault.go('Settings');
  await send(page, 'Old key', person.password);
  await expect(vault.toast.getByText('second factor only')).toBeVisible();
  await part(page).getByRole('button', { name: 'I have saved them' }).click();
  await expect(list(page).getByText('second factor only')).toBeVisible();
  await vault.lock();
  await expect(page.getByRole('button', { name: 'Unlock with a passkey' })).toHaveCount(0);
  await typePassword(page, person.password);
  await page.getByRole('button', { name: 'Continue with a passkey' }).click();
  await arrives(page);
});

test('one that cannot tell who is there is refused', async ({ page, person, vault }) => {
  await Authenticator.at(page, { verifies: false });
  await vault.go('Settings');
  await send(page, 'A stick', person.password);
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('alert')).toContainText(/No passkey was used|cannot be used/);
  await expect(page.getByTestId('recovery-codes')).toHaveCount(0);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(list(page)).toHaveCount(0);
});

test('a window that is closed leaves everything as it is, and a recovery code still opens', async ({
  guard,
  page,
  person,
  vault,
}) => {
  test.slow();
  guard.allowStatus(401);
  const device = await Authenticator.at(page);
  const [code = ''] = await addFirst(vault, person.password);
  await vault.lock();
  await device.recognises(false);
  await page.getByRole('button', { name: 'Unlock with a passkey' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'No passkey was used' })).toBeVisible();
  await typePassword(page, person.password);
  await page.getByRole('button', { name: 'Continue with a passkey' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'No passkey was used' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Use the authenticator app' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Use a recovery code' }).click();
  await page.getByLabel('Recovery code').fill(code);
  await page.getByRole('button', { name: 'Continue' }).click();
  const open = await arrives(page);
  await open.go('Settings');
  await expect(part(page).getByText('9 recovery codes left')).toBeVisible();
});

test('an authenticator that was reset knows nobody, and the password opens', async ({ guard, page, person, vault }) => {
  guard.allowStatus(401);
  const device = await Authenticator.at(page);
  await addFirst(vault, person.password);
  await device.forget();
  await vault.lock();
  await page.getByRole('button', { name: 'Unlock with a passkey' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'The password opens the vault too.' })).toBeVisible();
  await typePassword(page, person.password);
  await expect(page.getByRole('heading', { name: 'Use your passkey' })).toBeVisible();
});

test('adding and removing take the password, and a removed one opens nothing', async ({
  browser,
  guard,
  page,
  person,
  server,
  vault,
}) => {
  test.slow();
  guard.allowStatus(401);
  const device = await Authenticator.at(page);
  await vault.go('Settings');
  await send(page, 'This laptop', `${person.password}!`);
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText('This is not your master password.')).toBeVisible();
  expect(await device.credentials()).toEqual([]);
  await dialog.getByLabel('Master password', { exact: true }).fill(person.password);
  await dialog.getByRole('button', { name: 'Add' }).click();
  await part(page).getByRole('button', { name: 'I have saved them' }).click();

  // The same authenticator makes no second one.
  await send(page, 'Again', person.password);
  await expect(dialog.getByRole('alert')).toContainText('holds a passkey of this account already');
  await dialog.getByRole('button', { name: 'Cancel' }).click();

  await list(page).getByRole('button', { name: 'Rename' }).click();
  await dialog.getByLabel('Name').fill('Blue laptop');
  await dialog.getByRole('button', { name: 'Rename' }).click();
  await expect(list(page)).toContainText('Blue laptop');

  await list(page).getByRole('button', { name: 'Remove' }).click();
  const password = dialog.getByLabel('Master password', { exact: true });
  await password.fill('not this one');
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await expect(dialog.getByText('This is not your master password.')).toBeVisible();
  await password.fill(person.password);
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await expect(vault.toast.getByText('The passkey Blue laptop was removed.')).toBeVisible();
  await expect(list(page)).toHaveCount(0);
  await vault.lock();
  await expect(page.getByRole('button', { name: 'Unlock with a passkey' })).toHaveCount(0);
  await typePassword(page, person.password);
  await arrives(page);

  // At an address instead of a name there is nothing to add.
  const other = await browser.newContext({ baseURL: server.origin });
  guard.watch(other);
  const there = await person.at(await other.newPage()).logIn();
  await there.go('Settings');
  await expect(part(there.page).getByText('This browser has no passkeys here.')).toBeVisible();
  await other.close();
});

test('another device that knew a removed passkey says what is wrong', async ({ guard, page, person, vault }) => {
  test.slow();
  guard.allowStatus(401);
  await Authenticator.at(page);
  await addFirst(vault, person.password);
  // Another tab of the same browser stays open on its own session.
  const other = await page.context().newPage();
  await person.at(other).page.goto('/log-in');
  await expect(other.getByRole('button', { name: 'Unlock with a passkey' })).toBeVisible();
  await Authenticator.at(other);
  await list(page).getByRole('button', { name: 'Remove' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Master password', { exact: true }).fill(person.password);
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await expect(list(page)).toHaveCount(0);
  await other.getByRole('button', { name: 'Unlock with a passkey' }).click();
  await expect(other.getByRole('alert').filter({ hasText: 'The password opens the vault too.' })).toBeVisible();
  await typePassword(other, person.password);
  await arrives(other);
});

test('with new keys a passkey comes second, until it is added again', async ({ guard, page, person, vault }) => {
  test.slow();
  guard.allowStatus(401);
  const NEW = 'copper-violin-thunder-meadow-73';
  await Authenticator.at(page);
  await vault.addKey(KEY);
  await addFirst(vault, person.password);
  const keys = page.getByTestId('compromised');
  await keys.getByRole('button', { name: 'Change all keys' }).click();
  await expect(keys.getByText('A passkey no longer opens the vault by itself')).toBeVisible();
  await keys.getByLabel('Current password', { exact: true }).fill(person.password);
  await keys.getByLabel('New password', { exact: true }).fill(NEW);
  await keys.getByLabel('Repeat new password', { exact: true }).fill(NEW);
  await keys.getByRole('button', { name: 'Continue' }).click();
  const kit = page.getByRole('dialog', { name: 'Your new recovery kit' });
  await kit.getByRole('checkbox', { name: 'I have saved my new recovery kit' }).check();
  await kit.getByRole('button', { name: 'Change all keys' }).click();
  await expect(vault.toast.filter({ hasText: 'All keys are new.' })).toBeVisible({ timeout: 60_000 });
  await expect(list(page).getByText('second factor only')).toBeVisible();

  await vault.lock();
  await expect(page.getByRole('button', { name: 'Unlock with a passkey' })).toHaveCount(0);
  await typePassword(page, NEW);
  await page.getByRole('button', { name: 'Continue with a passkey' }).click();
  const open = await arrives(page);

  await list(page).getByRole('button', { name: 'Remove' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Master password', { exact: true }).fill(NEW);
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await expect(list(page)).toHaveCount(0);
  await addFirst(open, NEW);
  await open.lock();
  await page.getByRole('button', { name: 'Unlock with a passkey' }).click();
  await (await arrives(page)).go('All items');
  await expect(open.row(KEY.name)).toBeVisible();
});

test('a recovery takes a recovery code where others take the passkey', async ({ guard, page, person, vault }) => {
  test.slow();
  guard.allowStatus(401);
  guard.allowStatus(403);
  await Authenticator.at(page);
  await vault.addKey(KEY);
  const [code = ''] = await addFirst(vault, person.password);
  await vault.lock();
  await page.getByRole('link', { name: 'Forgot the password?' }).click();
  await page.getByLabel('Recovery kit').fill(`${person.setupCode} ${person.recoveryKey} ${person.checkpoint}`);
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByText('A passkey cannot be used here.')).toBeVisible();
  await page.getByLabel('Code').fill(code);
  await page.getByRole('button', { name: 'Continue' }).click();
  const chosen = 'copper-violin-thunder-meadow-73';
  await page.getByLabel('New master password', { exact: true }).fill(chosen);
  await page.getByLabel('Repeat new master password', { exact: true }).fill(chosen);
  await page.getByRole('button', { name: 'Set password and open' }).click();
  const open = await arrives(page);
  await expect(open.row(KEY.name)).toBeVisible();
  // Another password changes nothing about the passkey.
  await open.lock();
  await page.getByRole('button', { name: 'Unlock with a passkey' }).click();
  await expect((await arrives(page)).row(KEY.name)).toBeVisible();
});

test('every step can be used by everybody @phone', async ({ guard, page, person, vault }) => {
  test.slow();
  guard.allowStatus(401);
  await Authenticator.at(page);
  await addFirst(vault, person.password);
  await isAccessible(page, 'the list of passkeys');
  await part(page).getByRole('button', { name: 'Add a passkey' }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await isAccessible(page, 'adding a passkey');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await list(page).getByRole('button', { name: 'Remove' }).click();
  await isAccessible(page, 'removing a passkey');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await page.reload();
  await expect(page.getByRole('button', { name: 'Unlock with a passkey' })).toBeVisible();
  await isAccessible(page, 'unlocking with a passkey');
  await typePassword(page, person.password);
  await expect(page.getByRole('heading', { name: 'Use your passkey' })).toBeVisible();
  await isAccessible(page, 'the question for the passkey');
});
