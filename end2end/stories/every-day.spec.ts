import type { Page } from '@playwright/test';

import { expect, test } from '../support/fixtures.ts';

const OPENAI = { name: 'OpenAI for Atlas', secret: 'sk-proj-Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8Ii9Jj0Kk' };
const STRIPE = { name: 'Stripe live', secret: 'sk_live_51Hx9TqLmNoPqRsTuVwXyZ0123456789' };

test('a pasted key is recognised and fills the form', async ({ page, vault }) => {
  await vault.startNew();
  await vault.fillKey({ secret: STRIPE.secret });
  await expect(page.getByText(/Stripe live secret key|Stripe/).first()).toBeVisible();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue(/Stripe/);
  await expect(page.getByLabel('Environment', { exact: true })).toHaveValue(/production/i);
});

test('search finds by a few letters, from the keyboard alone', async ({ page, vault }) => {
  await vault.addKey(OPENAI);
  await vault.addKey({ ...STRIPE, folder: 'Shop', tags: 'payments' });
  await page.keyboard.press('Escape');
  await page.keyboard.press('/');
  await expect(vault.filter).toBeFocused();
  await page.keyboard.type('strlv');
  await expect(vault.rows).toHaveCount(1);
  await expect(vault.row(STRIPE.name)).toBeVisible();
  // From the search field to the list, and there to the first row.
  await page.keyboard.press('Enter');
  await page.keyboard.press('j');
  await expect(vault.detail(STRIPE.name)).toBeVisible();
});

test('Ctrl-K, three letters, Enter: copied', async ({ page, vault }) => {
  await vault.addKey(OPENAI);
  await vault.addKey(STRIPE);
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog');
  await expect(palette).toBeVisible();
  await page.keyboard.type('ope');
  await expect(palette.getByRole('option').first()).toContainText(OPENAI.name);
  await page.keyboard.press('Enter');
  await expect.poll(() => vault.clipboard()).toBe(OPENAI.secret);
  await expect(vault.toast.filter({ hasText: /copied/i }).first()).toBeVisible();
  await expect(palette).toBeHidden();
});

test('a secret is masked until asked for, copied, and cleared from the clipboard', async ({ page, vault }) => {
  await page.clock.install();
  await vault.addKey(STRIPE);
  const detail = vault.detail(STRIPE.name);
  await expect(detail.getByText(STRIPE.secret)).toHaveCount(0);
  await vault.reveal(detail);
  await expect(detail.getByText(STRIPE.secret)).toBeVisible();
  await detail.getByRole('button', { name: 'Hide', exact: true }).click();
  await expect(detail.getByText(STRIPE.secret)).toHaveCount(0);

  // Hidden again by itself after 30 s.
  await vault.reveal(detail);
  await page.clock.runFor(31_000);
  await expect(detail.getByText(STRIPE.secret)).toHaveCount(0);

  await detail.getByRole('button', { name: /^Copy/ }).first().click();
  await expect(vault.toast.filter({ hasText: /copied/i }).first()).toBeVisible();
  expect(await vault.clipboard()).toBe(STRIPE.secret);
  await page.clock.fastForward(31_000);
  await expect.poll(() => vault.clipboard()).toBe('');
});

test('an item is edited, and the list follows', async ({ page, vault }) => {
  await vault.addKey(STRIPE);
  await vault.detail(STRIPE.name).getByRole('button', { name: 'Edit' }).click();
  await expect(page.getByRole('heading', { name: 'Edit item' })).toBeVisible();
  await vault.fillKey({ name: 'Stripe restricted', secret: 'rk_live_51Hx9TqLmNoPqRsTuVwXyZ01234', tags: 'payments' });
  await vault.save();
  const detail = vault.detail('Stripe restricted');
  await expect(detail).toBeVisible();
  await expect(vault.row('Stripe restricted')).toBeVisible();
  await expect(vault.row(STRIPE.name)).toHaveCount(0);
  await vault.reveal(detail);
  await expect(detail.getByText('rk_live_51Hx9TqLmNoPqRsTuVwXyZ01234')).toBeVisible();
});

test('a form without a name says which field is wrong', async ({ page, vault }) => {
  await vault.startNew();
  await vault.save();
  await expect(page.getByLabel('Name', { exact: true })).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByRole('heading', { name: 'New item' })).toBeVisible();
});

test('a deleted item comes back with Undo', async ({ vault }) => {
  await vault.addKey(STRIPE);
  await vault.detail(STRIPE.name).getByRole('button', { name: 'Delete' }).click();
  await expect(vault.row(STRIPE.name)).toHaveCount(0);
  await vault.page.getByRole('button', { name: 'Undo' }).click();
  await expect(vault.row(STRIPE.name)).toBeVisible();
});

test('the trash gives back and deletes for good', async ({ page, vault }) => {
  await vault.addKey(STRIPE);
  await vault.addKey(OPENAI);
  for (const key of [STRIPE, OPENAI]) {
    const detail = await vault.open(key.name);
    await detail.getByRole('button', { name: 'Delete' }).click();
    await expect(vault.row(key.name)).toHaveCount(0);
  }
  await vault.go('Trash');
  await expect(vault.rows).toHaveCount(2);

  const first = await vault.open(STRIPE.name);
  await first.getByRole('button', { name: 'Restore' }).click();
  await expect(vault.row(STRIPE.name)).toHaveCount(0);

  const second = await vault.open(OPENAI.name);
  await second.getByRole('button', { name: /Delete for good/ }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText(OPENAI.name);
  await dialog.getByRole('button', { name: /Delete/ }).click();
  await expect(vault.rows).toHaveCount(0);

  await vault.go('All items');
  await expect(vault.rows).toHaveCount(1);
  await expect(vault.row(STRIPE.name)).toBeVisible();
});

test('folders, tags, environments and favourites narrow the list', async ({ page, vault }) => {
  await vault.addKey({ ...STRIPE, folder: 'Shop/Payments', tags: 'billing, live', environment: 'production' });
  await vault.addKey({ ...OPENAI, tags: 'live' });
  await vault.go('Payments');
  await expect(vault.rows).toHaveCount(1);
  await expect(page).toHaveURL(/folder=/);
  await vault.go('live');
  await expect(vault.rows).toHaveCount(2);
  await vault.go('billing');
  await expect(vault.rows).toHaveCount(1);
  await vault.go('Production');
  await expect(page).toHaveURL(/env=/);
  await expect(vault.rows).toHaveCount(1);
  await page.goBack();
  await expect(page).toHaveURL(/tag=billing/);
});

test('every kind of item can be kept and read again', async ({ page, vault }) => {
  await vault.startNew();
  await choose(page, 'Login');
  await page.getByLabel('Name', { exact: true }).fill('Registry account');
  await page.getByLabel('Username', { exact: true }).fill('ada');
  await page.getByLabel('Password', { exact: true }).fill('hunter-forty-two');
  await page.getByLabel('Address', { exact: true }).fill('https://registry.example');
  await vault.save();
  const login = vault.detail('Registry account');
  await vault.reveal(login);
  await expect(login.getByText('ada', { exact: true })).toBeVisible();
  await expect(login.getByText('hunter-forty-two')).toBeVisible();

  await vault.startNew();
  await choose(page, 'Note');
  await page.getByLabel('Name', { exact: true }).fill('How to rotate');
  await page.getByLabel('Text', { exact: true }).fill('First this,\nthen that.');
  await vault.save();
  const note = vault.detail('How to rotate');
  await vault.reveal(note);
  await expect(note.getByText(/then that\./)).toBeVisible();

  await vault.startNew();
  await choose(page, 'Environment set');
  await page.getByLabel('Name', { exact: true }).fill('Checkout service');
  await page.getByLabel('Variables', { exact: true }).fill('PORT=3000\nDATABASE_URL=postgres://x:y@db/z');
  await vault.save();
  const set = vault.detail('Checkout service');
  await expect(set).toBeVisible();
  await vault.reveal(set);
  await expect(set.getByText(/PORT/).first()).toBeVisible();
});

async function choose(page: Page, kind: string): Promise<void> {
  await page.getByLabel('Kind', { exact: true }).selectOption({ label: kind });
}

test('an expiry date shows as a badge and under Due soon', async ({ vault }) => {
  const soon = new Date(Date.now() + 10 * 24 * 3600 * 1000).toISOString().slice(0, 10);
  await vault.addKey({ ...STRIPE, expires: soon });
  await vault.addKey(OPENAI);
  await expect(vault.row(STRIPE.name)).toContainText(/\d+ days/);
  await vault.go('Due soon');
  await expect(vault.rows).toHaveCount(1);
});
