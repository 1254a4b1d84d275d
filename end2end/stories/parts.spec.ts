// Pages whose code comes when they are first shown.

import { expect, test } from '../support/fixtures.ts';

const PART = '**/pkg/*/split_settings*.wasm';

test('a page whose code does not arrive says so, and comes when it does', async ({ guard, page, vault }) => {
  guard.allow(/Failed to load resource|Failed to fetch|failed to load split module/i);
  await page.route(PART, (route) => route.abort());
  await vault.go('Settings');
  const failure = page.getByRole('alert').filter({ hasText: 'This page did not arrive' });
  await expect(failure).toBeVisible();
  await page.unroute(PART);
  await failure.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('heading', { name: 'Settings', level: 1 })).toBeVisible();
  // The vault is as open as it was.
  await vault.go('All items');
  await vault.isOpen();
});

test('code that is not the one of this version is not run', async ({ guard, page, vault }) => {
  guard.allow(/Failed to load resource|Failed to fetch|integrity|failed to load split module/i);
  await page.route(PART, async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    body[body.length - 1]! ^= 1;
    await route.fulfill({ response, body });
  });
  await vault.go('Settings');
  await expect(page.getByText('This page did not arrive')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Settings', level: 1 })).toHaveCount(0);
});

test('a form whose code does not arrive says so, and opens when it does', async ({ guard, page, person }) => {
  guard.allow(/Failed to load resource|Failed to fetch|failed to load split module/i);
  const form = '**/pkg/*/split_item_form*.wasm';
  await page.route(form, (route) => route.abort());
  const vault = await person.signUp();
  await vault.button('New').click();
  const failure = page.getByRole('alert').filter({ hasText: 'The form did not arrive' });
  await expect(failure).toBeVisible();
  await page.unroute(form);
  await failure.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('heading', { name: 'New item' })).toBeVisible();
});

test('the code of the form comes by itself, soon after the vault is open', async ({ page, person }) => {
  const arrived = page.waitForResponse(/split_item_form/);
  await person.signUp();
  expect((await arrived).status()).toBe(200);
});
