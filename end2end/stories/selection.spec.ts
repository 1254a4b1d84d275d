// Several items at once.

import type { Page } from '@playwright/test';

import { isAccessible } from '../support/axe.ts';
import { expect, test } from '../support/fixtures.ts';
import type { Vault } from '../support/vault.ts';

const LINES = ['ALPHA_KEY', 'BRAVO_KEY', 'CHARLIE_KEY', 'DELTA_KEY', 'ECHO_KEY'];

/** Imports an item for each name, which is quicker than five forms. */
async function fill(vault: Vault, names: string[] = LINES): Promise<void> {
  const { page } = vault;
  await vault.go('Import');
  const text = names.map((name) => `${name}=value-of-${name.toLowerCase()}-0123456789`).join('\n');
  await page.locator('input[type=file]').setInputFiles({ name: 'some.env', mimeType: 'text/plain', buffer: Buffer.from(text) });
  await page.getByRole('button', { name: /^Import [\d,]+ items?$/ }).click({ timeout: 60_000 });
  await expect(vault.toast.filter({ hasText: 'imported' }).last()).toBeVisible({ timeout: 60_000 });
  await vault.go('All items');
  await expect(vault.list).toBeVisible();
}

function bar(page: Page) {
  return page.getByRole('toolbar', { name: 'Selected items' });
}

function selected(vault: Vault) {
  return vault.list.locator('[aria-selected=true]');
}

test('items are selected, tagged and moved without a mouse, and Undo takes it back', async ({ page, vault }) => {
  await fill(vault);
  await vault.list.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('x');
  await expect(selected(vault)).toHaveCount(1);
  await page.keyboard.press('Shift+J');
  await page.keyboard.press('Shift+ArrowDown');
  await expect(bar(page)).toContainText('3 selected');
  await expect(page.getByRole('status').filter({ hasText: '3 items selected' })).toHaveCount(1);
  await page.keyboard.press('Shift+K');
  await expect(bar(page)).toContainText('2 selected');
  await isAccessible(page, 'a selection');

  await page.keyboard.press('l');
  const dialog = page.getByRole('dialog', { name: 'Add tags' });
  await expect(dialog).toBeVisible();
  await isAccessible(page, 'adding tags');
  await page.keyboard.type('shared, ours');
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await expect(vault.toast.filter({ hasText: '2 items tagged.' })).toBeVisible();
  await expect(bar(page)).toBeHidden();
  await expect(vault.list).toBeFocused();
  await vault.go('shared');
  await expect(vault.rows).toHaveCount(2);

  await vault.toast.filter({ hasText: '2 items tagged.' }).getByRole('button', { name: 'Undo' }).click();
  await expect(vault.toast.filter({ hasText: 'Undone: 2 items as before.' })).toBeVisible();
  await expect(vault.rows).toHaveCount(0);
  await vault.go('All items');
  await expect(vault.rows).toHaveCount(5);
  await page.keyboard.press('x');
  await page.keyboard.press('Escape');
  await expect(selected(vault)).toHaveCount(0);
});

test('a mistake is said where it was made, and nothing is changed', async ({ page, vault }) => {
  await fill(vault);
  await vault.list.focus();
  await page.keyboard.press('ControlOrMeta+a');
  await expect(bar(page)).toContainText('5 selected');
  await page.keyboard.press('l');
  const dialog = page.getByRole('dialog', { name: 'Add tags' });
  await expect(dialog.locator('input')).toBeFocused();
  await page.keyboard.type('x'.repeat(61));
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('alert').filter({ hasText: '60' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(bar(page)).toContainText('5 selected');
});

test('everything is selected, however much it is, and a search does not lose it', async ({ page, vault }) => {
  test.slow();
  const names = Array.from({ length: 2_000 }, (_, at) => `SERVICE_${String(at).padStart(4, '0')}_TOKEN`);
  await fill(vault, names);
  await vault.list.focus();
  await page.keyboard.press('ControlOrMeta+a');
  await expect(bar(page)).toContainText('2,000 selected');
  await vault.filter.fill('0007');
  await expect(bar(page)).toContainText('not shown');
  await vault.filter.fill('');
  await expect(bar(page)).toContainText(/^2,000 selected$/);
  await bar(page).getByRole('button', { name: 'Move to the trash' }).click();
  await expect(vault.toast.filter({ hasText: '2,000 items moved to the trash.' })).toBeVisible({ timeout: 60_000 });

  // In the trash: restore some, and lose one, after it was named.
  await vault.go('Trash');
  await vault.filter.fill('service 0001');
  await vault.rows.first().hover();
  await vault.rows.first().locator('.row-check').click();
  await bar(page).getByRole('button', { name: 'Delete for good…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete for good?' });
  await expect(dialog).toContainText('0001');
  await isAccessible(page, 'before something is lost');
  await dialog.getByRole('button', { name: 'Delete for good' }).click();
  await expect(vault.toast.filter({ hasText: '1 item deleted for good.' })).toBeVisible();
  await vault.filter.fill('');
  await vault.list.focus();
  await page.keyboard.press('ControlOrMeta+a');
  await bar(page).getByRole('button', { name: 'Restore' }).click();
  await expect(vault.toast.filter({ hasText: '1,999 items restored.' })).toBeVisible({ timeout: 60_000 });
});

test('what another tab changed stays, and an undo leaves it alone and says so', async ({ context, page, person, vault }) => {
  await fill(vault);
  const other = person.at(await context.newPage());
  await other.page.goto('/vault');
  const second = await other.unlock();
  await second.go('Favourites');
  await page.bringToFront();
  await vault.list.focus();
  await page.keyboard.press('ControlOrMeta+a');
  await expect(bar(page)).toContainText('5 selected');
  await bar(page).getByRole('button', { name: 'Add to favourites' }).click();
  const told = vault.toast.filter({ hasText: '5 items added to favourites.' });
  await expect(told).toBeVisible();

  await other.page.bringToFront();
  await expect(second.rows).toHaveCount(5);
  const name = (await second.rows.first().locator('strong bdi').innerText()).trim();
  await second.open(name);
  await second.detail(name).getByRole('button', { name: 'Remove from favourites' }).click();
  await expect(second.rows).toHaveCount(4);

  await page.bringToFront();
  await told.getByRole('button', { name: 'Undo' }).click();
  await expect(vault.toast.filter({ hasText: '4 items as before. 1 item was changed meanwhile' })).toBeVisible();
});

test('a change waits for a server that is away', async ({ context, guard, page, vault }) => {
  guard.allowOffline();
  await fill(vault);
  await vault.list.focus();
  await page.keyboard.press('ControlOrMeta+a');
  await expect(bar(page)).toContainText('5 selected');
  await context.setOffline(true);
  await bar(page).getByRole('button', { name: 'Add to favourites' }).click();
  await expect(page.getByText(/1 change waits in this tab/)).toBeVisible();
  await context.setOffline(false);
  await expect(vault.toast.filter({ hasText: '5 items added to favourites.' })).toBeVisible({ timeout: 60_000 });
});

test('a finger selects after Select was pressed @phone @phone-only', async ({ page, vault }) => {
  await fill(vault);
  await vault.button('Select').tap();
  await expect(bar(page)).toContainText('Select items');
  await vault.rows.nth(0).tap();
  await vault.rows.nth(2).tap();
  await expect(bar(page)).toContainText('2 selected');
  await isAccessible(page, 'a selection on a phone');
  // What is still said of the import does not lie over what can be done.
  const over = await page.evaluate(() => {
    const bottoms = [...document.querySelectorAll('.toast')].map((toast) => toast.getBoundingClientRect().bottom);
    return bottoms.some((bottom) => bottom > document.querySelector('.picked')!.getBoundingClientRect().top);
  });
  expect(over).toBe(false);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, 'the page scrolls sideways').toBeLessThanOrEqual(0);
  await bar(page).getByRole('button', { name: 'Move to the trash' }).tap();
  await expect(vault.rows).toHaveCount(3);
  await vault.toast.filter({ hasText: '2 items moved to the trash.' }).getByRole('button', { name: 'Undo' }).tap();
  await expect(vault.rows).toHaveCount(5);
});
