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
    const response = await route.fetch({ maxRetries: 2 });
    const body = await response.body();
    body[body.length - 1]! ^= 1;
    await route.fulfill({ response, body });
  });
  await vault.go('Settings');
  await expect(page.getByText('This page did not arrive')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Settings', level: 1 })).toHaveCount(0);
});

test('what parts share does not arrive, or is of another version, and is run only when it is right', async ({ guard, page }) => {
  guard.allow(/Failed to load resource|Failed to fetch|integrity|failed to load split module/i);
  const shared = '**/pkg/*/small_parts.bin';
  await page.route(shared, (route) => route.abort());
  await page.goto('/sign-up');
  const failure = page.getByRole('alert').filter({ hasText: 'This page did not arrive' });
  await expect(failure).toBeVisible();
  await page.unroute(shared);
  let touched = 0;
  await page.route(shared, async (route) => {
    const response = await route.fetch({ maxRetries: 2 });
    const body = await response.body();
    body[body.length - 1]! ^= 1;
    touched += 1;
    await route.fulfill({ response, body });
  });
  await failure.getByRole('button', { name: 'Try again' }).click();
  await expect.poll(() => touched).toBeGreaterThan(0);
  await expect(failure).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Create your vault' })).toHaveCount(0);
  await page.unroute(shared);
  await failure.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('heading', { name: 'Create your vault' })).toBeVisible();
});

test('an item whose code does not arrive says so, and opens when it does', async ({ guard, page, person }) => {
  guard.allow(/Failed to load resource|Failed to fetch|failed to load split module/i);
  const item = '**/pkg/*/split_item_pane*.wasm';
  await page.route(item, (route) => route.abort());
  const vault = await person.signUp();
  await vault.button('New').click();
  const failure = page.getByRole('alert').filter({ hasText: 'The item did not arrive' });
  await expect(failure).toBeVisible();
  await page.unroute(item);
  await failure.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('heading', { name: 'New item' })).toBeVisible();
});

test('the palette opens when its code arrives', async ({ guard, page, person }) => {
  guard.allow(/Failed to load resource|Failed to fetch|failed to load split module/i);
  const tools = '**/pkg/*/split_vault_tools*.wasm';
  await page.route(tools, (route) => route.abort());
  const vault = await person.signUp();
  await vault.isOpen();
  await page.keyboard.press('ControlOrMeta+k');
  const failure = page.getByText('The server did not send its code');
  await expect(failure).toBeVisible();
  await page.unroute(tools);
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('combobox', { name: 'Find anything' })).toBeFocused();
});

test('what is typed into the palette before its code is there is not lost', async ({ page, person }) => {
  let go = () => {};
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  await page.route('**/pkg/*/split_vault_tools*.wasm', async (route) => {
    await held;
    await route.continue();
  });
  const vault = await person.signUp();
  await vault.isOpen();
  await page.keyboard.press('ControlOrMeta+k');
  await page.keyboard.type('dashb');
  await expect(page.getByRole('dialog', { name: 'Find anything' }).getByRole('textbox')).toHaveValue('dashb');
  go();
  await expect(page.getByRole('option', { name: 'Go to dashboard' })).toBeVisible();
  await page.keyboard.type('oard');
  await expect(page.getByRole('combobox', { name: 'Find anything' })).toHaveValue('dashboard');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Dashboard', level: 1 })).toBeVisible();
});

test('an item that cannot be saved for want of code is not lost', async ({ guard, page, person }) => {
  guard.allow(/Failed to load resource|Failed to fetch|failed to load split module/i);
  const saving = '**/pkg/*/split_saving*.wasm';
  await page.route(saving, (route) => route.abort());
  const vault = await person.signUp();
  await vault.startNew();
  await vault.fillKey({ name: 'Deploy token', secret: 'dp-0123456789' });
  await vault.save();
  await expect(page.getByText('A part of KeyArc did not arrive').first()).toBeVisible();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Deploy token');
  await page.unroute(saving);
  await vault.save();
  await expect(vault.detail('Deploy token')).toBeVisible();
});

test('the code of an item, of the palette and of saving comes by itself, soon after the vault is open', async ({
  page,
  person,
}) => {
  const parts = [/split_item_pane/, /split_vault_tools/, /split_saving/];
  const arrived = parts.map((part) => page.waitForResponse(part, { timeout: 120_000 }));
  await person.signUp();
  for (const response of arrived) expect((await response).status()).toBe(200);
});
