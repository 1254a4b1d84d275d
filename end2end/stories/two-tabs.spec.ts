import { expect, test } from '../support/fixtures.ts';
import type { Vault } from '../support/vault.ts';

const KEY = { name: 'Shared key', secret: 'sk_live_51Hx9TqLmNoPqRsTuVwXyZ0123456789' };

test('an item edited in two tabs: both versions are shown and nothing is lost', async ({
  context,
  guard,
  person,
  vault,
}) => {
  guard.allowStatus(409);
  await vault.addKey(KEY);
  const other = person.at(await context.newPage());
  await other.page.goto('/vault');
  const second = await other.unlock();

  await edit(vault);
  await vault.fillKey({ notes: 'written in the first tab' });
  await second.open(KEY.name);
  await edit(second);
  await second.fillKey({ notes: 'written in the second tab' });
  await vault.save();
  await expect(vault.detail(KEY.name)).toBeVisible();
  await second.save();

  const { page } = second;
  await expect(page.getByRole('heading', { name: 'Two versions' })).toBeVisible();
  await expect(page.getByRole('cell', { name: 'written in the first tab' })).toBeVisible();
  await expect(page.getByRole('cell', { name: 'written in the second tab' })).toBeVisible();
  await page.getByRole('button', { name: 'Keep mine' }).click();
  const detail = second.detail(KEY.name);
  await second.reveal(detail);
  await expect(detail.getByText('written in the second tab')).toBeVisible();
});

async function edit(vault: Vault): Promise<void> {
  await vault.detail(KEY.name).getByRole('button', { name: 'Edit' }).click();
  await expect(vault.page.getByRole('heading', { name: 'Edit item' })).toBeVisible();
}

test('what is saved in one tab appears in the other', async ({ context, person, vault }) => {
  const other = person.at(await context.newPage());
  await other.page.goto('/vault');
  const second = await other.unlock();
  await vault.addKey(KEY);
  await other.page.bringToFront();
  await expect(second.row(KEY.name)).toBeVisible({ timeout: 30_000 });
});
