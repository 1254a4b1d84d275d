// Looking around before the first key of one's own.

import { isAccessible } from '../support/axe.ts';
import { expect, test } from '../support/fixtures.ts';

test('sample data shows what there is, and goes as it came @phone', async ({ page, vault }) => {
  await vault.button('look around with sample data').click();
  await expect(vault.rows).toHaveCount(10);
  await expect(vault.row('GitHub deploy token')).toContainText(/expired/i);
  const note = page.getByText('Sample data: nothing in it is real.');
  await expect(note).toBeVisible();
  await isAccessible(page, 'sample data');
  const item = await vault.open('How we rotate keys');
  await vault.reveal(item);
  await expect(item.getByRole('heading', { name: 'How we rotate keys' }).last()).toBeVisible();
  const back = page.getByRole('button', { name: 'Back to the list' });
  if (await back.isVisible()) await back.click();
  else await page.keyboard.press('Escape');

  await vault.button('Throw it away').click();
  await expect(vault.toast.filter({ hasText: '10 items moved to the trash.' })).toBeVisible();
  await expect(vault.rows).toHaveCount(0);
  await expect(note).toBeHidden();
  await vault.toast.filter({ hasText: '10 items moved to the trash.' }).getByRole('button', { name: 'Undo' }).click();
  await expect(vault.rows).toHaveCount(10);
});

test('a server that is away says so, and nothing is half there', async ({ context, guard, page, vault }) => {
  guard.allowOffline();
  await expect(vault.button('look around with sample data')).toBeVisible();
  await context.setOffline(true);
  await vault.button('look around with sample data').click();
  await expect(page.getByText(/The server (cannot be reached|does not answer)|did not send its code/).first()).toBeVisible({
    timeout: 60_000,
  });
  await expect(vault.rows).toHaveCount(0);
  await context.setOffline(false);
});
