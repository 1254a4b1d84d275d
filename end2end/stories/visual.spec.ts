// The main pages look as they did. What changes with the day is masked; the pictures are in
// `pictures`, and `npx playwright test visual --update-snapshots` takes them anew.

import type { Page } from '@playwright/test';

import { expect, test } from '../support/fixtures.ts';

async function looks(page: Page, name: string, masked: string[] = []): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await expect(page).toHaveScreenshot(`${name}-${colorScheme}.png`, { mask: masked.map((place) => page.locator(place)) });
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
}

test('the pages that everybody sees look as they did @phone', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await looks(page, 'landing');
  await page.goto('/log-in');
  await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
  await looks(page, 'log-in');
});

test('the vault looks as it did @phone', async ({ page, vault }) => {
  await expect(page.getByRole('heading', { name: 'Paste your first key' })).toBeVisible();
  await looks(page, 'new-vault');
  await vault.button('look around with sample data').click();
  await expect(vault.rows).toHaveCount(10);
  await page.getByRole('button', { name: 'Dismiss' }).first().click();
  await looks(page, 'list');
  const item = await vault.open('Stripe live');
  await expect(item.getByRole('button', { name: 'Copy', exact: true })).toBeVisible();
  // The days of an item are those of the day on which the story runs.
  await looks(page, 'item', ['.facts dd']);
  await page.keyboard.press('e');
  await expect(page.getByRole('heading', { name: 'Edit item' })).toBeVisible();
  await looks(page, 'form', ['input[type=date]']);
});

test('the dashboard and the pages beside the vault look as they did @phone', async ({ page, vault }) => {
  await vault.button('look around with sample data').click();
  await expect(vault.rows).toHaveCount(10);
  await vault.go('Dashboard');
  await expect(page.getByRole('heading', { name: 'Health' })).toBeVisible();
  await page.getByRole('button', { name: 'Dismiss' }).first().click();
  await looks(page, 'dashboard', ['.timeline']);
  await vault.go('Import');
  await expect(page.locator('#import-file')).toBeVisible();
  await looks(page, 'import');
  await vault.go('Export');
  await expect(page.getByRole('heading', { name: 'Export', exact: true })).toBeVisible();
  await looks(page, 'export');
});
