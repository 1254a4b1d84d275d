import { expect, test } from '../support/fixtures.ts';

const COUNT = 2_000;

test('two thousand items: one import, a short document, any row in reach', async ({ page, vault }) => {
  test.slow();
  const lines = Array.from({ length: COUNT }, (_, index) => `SERVICE_${String(index).padStart(4, '0')}_TOKEN=value-${index}-${'x'.repeat(20)}`);
  await vault.go('Import');
  const file = { name: 'many.env', mimeType: 'text/plain', buffer: Buffer.from(lines.join('\n')) };
  await page.locator('input[type=file]').setInputFiles(file);
  await page.getByRole('button', { name: /^Import 2,?000 items$/ }).click({ timeout: 60_000 });
  await vault.go('All items');
  await expect(vault.list).toBeVisible();
  await expect.poll(() => vault.rows.count()).toBeGreaterThan(5);
  expect(await vault.rows.count()).toBeLessThan(200);
  await expect(vault.rows.first()).toHaveAttribute('aria-setsize', String(COUNT));

  await vault.list.focus();
  await page.keyboard.press('End');
  const last = vault.list.locator(`[aria-posinset="${COUNT}"]`);
  await expect(last).toBeInViewport();
  await page.keyboard.press('Home');
  await expect(vault.list.locator('[aria-posinset="1"]')).toBeInViewport();

  await vault.filter.fill('service 1234');
  await expect(vault.rows.first()).toContainText(/1234/);

  // More than a window of the list holds goes to the trash at once, and out of it.
  await vault.filter.fill('');
  await expect(vault.rows.first()).toHaveAttribute('aria-setsize', String(COUNT));
  await vault.list.focus();
  await page.keyboard.press('ControlOrMeta+a');
  await expect(page.getByRole('toolbar', { name: 'Selected items' })).toContainText('2,000 selected');
  await page.keyboard.press('Delete');
  await expect(vault.toast.filter({ hasText: '2,000 items moved to the trash.' })).toBeVisible({ timeout: 60_000 });
  await vault.go('Trash');
  await page.getByRole('button', { name: 'Empty trash' }).click();
  const asked = page.getByRole('dialog', { name: 'Empty the trash?' });
  await expect(asked).toContainText('1,999 other items');
  await asked.getByRole('button', { name: 'Delete for good' }).click();
  await expect(vault.toast.filter({ hasText: '2,000 items deleted for good.' })).toBeVisible({ timeout: 60_000 });
  await expect(vault.rows).toHaveCount(0);
});
