import type { Page } from '@playwright/test';

import { isAccessible } from '../support/axe.ts';
import { expect, test } from '../support/fixtures.ts';
import type { Vault } from '../support/vault.ts';

const STRONG = 'sk_live_51Hx9TqLmNoPqRsTuVwXyZ0123456789';

const dayFromNow = (days: number) => {
  const day = new Date();
  day.setDate(day.getDate() + days);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
};

async function addLogin(page: Page, vault: Vault, name: string, password: string): Promise<void> {
  await vault.startNew();
  await page.getByLabel('Kind', { exact: true }).selectOption({ label: 'Login' });
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Username', { exact: true }).fill(`user of ${name}`);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await vault.save();
  await expect(vault.detail(name)).toBeVisible();
}

const check = (page: Page, name: string) =>
  page.getByRole('list', { name: 'Checks' }).getByRole('listitem').filter({ hasText: name });

test('a new vault has an empty dashboard that says what to do @phone', async ({ page, vault }) => {
  await vault.isOpen();
  await page.keyboard.press('d');
  await expect(page.getByRole('heading', { name: 'Nothing to show yet' })).toBeVisible();
  await isAccessible(page, 'an empty dashboard');
  await page.locator('#main').getByRole('button', { name: 'New item' }).click();
  await expect(page.getByRole('heading', { name: 'New item' })).toBeVisible();
});

test('the dashboard tells what is due, reused and weak, and leads there', async ({ page, vault }) => {
  await vault.addKey({ name: 'Expired', secret: STRONG, expires: dayFromNow(-3), environment: 'production' });
  await vault.addKey({ name: 'Twin', secret: STRONG, expires: dayFromNow(12) });
  await vault.addKey({ name: 'Later', secret: `${STRONG}x`, expires: dayFromNow(80) });
  await addLogin(page, vault, 'Shop', 'password1');
  await addLogin(page, vault, 'Forum', 'password1');
  await vault.addKey({ name: 'Short', secret: 'abc123' });
  await page.keyboard.press('Control+k');
  await page.keyboard.type('go to dash');
  await page.keyboard.press('Enter');

  await expect(page.getByRole('heading', { name: 'Dashboard' })).toBeVisible();
  await expect(page).toHaveTitle('Dashboard · KeyArc');
  await expect(page.locator('.dash-all')).toHaveText('6 items');
  await expect(check(page, 'Expired')).toContainText('1');
  await expect(check(page, 'Expires within 30 days')).toContainText('1');
  await expect(check(page, 'Used in several items')).toContainText('4');
  await expect(check(page, 'Weak')).toContainText('not rated');
  await isAccessible(page, 'the dashboard');

  await page.getByRole('button', { name: 'Rate secrets' }).click();
  await expect(page.getByText('Every secret was rated as it is now.')).toBeVisible({ timeout: 30_000 });
  await expect(check(page, 'Weak')).toContainText('3');
  await expect(page.getByRole('img', { name: '1 of 6 items have no finding' })).toBeVisible();
  await page.getByRole('link', { name: 'Weak', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Weak' })).toBeVisible();
  await expect(page).toHaveURL(/check=weak/);
  await expect(page.getByText('Fewer than 16 characters')).toHaveCount(1);
  await expect(page.getByText('A password that can be guessed')).toHaveCount(2);
  await isAccessible(page, 'what a check found');
  await page.goBack();

  await page.getByRole('link', { name: 'Used in several items' }).click();
  await expect(page.getByText('Secret 1, in 2 items')).toHaveCount(2);
  await expect(page.getByText('Secret 2, in 2 items')).toHaveCount(2);
  await page.getByRole('link', { name: /Twin/ }).click();
  await expect(vault.detail('Twin')).toBeVisible();
});

test('the timeline is reached and walked by keyboard, and is a table too', async ({ page, vault }) => {
  await vault.addKey({ name: 'First', secret: `${STRONG}1`, expires: dayFromNow(5) });
  await vault.addKey({ name: 'Second', secret: `${STRONG}2`, expires: dayFromNow(60) });
  await vault.addKey({ name: 'Beyond', secret: `${STRONG}3`, expires: dayFromNow(200) });
  await vault.go('Dashboard');
  const timeline = page.getByRole('group', { name: '2 items due within 90 days' });
  const marks = timeline.getByRole('link');
  await expect(marks).toHaveCount(2);
  await marks.first().focus();
  await page.keyboard.press('ArrowRight');
  await expect(marks.last()).toBeFocused();
  await expect(marks.last()).toHaveAccessibleName(/^Second, expires on /);
  await page.keyboard.press('Home');
  await expect(marks.first()).toBeFocused();
  await page.getByText('The same as a table').click();
  await expect(page.getByRole('row', { name: /Second/ })).toBeVisible();
  await isAccessible(page, 'the timeline as a table');
  await marks.first().focus();
  await page.keyboard.press('Enter');
  await expect(vault.detail('First')).toBeVisible();
});

test('many items: short lists, windows, and rating that can be cancelled', async ({ page, vault }) => {
  test.slow();
  const lines = Array.from({ length: 1_200 }, (_, at) => `SERVICE_${at}_TOKEN=value-${at % 600}-${'x'.repeat(20)}`);
  await vault.go('Import');
  await page.locator('input[type=file]').setInputFiles({
    name: 'many.env',
    mimeType: 'text/plain',
    buffer: Buffer.from(lines.join('\n')),
  });
  await page.getByRole('button', { name: /^Import 1,?200 items$/ }).click({ timeout: 60_000 });
  await expect(vault.toast.filter({ hasText: 'imported' }).last()).toBeVisible({ timeout: 60_000 });
  await vault.go('All items');
  await expect(vault.list).toBeVisible();
  await page.keyboard.press('d');
  await expect(page.locator('.dash-all')).toHaveText('1,200 items');
  await expect(check(page, 'Used in several items')).toContainText('1,200');
  await page.getByRole('button', { name: 'Rate secrets' }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('button', { name: 'Rate secrets' })).toBeVisible();
  await page.getByRole('button', { name: 'Rate secrets' }).click();
  await expect(page.getByText('Every secret was rated as it is now.')).toBeVisible({ timeout: 60_000 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, 'the page scrolls sideways').toBeLessThanOrEqual(0);
  await page.getByRole('link', { name: 'Used in several items' }).click();
  await expect(page.getByText('1 to 50 of 1,200 items')).toBeVisible();
  await page.getByRole('button', { name: 'Further ones' }).click();
  await expect(page.getByText('51 to 100 of 1,200 items')).toBeVisible();
});

test('without the server the dashboard stays, and rating says what failed', async ({ context, guard, page, vault }) => {
  guard.allowOffline();
  await vault.addKey({ name: 'Alone', secret: 'abc123', expires: dayFromNow(3) });
  await vault.go('Dashboard');
  await expect(check(page, 'Expires within 30 days')).toContainText('1');
  await context.setOffline(true);
  await page.getByRole('button', { name: 'Rate secrets' }).click();
  await expect(page.getByText(/What was rated until then is shown/)).toBeVisible({ timeout: 30_000 });
  await expect(check(page, 'Expires within 30 days')).toContainText('1');
  await context.setOffline(false);
  await page.getByRole('button', { name: 'Rate secrets' }).click();
  await expect(page.getByText('Every secret was rated as it is now.')).toBeVisible({ timeout: 30_000 });
});
