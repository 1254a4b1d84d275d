import type { Page } from '@playwright/test';

import { isAccessible } from '../support/axe.ts';
import { expect, test } from '../support/fixtures.ts';

const dialog = (page: Page) => page.getByRole('dialog', { name: 'Make a secret' });
const made = async (page: Page) => ((await dialog(page).locator('.generated').textContent()) ?? '').trim();

test('a secret is made by a recipe, with the keyboard alone, and saved @phone', async ({ page, vault }) => {
  await vault.startNew();
  await vault.fillKey({ name: 'New signing key' });
  await page.getByRole('button', { name: 'Make a secret' }).press('Enter');
  await expect.poll(() => made(page)).toMatch(/^\S{24}$/);
  await expect(dialog(page).getByText(/^15\d bits, beyond guessing\.$/)).toBeVisible();
  await isAccessible(page, 'the generator');

  const before = await made(page);
  await dialog(page).getByRole('button', { name: 'Another' }).click();
  await expect.poll(() => made(page)).not.toBe(before);
  await dialog(page).getByLabel('Characters').press('ArrowRight');
  await expect.poll(() => made(page)).toMatch(/^\S{25}$/);
  await dialog(page).getByLabel('Punctuation').uncheck();
  await expect.poll(() => made(page)).toMatch(/^[A-Za-z0-9]{25}$/);

  await dialog(page).getByLabel('Words', { exact: true }).check();
  await expect.poll(() => made(page)).toMatch(/^[a-z]+(-[a-z]+){5}$/);
  await dialog(page).getByLabel('Between them').fill('.');
  // Its keys are its own, and not those of the form behind it.
  await dialog(page).getByLabel('Between them').press('Enter');
  await expect(dialog(page)).toBeVisible();
  await dialog(page).getByLabel('Capital letters').check();
  await expect.poll(() => made(page)).toMatch(/^[A-Z][a-z]+(\.[A-Z][a-z]+){5}$/);
  await dialog(page).getByLabel('UUID').check();
  await expect.poll(() => made(page)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  await dialog(page).getByLabel('Base64').check();
  await expect.poll(() => made(page)).toMatch(/^[\w-]{43}$/);
  await dialog(page).getByLabel('Hex').check();
  await expect.poll(() => made(page)).toMatch(/^[0-9a-f]{64}$/);
  const hex = await made(page);
  await dialog(page).getByRole('button', { name: 'Use it' }).click();
  await expect(dialog(page)).toBeHidden();
  await expect(page.getByLabel('Secret', { exact: true })).toHaveValue(hex);
  await vault.save();
  const item = vault.detail('New signing key');
  await vault.reveal(item);
  await expect(item.getByText(hex)).toBeVisible();
});

test('what cannot be made says so, and leaving changes nothing', async ({ page, vault }) => {
  await vault.startNew();
  await vault.fillKey({ name: 'Kept', secret: 'typed-by-hand' });
  await page.getByRole('button', { name: 'Make a secret' }).click();
  for (const sort of ['a–z', 'A–Z', '0–9', 'Punctuation']) await dialog(page).getByLabel(sort, { exact: true }).uncheck();
  await expect(dialog(page).getByText('Choose at least one sort of character.')).toBeVisible();
  await expect(dialog(page).getByRole('button', { name: 'Use it' })).toBeDisabled();
  await page.keyboard.press('Escape');
  await expect(dialog(page)).toBeHidden();
  await expect(page.getByLabel('Secret', { exact: true })).toHaveValue('typed-by-hand');
  await expect(page.getByRole('heading', { name: 'New item' })).toBeVisible();
});
