// Folders, kinds, what was used last, and what a search found.

import { isAccessible } from '../support/axe.ts';
import { expect, test } from '../support/fixtures.ts';

const STRIPE = { name: 'Stripe live', secret: 'sk_live_51Hx9TqLmNoPqRsTuVwXyZ0123456789', folder: 'Shop/Payments', tags: 'billing' };
const OTHER = { name: 'Maps', secret: 'value-of-maps-0123456789' };

test('items go to folders by M and by dragging, and folders are renamed and moved', async ({ page, vault }) => {
  await vault.addKey(STRIPE);
  await vault.addKey(OTHER);

  // By keyboard: the current item, to a folder that is there.
  await page.keyboard.press('m');
  const picker = page.getByRole('dialog', { name: 'Move to a folder' });
  await expect(picker).toContainText(OTHER.name);
  await isAccessible(page, 'choosing a folder');
  await page.keyboard.type('paym');
  await expect(picker.getByRole('option').first()).toContainText('Shop/Payments');
  await page.keyboard.press('Enter');
  await expect(vault.toast.filter({ hasText: '1 item moved to Shop/Payments.' })).toBeVisible();

  // Renaming takes along what is below, and the list that is open.
  await vault.go('Payments');
  await expect(vault.rows).toHaveCount(2);
  const nav = page.locator('#nav');
  await nav.getByRole('button', { name: 'Change folder Shop' }).click();
  await page.getByRole('menuitem', { name: 'Rename…' }).click();
  const rename = page.getByRole('dialog', { name: 'Rename the folder' });
  await rename.getByLabel('Name').fill('a/b');
  await page.keyboard.press('Enter');
  await expect(rename.getByRole('alert')).toContainText('has no /');
  await rename.getByLabel('Name').fill('Store');
  await page.keyboard.press('Enter');
  await expect(rename).toBeHidden();
  await expect(page).toHaveURL(/folder=Store%2FPayments/);
  await expect(vault.rows).toHaveCount(2);
  await page.getByRole('button', { name: 'Undo' }).last().click();
  await expect(nav.getByRole('link', { name: /^Shop/ })).toBeVisible();

  // A folder is not offered itself, and moves to the top.
  await nav.getByRole('button', { name: 'Change folder Payments' }).click();
  await page.getByRole('menuitem', { name: 'Move…' }).click();
  const move = page.getByRole('dialog', { name: 'Move the folder' });
  await expect(move.getByRole('option', { name: 'Shop/Payments' })).toHaveCount(0);
  await move.getByRole('option', { name: 'No folder' }).click();
  await expect(vault.toast.filter({ hasText: '2 items moved to Payments.' })).toBeVisible();

  // By dragging: a row onto a folder.
  await vault.addKey({ ...OTHER, name: 'Third' });
  await vault.go('All items');
  await vault.row('Third').dragTo(nav.getByRole('link', { name: /^Payments/ }).first());
  await nav.getByRole('link', { name: /^Payments/ }).first().click();
  await expect(vault.rows).toHaveCount(3);
});

test('a row tells by what it was found, kinds narrow the list, and Recent remembers', async ({ page, vault }) => {
  await vault.addKey(STRIPE);
  await vault.addKey(OTHER);
  await vault.filter.fill('billing');
  await expect(vault.rows).toHaveCount(1);
  await expect(vault.row(STRIPE.name)).toContainText('in tag: billing');
  await expect(vault.row(STRIPE.name).locator('mark')).toHaveText('billing');
  await vault.filter.fill('');

  await page.getByRole('button', { name: 'All kinds' }).click();
  await page.getByRole('menuitemradio', { name: 'Notes' }).click();
  await expect(page.getByText('No item matches')).toBeVisible();
  await page.getByRole('button', { name: 'Clear search and filters' }).click();
  await expect(vault.rows).toHaveCount(2);

  await vault.open(STRIPE.name);
  await vault.open(OTHER.name);
  await vault.go('Recent');
  await expect(vault.rows.first()).toContainText(OTHER.name);
  await expect(vault.rows.nth(1)).toContainText(STRIPE.name);
});

test('a view is saved, found again after a lock, renamed and removed', async ({ page, person, vault }) => {
  await vault.addKey(STRIPE);
  await vault.addKey(OTHER);
  await vault.go('billing');
  await vault.button('Save this view').click();
  const save = page.getByRole('dialog', { name: 'Save this view' });
  await save.getByLabel('Name').fill('  ');
  await page.keyboard.press('Enter');
  await expect(save.getByRole('alert')).toContainText('name is missing');
  await save.getByLabel('Name').fill('What we pay');
  await page.keyboard.press('Enter');
  await expect(save).toBeHidden();
  await vault.go('All items');
  await expect(vault.rows).toHaveCount(2);
  await vault.lock();
  const again = await person.unlock();
  await again.go('What we pay');
  await expect(again.rows).toHaveCount(1);
  const nav = page.locator('#nav');
  await nav.getByRole('button', { name: 'Change view What we pay' }).click();
  await page.getByRole('menuitem', { name: 'Rename…' }).click();
  await page.getByRole('dialog', { name: 'Rename the view' }).getByLabel('Name').fill('Bills');
  await page.keyboard.press('Enter');
  await nav.getByRole('button', { name: 'Change view Bills' }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await expect(nav.getByRole('link', { name: 'Bills' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(nav.getByRole('link', { name: 'Bills' })).toBeVisible();
});

test('the palette does what the bar does, to the current item', async ({ page, vault }) => {
  await vault.addKey(STRIPE);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('add tags');
  const palette = page.getByRole('dialog', { name: 'Find anything' });
  await palette.getByRole('option', { name: /Add tags… · Stripe live/ }).click();
  await page.getByRole('dialog', { name: 'Add tags' }).getByLabel('Tags').fill('from the palette');
  await page.keyboard.press('Enter');
  await expect(page.locator('#nav').getByRole('link', { name: /^from the palette/ })).toBeVisible();
});
