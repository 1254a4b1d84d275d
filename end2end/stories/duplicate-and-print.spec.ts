// Another item that begins as this one, and an item on paper.

import type { Page } from '@playwright/test';

import { isAccessible } from '../support/axe.ts';
import { attach, attached, download } from '../support/files.ts';
import { expect, test } from '../support/fixtures.ts';
import type { Vault } from '../support/vault.ts';

const KEY = { name: 'Contract', secret: 'the-secret-of-the-contract' };

async function more(page: Page, vault: Vault, what: string): Promise<void> {
  await vault.detail(KEY.name).getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: what }).click();
}

test('an item begins as another one, files included, and both live on by themselves @phone', async ({ page, vault }) => {
  await vault.addKey({ ...KEY, folder: 'Legal/2026', notes: 'signed twice' });
  const content = Buffer.from('a page of the contract\n'.repeat(100));
  await attach(page, { name: 'page.txt', mimeType: 'text/plain', buffer: content });
  await expect(attached(page)).toHaveCount(1);
  const edit = await vault.detail(KEY.name).getByRole('button', { name: 'Edit' }).boundingBox();
  expect((edit?.x ?? 0) + (edit?.width ?? 0), 'the bar is wider than the page').toBeLessThanOrEqual(page.viewportSize()!.width);
  await more(page, vault, 'Duplicate');
  await expect(page.getByRole('heading', { name: 'New item' })).toBeVisible();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Contract (copy)');
  await expect(page.getByLabel('Folder', { exact: true })).toHaveValue('Legal/2026');
  await expect(page.getByLabel('Notes', { exact: true })).toHaveValue('signed twice');
  await isAccessible(page, 'the form of a duplicate');

  // Given up untouched, it is gone and nobody is asked.
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(vault.detail(KEY.name)).toBeVisible();
  await expect(vault.toast).toHaveCount(0);

  await more(page, vault, 'Duplicate');
  await page.getByLabel('Name', { exact: true }).fill('Second side');
  await vault.save();
  const copy = vault.detail('Second side');
  await expect(copy).toBeVisible();
  await expect(attached(page)).toHaveCount(1);
  await vault.reveal(copy);
  await expect(copy.getByText(KEY.secret)).toBeVisible();

  // The first one goes, with its history: what the second one shares with it stays.
  await vault.go('All items');
  await vault.open(KEY.name);
  await vault.detail(KEY.name).getByRole('button', { name: 'Delete', exact: true }).click();
  await vault.go('Trash');
  await vault.open(KEY.name);
  await page.getByRole('button', { name: 'Delete for good' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete for good' }).click();
  await vault.go('All items');
  await expect(vault.rows).toHaveCount(1);
  await vault.open('Second side');
  await expect(attached(page)).toHaveCount(1);
  expect((await download(page, 'page.txt')).equals(content)).toBe(true);
});

test('a duplicate is made by keyboard and palette, and what was typed into it survives', async ({ page, vault }) => {
  await vault.addKey(KEY);
  await vault.go('All items');
  await page.keyboard.press('j');
  await page.keyboard.press('Shift+D');
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Contract (copy)');
  await page.getByLabel('Name', { exact: true }).fill('Half-written');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await vault.toast.filter({ hasText: 'Changes discarded.' }).getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Half-written');
  await vault.save();
  await expect(vault.rows).toHaveCount(2);
  await page.keyboard.press('ControlOrMeta+k');
  await page.keyboard.type('duplicate the');
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Half-written (copy)');
});

test('an item is printed as a sheet, its secrets only when they are ticked @phone', async ({ page, vault }) => {
  await vault.addKey({ ...KEY, notes: 'a note of two lines\nand this is the other' });
  await page.evaluate(() => {
    window.print = () => document.body.setAttribute('data-printed', document.querySelector('.print-sheet')?.textContent ?? '');
  });
  const printed = () => page.evaluate(() => document.body.getAttribute('data-printed') ?? '');
  await more(page, vault, 'Print…');
  const dialog = page.getByRole('dialog', { name: 'Print' });
  await expect(dialog.getByRole('heading', { name: KEY.name })).toBeVisible();
  await expect(dialog.getByText(KEY.secret)).toHaveCount(0);
  await isAccessible(page, 'the sheet of an item');
  await dialog.getByRole('button', { name: 'Print', exact: true }).click();
  expect(await printed()).toContain('Contract');
  expect(await printed()).not.toContain(KEY.secret);
  expect(await printed()).not.toContain('a note');

  await dialog.getByRole('checkbox', { name: 'With its secrets and notes' }).check();
  await expect(dialog.getByText('Whoever has the paper has the secrets.')).toBeVisible();
  await expect(dialog.getByText(KEY.secret)).toBeVisible();
  await dialog.getByRole('button', { name: 'Print', exact: true }).click();
  expect(await printed()).toContain(KEY.secret);
  expect(await printed()).toContain('and this is the other');

  // On paper stands the sheet and nothing else, light whatever the screen is.
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  await expect(dialog.getByText(KEY.secret)).toBeVisible();
  for (const name of ['Print', 'Cancel', 'Close']) {
    await expect(page.getByRole('button', { name, exact: true })).toHaveCount(0);
  }
  await expect(vault.rows).toHaveCount(0);
  await page.emulateMedia({ media: 'screen', colorScheme: null });
  await page.keyboard.press('Escape');
  await expect(page.locator('.print-sheet')).toHaveCount(0);
});

test('ticked secrets do not stay on the screen, and P prints what the list is on', async ({ page, vault }) => {
  await vault.addKey(KEY);
  await vault.go('All items');
  await page.clock.install();
  await page.keyboard.press('j');
  await page.keyboard.press('p');
  const dialog = page.getByRole('dialog', { name: 'Print' });
  const tick = dialog.getByRole('checkbox', { name: 'With its secrets and notes' });
  await tick.check();
  await expect(dialog.getByText(KEY.secret)).toBeVisible();
  await page.clock.runFor(31_000);
  await expect(dialog.getByText(KEY.secret)).toHaveCount(0);
  await expect(tick).not.toBeChecked();
});

test('a long set of variables goes over several pages', async ({ page, vault }) => {
  await vault.startNew();
  await page.getByLabel('Kind', { exact: true }).selectOption({ label: 'Environment set' });
  await page.getByLabel('Name', { exact: true }).fill('Service');
  const lines = Array.from({ length: 200 }, (_, at) => `VARIABLE_${at}=value-${at}`);
  await page.getByLabel('Variables', { exact: true }).fill(lines.join('\n'));
  await vault.save();
  await vault.detail('Service').getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: 'Print…' }).click();
  await page.getByRole('checkbox', { name: 'With its secrets and notes' }).check();
  const pdf = await page.pdf({ format: 'A4' });
  const pages = pdf.toString('latin1').match(/\/Type\s*\/Page[^s]/g)?.length ?? 0;
  expect(pages).toBeGreaterThan(3);
  expect(pages).toBeLessThan(9);
});
