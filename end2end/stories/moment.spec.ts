// The vault as it was at a moment.

import { isAccessible } from '../support/axe.ts';
import { expect, test } from '../support/fixtures.ts';
import { everyJson } from '../support/liar.ts';
import { isTrusted, story } from '../support/lying.ts';
import type { Vault } from '../support/vault.ts';

const rows = (vault: Vault) => vault.page.getByRole('table', { name: 'What the items were' }).getByRole('row');
const row = (vault: Vault, name: string) => rows(vault).filter({ hasText: name });

/** Chooses a moment that is so many milliseconds ago, in whole seconds as a person may type them. */
async function look(vault: Vault, at: number): Promise<void> {
  const { page } = vault;
  const local = await page.evaluate((ms) => {
    const then = new Date(ms);
    const two = (value: number) => String(value).padStart(2, '0');
    const day = `${then.getFullYear()}-${two(then.getMonth() + 1)}-${two(then.getDate())}`;
    return `${day}T${two(then.getHours())}:${two(then.getMinutes())}:${two(then.getSeconds())}`;
  }, at);
  await page.getByLabel('Day and time').fill(local);
  await vault.button('Show').click();
}

/** Waits until the next second has begun, and tells when that was. */
async function nextSecond(): Promise<number> {
  const now = Math.ceil((Date.now() + 1) / 1_000) * 1_000;
  await new Promise((resolve) => setTimeout(resolve, now + 20 - Date.now()));
  return now;
}

async function rename(vault: Vault, name: string, to: string, secret?: string): Promise<void> {
  const detail = await vault.open(name);
  await detail.getByRole('button', { name: 'Edit' }).click();
  await expect(vault.page.getByRole('heading', { name: 'Edit item' })).toBeVisible();
  await vault.fillKey({ name: to, ...(secret === undefined ? {} : { secret }) });
  await vault.save();
  await expect(vault.detail(to)).toBeVisible();
}

test('items become again what they were at a moment, and Undo takes it back', async ({ page, vault }) => {
  await vault.addKey({ name: 'Alpha', secret: 'alpha-one-value' });
  await vault.addKey({ name: 'Beta', secret: 'beta-one-value' });
  const before = await nextSecond();
  await rename(vault, 'Alpha', 'Alpha renamed', 'alpha-two-value');
  await (await vault.open('Beta')).getByRole('button', { name: 'Delete' }).click();
  await expect(vault.row('Beta')).toHaveCount(0);
  await vault.addKey({ name: 'Gamma', secret: 'gamma-one-value' });

  await vault.go('As it was');
  await expect(page.getByRole('heading', { name: 'The vault as it was' })).toBeVisible();
  await isAccessible(page, 'choosing a moment');
  await page.getByLabel('Day and time').fill('');
  await vault.button('Show').click();
  await expect(page.getByText('Enter a day and a time.')).toBeVisible();
  await look(vault, Date.now() + 3_600_000);
  await expect(page.getByText('That moment is still to come.')).toBeVisible();
  await vault.button('A week ago').click();
  await expect(page.getByRole('heading', { name: 'Nothing was in the vault then' })).toBeVisible();
  await look(vault, before);
  await expect(page.getByText(/: 2 items, 2 of them different now\. 1 item came later\./)).toBeVisible();
  await expect(row(vault, 'Alpha')).toContainText('name, secret');
  await expect(row(vault, 'Beta')).toContainText('moved to the trash');
  await expect(row(vault, 'Gamma')).toHaveCount(0);
  await isAccessible(page, 'the vault at a moment');
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, 'the page scrolls sideways').toBeLessThanOrEqual(0);

  // By name, and none at all.
  const search = page.getByLabel('Search by name');
  await search.fill('bet');
  await expect(rows(vault)).toHaveCount(2);
  await search.fill('nothing');
  await expect(page.getByRole('heading', { name: 'No item matches' })).toBeVisible();
  await search.fill('');
  await expect(rows(vault)).toHaveCount(3);

  await expect(vault.button('Restore 0 items')).toBeDisabled();
  await page.getByRole('checkbox', { name: 'Select all that can be restored' }).check();
  await vault.button('Restore 2 items').click();
  const toast = vault.toast.filter({ hasText: '2 items restored.' });
  await expect(toast).toBeVisible();
  await expect(page.getByText(/: 2 items, all as they are now\./)).toBeVisible();
  await vault.go('All items');
  await expect(vault.row('Beta')).toBeVisible();
  await expect(vault.row('Alpha renamed')).toHaveCount(0);
  await vault.open('Alpha');
  await toast.getByRole('button', { name: 'Undo' }).click();
  await expect(vault.toast.filter({ hasText: '2 items as before.' })).toBeVisible();
  await expect(vault.detail('Alpha renamed')).toBeVisible();

  // Once more, to stay: the secret is that of before, too.
  await vault.go('As it was');
  await look(vault, before);
  await page.getByRole('checkbox', { name: 'Select all that can be restored' }).check();
  await vault.button('Restore 2 items').click();
  await expect(page.getByText(/: 2 items, all as they are now\./)).toBeVisible();
  await vault.go('All items');
  const alpha = await vault.open('Alpha');
  await vault.reveal(alpha);
  await expect(alpha.getByText('alpha-one-value')).toBeVisible();
});

test('a moment on a phone @phone-only @phone', async ({ page, vault }) => {
  await vault.addKey({ name: 'Alpha', secret: 'alpha-one-value' });
  const before = await nextSecond();
  await vault.detail('Alpha').getByRole('button', { name: 'Edit' }).click();
  await vault.fillKey({ name: 'Alpha renamed' });
  await vault.save();
  await expect(vault.detail('Alpha renamed')).toBeVisible();
  await page.goBack();
  await vault.go('As it was');
  await look(vault, before);
  await expect(row(vault, 'Alpha')).toContainText('name');
  await isAccessible(page, 'the vault at a moment, on a phone');
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, 'the page scrolls sideways').toBeLessThanOrEqual(0);
  await row(vault, 'Alpha').getByText('Alpha', { exact: true }).tap();
  await vault.button('Restore 1 item').tap();
  await expect(vault.toast.filter({ hasText: '1 item restored.' })).toBeVisible();
  await expect(page.getByText(/: 1 item, all as they are now\./)).toBeVisible();
});

test('one item by keyboard, and its history', async ({ page, vault }) => {
  await vault.addKey({ name: 'Alpha', secret: 'alpha-one-value' });
  await vault.addKey({ name: 'Beta', secret: 'beta-one-value' });
  const before = await nextSecond();
  await rename(vault, 'Alpha', 'Alpha renamed');
  await rename(vault, 'Beta', 'Beta renamed');
  // Enter comes before what was found does, and means what will be found.
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('dialog').getByRole('option').first()).toBeVisible();
  await page.keyboard.type('as it was');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'The vault as it was' })).toBeVisible();
  await look(vault, before);
  const box = page.getByRole('checkbox', { name: 'Restore Beta' });
  await box.focus();
  await page.keyboard.press('Space');
  await expect(box).toBeChecked();
  await vault.button('Restore 1 item').focus();
  await page.keyboard.press('Enter');
  await expect(vault.toast.filter({ hasText: '1 item restored.' })).toBeVisible();
  await expect(page.getByText(/: 2 items, 1 of them different now\./)).toBeVisible();
  await page.getByRole('radio', { name: 'All (2)' }).check();
  await expect(row(vault, 'Beta')).toContainText('as it is now');
  await expect(page.getByRole('checkbox', { name: 'Restore Beta' })).toBeDisabled();
  await row(vault, 'Alpha').getByRole('button', { name: 'History of Alpha' }).click();
  await expect(page.getByRole('region', { name: 'History of Alpha renamed' })).toBeVisible();
});

test('a moment that cannot be fetched says so, and nothing is changed', async ({ context, guard, page, vault }) => {
  guard.allowOffline();
  await vault.addKey({ name: 'Alpha', secret: 'alpha-one-value' });
  const before = await nextSecond();
  await rename(vault, 'Alpha', 'Alpha renamed');
  await vault.go('As it was');
  await context.setOffline(true);
  await look(vault, before);
  await expect(page.getByText(/The server (does not answer|cannot be reached)/).first()).toBeVisible({ timeout: 60_000 });
  await context.setOffline(false);
  await look(vault, before);
  await page.getByRole('checkbox', { name: 'Restore Alpha' }).check();
  await expect(vault.button('Restore 1 item')).toBeEnabled();
});

story('a server that makes a moment up shows nothing that was not there', async ({ liar, there, vault }) => {
  await vault.isLocked();
  const open = await isTrusted(there);
  const { page } = open;
  const before = await nextSecond();
  await rename(open, 'First key', 'First renamed');
  await rename(open, 'Second key', 'Second renamed');
  type Said = { versions: { version: number; overview: string }[] };
  liar.lie = everyJson((path, answer) => {
    if (!path.endsWith('/moment')) return;
    const { versions } = answer as unknown as Said;
    versions[0]!.overview = versions[1]!.overview;
  });
  await open.go('As it was');
  await look(open, before);
  await expect(rows(open).filter({ hasText: 'does not open: not what was saved' })).toHaveCount(1);
  await expect(page.getByRole('checkbox', { name: /^Restore (First|Second) (key|renamed)$/ }).and(page.locator(':disabled'))).toHaveCount(1);
  liar.lie = everyJson((path, answer) => {
    if (!path.endsWith('/moment')) return;
    (answer as unknown as Said).versions[0]!.version = 77;
  });
  await look(open, before);
  await expect(page.getByText('What the server sent does not verify. Nothing of it was used.')).toBeVisible();
  await expect(rows(open)).toHaveCount(0);
});
