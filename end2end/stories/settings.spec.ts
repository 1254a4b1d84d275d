import { expect, test } from '../support/fixtures.ts';

test('the theme follows the system until it is chosen, on public pages as well', async ({ page, vault }) => {
  await vault.isOpen();
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await background();
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await background();
  expect(dark).not.toBe(light);

  await vault.go('Settings');
  await page.getByRole('group', { name: 'Theme' }).getByRole('radio', { name: 'Light' }).check();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  expect(await background()).toBe(light);

  // No flash: the server already renders it.
  const html = await (await page.request.get('/')).text();
  expect(html).toContain('data-theme="light"');
});

test('settings name the account and this device', async ({ page, person }) => {
  const vault = await person.signUp({ email: 'linus@example.org' });
  await vault.go('Settings');
  await expect(page.getByText('linus@example.org').first()).toBeVisible();
  await expect(page.getByLabel('Lock after')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Forget this device' })).toBeVisible();
});
