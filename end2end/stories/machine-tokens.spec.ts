// A token that a program reads with: made, kept as the vault is, looked at, revoked.

import type { Locator, Page } from '@playwright/test';

import { isAccessible } from '../support/axe.ts';
import { canary, sightings } from '../support/canary.ts';
import { expect, test } from '../support/fixtures.ts';
import { handIn, openToken } from '../support/machine.ts';
import type { Vault } from '../support/vault.ts';

const part = (page: Page) => page.getByRole('region', { name: 'Machine tokens' });
const rows = (page: Page) => part(page).getByRole('listitem');

async function toSettings(vault: Vault): Promise<Page> {
  await vault.go('Settings');
  await expect(part(vault.page).getByRole('button', { name: 'New token…' })).toBeVisible();
  return vault.page;
}

async function begin(page: Page): Promise<Locator> {
  await part(page).getByRole('button', { name: 'New token…' }).click();
  const dialog = page.getByRole('dialog', { name: 'New machine token' });
  await expect(dialog.getByRole('button', { name: 'Make token' })).toBeVisible();
  return dialog;
}

/** Makes one for the folder Payments, and gives its text. */
async function make(page: Page, name: string, writes = false): Promise<string> {
  const dialog = await begin(page);
  await dialog.getByLabel('Name', { exact: true }).fill(name);
  await dialog.getByRole('checkbox', { name: 'Payments', exact: true }).check();
  if (writes) await dialog.getByRole('radio', { name: 'Read and write' }).check();
  await dialog.getByRole('button', { name: 'Make token' }).click();
  const made = page.getByRole('dialog', { name: 'Your new token' });
  const token = await made.getByTestId('machine-token').innerText();
  await made.getByRole('button', { name: 'I have saved it' }).click();
  await expect(rows(page).filter({ hasText: name })).toBeVisible();
  return token.trim();
}

const holds = async (origin: string, token: string) => {
  const { details } = await openToken(origin, token);
  return (secret: string) => details.some((one) => one.includes(secret));
};

test('a token reads the items of its folder, follows the vault, and is revoked @phone', async ({ guard, page, server, vault }) => {
  test.slow();
  guard.allowStatus(403);
  const inside = canary('inside');
  const outside = canary('outside');
  await vault.addKey({ name: 'Stripe', secret: inside, folder: 'Payments/EU' });
  await vault.go('All items');
  await vault.addKey({ name: 'GitHub', secret: outside, folder: 'Code' });
  await toSettings(vault);
  await expect(part(page).getByText('There is none yet.')).toBeVisible();
  const dialog = await begin(page);
  await isAccessible(page, 'the form of a machine token');

  // What is missing is said at its place, and nothing is made.
  await dialog.getByRole('button', { name: 'Make token' }).click();
  await expect(dialog.getByText('Give it a name.')).toBeVisible();
  await expect(dialog.getByText('Choose what it reads, or let it read all items.')).toBeVisible();
  await dialog.getByLabel('Name', { exact: true }).fill('CI of the shop');
  await dialog.getByLabel('From where').fill('10.0.0.1/8');
  await dialog.getByLabel('Last day').fill('2020-01-31');
  await dialog.getByRole('button', { name: 'Make token' }).click();
  await expect(dialog.getByText('10.0.0.1/8 is within 10.0.0.0/8: write that.')).toBeVisible();
  await expect(dialog.getByText('This day is over.')).toBeVisible();
  await dialog.getByLabel('Last day').fill('2099-01-31');
  await dialog.getByLabel('From where').fill('127.0.0.0/8');
  await dialog.getByRole('checkbox', { name: 'Payments', exact: true }).check();
  await dialog.getByRole('button', { name: 'Make token' }).click();

  const made = page.getByRole('dialog', { name: 'Your new token' });
  await expect(made.getByText('Whoever has it reads 1 item.')).toBeVisible();
  const token = (await made.getByTestId('machine-token').innerText()).trim();
  await isAccessible(page, 'a new machine token');
  await made.getByRole('button', { name: 'Copy both variables' }).click();
  await expect.poll(() => vault.clipboard()).toBe(`KEYARC_SERVER=${server.origin}\nKEYARC_TOKEN=${token}\n`);
  await made.getByRole('button', { name: 'I have saved it' }).click();
  const row = rows(page).filter({ hasText: 'CI of the shop' });
  await expect(row).toContainText('Reads Payments');
  await expect(row).toContainText('Until 31 January 2099; from 127.0.0.0/8');
  await expect(row).toContainText('Never used');
  await expect(row.getByText('1 item', { exact: true })).toBeVisible();
  await expect(page.getByText(token)).toHaveCount(0);
  await isAccessible(page, 'the machine tokens');

  const first = await openToken(server.origin, token);
  expect(first.status).toBe(200);
  expect(first.details).toHaveLength(1);
  expect(first.details[0]!.includes(inside)).toBe(true);
  expect(sightings('what the machine was sent', first.body, [inside, outside])).toEqual([]);

  // What changes in the vault is there a moment later, and what comes into the folder.
  const changed = canary('changed');
  const added = canary('added');
  await vault.go('All items');
  await vault.open('Stripe');
  await vault.detail('Stripe').getByRole('button', { name: 'Edit' }).click();
  await page.getByLabel('Secret', { exact: true }).fill(changed);
  await vault.save();
  await expect(vault.detail('Stripe')).toBeVisible();
  await expect.poll(async () => (await holds(server.origin, token))(changed), { timeout: 60_000 }).toBe(true);
  await vault.go('All items');
  await vault.addKey({ name: 'Adyen', secret: added, folder: 'Payments' });
  await expect.poll(async () => (await holds(server.origin, token))(added), { timeout: 60_000 }).toBe(true);
  expect((await holds(server.origin, token))(outside)).toBe(false);
  await vault.detail('Adyen').getByRole('button', { name: 'Delete', exact: true }).click();
  await expect.poll(async () => (await holds(server.origin, token))(added), { timeout: 60_000 }).toBe(false);

  await toSettings(vault);
  await expect(row).toContainText(/Last: Today \d\d:\d\d from this machine, read/);
  await row.getByRole('button', { name: 'Uses…' }).click();
  const uses = page.getByRole('dialog', { name: 'Uses of CI of the shop' });
  await expect(uses.getByRole('row').nth(1)).toContainText('read');
  await isAccessible(page, 'the uses of a token');
  await page.keyboard.press('Escape');

  await row.getByRole('button', { name: 'Revoke…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await expect(vault.toast.filter({ hasText: 'CI of the shop was revoked.' })).toBeVisible();
  await expect(row.getByText('revoked', { exact: true })).toBeVisible();
  await expect(row.getByRole('button', { name: 'Revoke…' })).toHaveCount(0);
  expect(await openToken(server.origin, token)).toMatchObject({ status: 403, code: 'token_revoked', details: [] });
});

test('a token that could not be brought up to date is said to have older values, and is made good', async ({
  context,
  guard,
  page,
  server,
  vault,
}) => {
  guard.allowStatus(507);
  const later = canary('later');
  await vault.addKey({ name: 'Stripe', secret: 'first-secret', folder: 'Payments' });
  await toSettings(vault);
  const token = await make(page, 'CI');
  const full = /\/api\/machine\/tokens\/[0-9a-f]+\/items$/;
  await context.route(full, async (route) =>
    route.fulfill({
      status: 507,
      contentType: 'application/problem+json',
      body: JSON.stringify({ code: 'storage_full', message: 'There is no room left.', action: 'Try again later.' }),
    }),
  );
  await vault.go('All items');
  await vault.open('Stripe');
  await vault.detail('Stripe').getByRole('button', { name: 'Edit' }).click();
  await page.getByLabel('Secret', { exact: true }).fill(later);
  await vault.save();
  await expect(vault.detail('Stripe')).toBeVisible();
  await toSettings(vault);
  await expect(rows(page).getByText('older values', { exact: true })).toBeVisible();
  expect((await holds(server.origin, token))(later)).toBe(false);
  await context.unroute(full);
  await vault.go('All items');
  await toSettings(vault);
  await expect(rows(page).getByText('1 item', { exact: true })).toBeVisible();
  expect((await holds(server.origin, token))(later)).toBe(true);
});

test('names are taken once, nothing is made for nothing, and the server may be away', async ({ context, guard, page, vault }) => {
  guard.allowOffline();
  guard.allowStatus(503);
  await vault.addKey({ name: 'Stripe', secret: 'a-secret', folder: 'Payments', environment: 'staging' });
  await toSettings(vault);
  await make(page, 'CI');
  const dialog = await begin(page);
  await dialog.getByLabel('Name', { exact: true }).fill('CI');
  await dialog.getByRole('radio', { name: 'All items' }).check();
  await dialog.getByRole('button', { name: 'Make token' }).click();
  await expect(dialog.getByText('Is that of another token')).toBeVisible();
  await expect(dialog.getByLabel('Name', { exact: true })).toBeFocused();
  await dialog.getByRole('button', { name: 'Cancel' }).click();

  await context.route('**/api/machine/tokens', async (route) => route.abort());
  await page.getByRole('link', { name: /^All items/ }).click();
  await vault.go('Settings');
  await expect(part(page).getByRole('button', { name: 'Try again' })).toBeVisible({ timeout: 60_000 });
  await context.unroute('**/api/machine/tokens');
  await part(page).getByRole('button', { name: 'Try again' }).click();
  await expect(rows(page)).toHaveCount(1);
});

test('what a token hands in comes into the vault, or waits when somebody was faster @phone', async ({
  context,
  guard,
  page,
  server,
  vault,
}) => {
  test.slow();
  guard.allowStatus(403);
  guard.allowOffline();
  await vault.addKey({ name: 'Stripe', secret: 'first-secret', folder: 'Payments' });
  await toSettings(vault);
  const reading = await make(page, 'Reader');
  const dialog = await begin(page);
  await expect(dialog.getByText('It changes nothing.')).toBeVisible();
  await dialog.getByRole('radio', { name: 'Read and write' }).check();
  await expect(dialog.getByText(/is handed in, and comes into the vault when you next open it/)).toBeVisible();
  await isAccessible(page, 'the form of a token that writes');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  const token = await make(page, 'CI of the shop', true);
  await expect(rows(page).filter({ hasText: 'CI of the shop' })).toContainText('Reads and writes Payments');
  await expect(part(page).getByText(/^None. What tokens hand in is taken by itself/)).toBeVisible();

  // One that reads is refused.
  const wish = { name: 'Stripe', folder: 'Payments', secret: canary('by-the-reader') };
  expect(await handIn(server.origin, reading, wish, 'Stripe')).toEqual({ status: 403, code: 'token_reads_only' });

  // What one that writes hands in is taken as the vault is looked at again, and told.
  const changed = canary('by-the-machine');
  const added = canary('made-by-the-machine');
  expect(await handIn(server.origin, token, { ...wish, secret: changed }, 'Stripe')).toEqual({ status: 204 });
  expect(await handIn(server.origin, token, { name: 'Adyen', folder: 'Payments/EU', secret: added })).toEqual({ status: 204 });
  await vault.go('All items');
  const told = expect(vault.toast.filter({ hasText: 'CI of the shop changed 2 items.' })).toBeVisible();
  await Promise.all([told, toSettings(vault)]);
  await vault.go('All items');
  await vault.open('Adyen');
  await vault.go('All items');
  await vault.open('Stripe');
  await vault.detail('Stripe').getByRole('button', { name: 'Reveal', exact: true }).click();
  await expect(vault.detail('Stripe').getByText(changed)).toBeVisible();
  await expect.poll(async () => (await holds(server.origin, token))(added), { timeout: 60_000 }).toBe(true);

  // Somebody changes the item before the change is taken: it waits, and a person says what becomes of it.
  const late = canary('too-late');
  const own = canary('by-the-person');
  const waiting = '**/api/machine/waiting';
  await context.route(waiting, async (route) => route.fulfill({ json: { changes: [] } }));
  expect(await handIn(server.origin, token, { ...wish, secret: late }, 'Stripe')).toEqual({ status: 204 });
  await vault.detail('Stripe').getByRole('button', { name: 'Edit' }).click();
  await page.getByLabel('Secret', { exact: true }).fill(own);
  await vault.save();
  await expect(vault.detail('Stripe')).toBeVisible();
  await context.unroute(waiting);
  await toSettings(vault);
  const waits = part(page).getByRole('list', { name: 'Changes that wait for you' }).getByRole('listitem');
  await expect(waits).toHaveCount(1);
  await expect(waits).toContainText('The item was changed since.');
  // What would change is seen before it is decided, secrets only where they are asked for.
  const look = waits.getByRole('button', { name: 'Look' });
  const details = '**/api/vaults/*/details';
  await context.route(details, async (route) => route.abort());
  await look.focus();
  await page.keyboard.press('Enter');
  await expect(waits.getByText('The change could not be looked at')).toBeVisible({ timeout: 60_000 });
  await isAccessible(page, 'a change that could not be looked at');
  await context.unroute(details);
  await waits.getByRole('button', { name: 'Try again' }).click();
  const secret = waits.getByRole('row', { name: /^Secret / });
  await expect(secret).toBeVisible();
  await expect(waits.getByRole('row')).toHaveCount(2);
  await expect(waits.getByRole('columnheader')).toHaveText(['Field', 'As handed in', 'Now']);
  await expect(waits).not.toContainText(late);
  await isAccessible(page, 'changes that wait');
  await waits.getByRole('button', { name: 'Show secrets' }).click();
  await expect(secret.getByRole('cell')).toHaveText([late, own]);
  await waits.getByRole('button', { name: 'Hide secrets' }).click();
  await expect(waits).not.toContainText(own);
  await look.click();
  await expect(secret).toHaveCount(0);
  await expect(look).toHaveAttribute('aria-expanded', 'false');
  await waits.getByRole('button', { name: 'Take' }).click();
  await expect(vault.toast.filter({ hasText: 'Stripe is as the token had it.' })).toBeVisible();
  // Whoever takes it is not told once more that a token changed it.
  await expect(vault.toast.filter({ hasText: 'CI of the shop changed Stripe.' })).toHaveCount(0);
  await expect(waits).toHaveCount(0);

  // What is outside of its folder can only be discarded.
  expect(await handIn(server.origin, token, { ...wish, name: 'Elsewhere', folder: 'Private' })).toEqual({ status: 204 });
  await vault.go('All items');
  await toSettings(vault);
  await expect(waits).toContainText('It is outside of what the token may write.');
  await expect(waits.getByRole('button', { name: 'Take' })).toHaveCount(0);
  await waits.getByRole('button', { name: 'Discard…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
  await expect(waits).toHaveCount(0);
  await vault.go('All items');
  await expect(page.getByText('Elsewhere')).toHaveCount(0);
});
