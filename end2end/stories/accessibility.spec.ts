import { isAccessible } from '../support/axe.ts';
import { expect, test } from '../support/fixtures.ts';
import { PUBLIC_PAGES } from '../support/pages.ts';

const KEY = { name: 'Stripe live', secret: 'sk_live_51Hx9TqLmNoPqRsTuVwXyZ0123456789', folder: 'Shop', tags: 'payments' };

test('axe finds nothing on the public pages @phone', async ({ guard, page }) => {
  guard.allowStatus(404);
  for (const path of [...PUBLIC_PAGES, '/no-such-page']) {
    await page.goto(path);
    await isAccessible(page, path);
  }
});

test('axe finds nothing on the way in @phone', async ({ page, person }) => {
  await page.goto('/sign-up');
  await expect(page.getByRole('heading', { name: 'Create your vault' })).toBeVisible();
  await isAccessible(page, 'sign-up');
  await page.goto('/log-in');
  await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
  await isAccessible(page, 'log-in');
  await person.createAccount();
  await isAccessible(page, 'recovery kit');
});

test('axe finds nothing in the vault, its forms and its dialogs', async ({ page, person, vault }) => {
  await isAccessible(page, 'empty vault');
  await vault.startNew();
  await isAccessible(page, 'new item');
  await vault.fillKey(KEY);
  await vault.save();
  const detail = vault.detail(KEY.name);
  await expect(detail).toBeVisible();
  await isAccessible(page, 'detail');
  await vault.reveal(detail);
  await isAccessible(page, 'revealed');
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('dialog')).toBeVisible();
  await isAccessible(page, 'palette');
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog')).toBeVisible();
  await isAccessible(page, 'help');
  await page.keyboard.press('Escape');
  await vault.previewImport('STRIPE_KEY=sk_test_4eC39HqLyjWDarjtT1zdp7dc\nbroken line');
  await isAccessible(page, 'import preview');
  await vault.go('Settings');
  await expect(page.getByLabel('Lock after')).toBeVisible();
  await isAccessible(page, 'settings');
  await page.getByRole('button', { name: 'Log out' }).click();
  await expect(page.getByRole('heading', { name: 'Unlock your vault' })).toBeVisible();
  await isAccessible(page, 'unlock');
  await person.unlock();
});
