// What an item was, and how long the trash keeps it.

import { isAccessible } from '../support/axe.ts';
import { expect, test } from '../support/fixtures.ts';
import { everyJson } from '../support/liar.ts';
import { isTrusted, story } from '../support/lying.ts';
import type { Vault } from '../support/vault.ts';

const KEY = { name: 'Stripe live', secret: 'the-first-secret-value', folder: 'Shop' };

/** Saves the open item with another secret, and a name if one is given. */
async function change(vault: Vault, name: string, secret: string, rename?: string): Promise<void> {
  const { page } = vault;
  await vault.detail(name).getByRole('button', { name: 'Edit' }).click();
  await expect(page.getByRole('heading', { name: 'Edit item' })).toBeVisible();
  await vault.fillKey({ secret, ...(rename === undefined ? {} : { name: rename }) });
  await vault.save();
  await expect(vault.detail(rename ?? name)).toBeVisible();
}

const history = (vault: Vault, name: string) => vault.page.getByRole('region', { name: `History of ${name}`, exact: true });

/** The version of a number, as a line that opens. */
const line = (vault: Vault, version: number) => vault.page.getByRole('button', { name: new RegExp(`Version ${version} ·`) });

test('an item tells what it was, and a version comes back with an undo @phone', async ({ page, vault }) => {
  await vault.addKey(KEY);
  await vault.detail(KEY.name).getByRole('button', { name: 'History' }).click();
  await expect(page.getByRole('heading', { name: 'This is the first version' })).toBeVisible();
  await isAccessible(page, 'a history of one version');
  await page.getByRole('button', { name: 'Back to the item' }).click();

  await change(vault, KEY.name, 'the-second-secret-value', 'Stripe restricted');
  const name = 'Stripe restricted';
  await vault.detail(name).getByRole('button', { name: 'Add to favourites' }).click();
  await expect(vault.detail(name).getByRole('button', { name: 'Remove from favourites' })).toBeVisible();
  await vault.detail(name).getByRole('button', { name: 'History' }).click();
  const pane = history(vault, name);
  await expect(pane).toBeVisible();
  await expect(page).toHaveURL(/view=history/);
  await expect(pane.getByRole('listitem')).toHaveCount(3);
  await expect(pane.getByText(/Version 3 · starred/)).toBeVisible();
  await expect(line(vault, 2)).toContainText('name, secret');
  await expect(line(vault, 1)).toContainText('created');
  await expect(line(vault, 1)).toContainText(/Today \d\d:\d\d/);

  // Field by field; what is concealed only when it is asked for, and not for long.
  await line(vault, 1).click();
  const table = pane.getByRole('table');
  await expect(table.getByRole('row', { name: /^Name Stripe live Stripe restricted/ })).toBeVisible();
  await expect(table.getByText('••••••••')).toHaveCount(2);
  await expect(page.getByText(KEY.secret)).toHaveCount(0);
  await expect(table.getByText('Shop')).toHaveCount(0);
  await isAccessible(page, 'a history with a version open');
  await pane.getByRole('button', { name: 'Show secrets' }).click();
  await expect(table.getByText(KEY.secret)).toBeVisible();
  await expect(table.getByText('the-second-secret-value')).toBeVisible();
  await pane.getByRole('button', { name: 'Hide secrets' }).click();
  await expect(page.getByText(KEY.secret)).toHaveCount(0);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, 'the page scrolls sideways').toBeLessThanOrEqual(0);

  await pane.getByRole('button', { name: 'Restore this version' }).click();
  const toast = vault.toast.filter({ hasText: 'Version 1 restored as a new version.' });
  await expect(toast).toBeVisible();
  await expect(history(vault, KEY.name).getByRole('listitem')).toHaveCount(4);
  await toast.getByRole('button', { name: 'Undo' }).click();
  await expect(history(vault, name).getByRole('listitem')).toHaveCount(5);
  await page.getByRole('button', { name: 'Back to the item' }).click();
  const item = vault.detail(name);
  await vault.reveal(item);
  await expect(item.getByText('the-second-secret-value')).toBeVisible();
});

test('the history by keyboard, and of what is in the trash', async ({ page, vault }) => {
  await vault.addKey(KEY);
  await change(vault, KEY.name, 'the-second-secret-value');
  await page.keyboard.press('h');
  await expect(history(vault, KEY.name)).toBeVisible();
  await line(vault, 1).focus();
  await page.keyboard.press('Enter');
  await expect(line(vault, 1)).toHaveAttribute('aria-expanded', 'true');
  await expect(page.getByRole('button', { name: 'Restore this version' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(vault.detail(KEY.name)).toBeVisible();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog')).toContainText('See what the item was');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('histo');
  await expect(page.getByRole('dialog').getByRole('option')).toHaveText(['Show the history of the open item']);
  await page.keyboard.press('Enter');
  await expect(history(vault, KEY.name)).toBeVisible();
  await page.goBack();

  await vault.detail(KEY.name).getByRole('button', { name: 'Delete' }).click();
  await expect(vault.row(KEY.name)).toHaveCount(0);
  await vault.go('Trash');
  await expect(vault.row(KEY.name)).toContainText('30 days left');
  const detail = await vault.open(KEY.name);
  await expect(detail.getByText('30 days left')).toBeVisible();
  await page.keyboard.press('h');
  await expect(history(vault, KEY.name).getByText(/Version 3 · moved to the trash/)).toBeVisible();
  await line(vault, 1).click();
  await expect(history(vault, KEY.name).getByRole('button', { name: 'Show secrets' })).toBeVisible();
  await expect(history(vault, KEY.name).getByRole('button', { name: 'Restore this version' })).toHaveCount(0);
});

test('a history that cannot be fetched says so and can be tried again', async ({ guard, page, vault }) => {
  guard.allowOffline();
  await vault.addKey(KEY);
  await change(vault, KEY.name, 'the-second-secret-value');
  await vault.detail(KEY.name).getByRole('button', { name: 'History' }).click();
  await expect(line(vault, 1)).toBeVisible();
  await page.getByRole('button', { name: 'Back to the item' }).click();
  await page.context().route('**/versions', (route) => route.abort());
  await vault.detail(KEY.name).getByRole('button', { name: 'History' }).click();
  await expect(page.getByRole('heading', { name: 'The history could not be fetched' })).toBeVisible();
  await isAccessible(page, 'a history that could not be fetched');
  await page.context().unroute('**/versions');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(line(vault, 1)).toBeVisible();
});

story('a server that swaps and leaves out versions shows gaps and nothing false', async ({ liar, there, vault }) => {
  await vault.isLocked();
  const open = await isTrusted(there);
  const { page } = there;
  await open.open('First key');
  await change(open, 'First key', 'the-first-secret-of-later');
  await change(open, 'First key', 'the-first-secret-of-now');
  type Said = { versions: { version: number; overview: string }[] };
  liar.lie = everyJson((path, answer) => {
    if (!path.endsWith('/versions')) return;
    const { versions } = answer as unknown as Said;
    for (const version of versions) if (version.version === 1) version.overview = versions[0]!.overview;
  });
  await open.detail('First key').getByRole('button', { name: 'History' }).click();
  await expect(page.getByText(/^Version 1 does not open/)).toBeVisible();
  await isAccessible(page, 'a history with a version that does not open');
  liar.lie = everyJson((path, answer) => {
    if (!path.endsWith('/versions')) return;
    answer.versions = (answer as unknown as Said).versions.filter(({ version }) => version !== 2);
  });
  await page.getByRole('button', { name: 'Back to the item' }).click();
  await open.detail('First key').getByRole('button', { name: 'History' }).click();
  await expect(page.getByText(/^Version 2 is missing/)).toBeVisible();
  // The secret of another version in the place of one.
  let first: unknown;
  liar.lie = everyJson((path, answer) => {
    if (!path.endsWith('/versions/details')) return;
    if (first === undefined) first = answer.details;
    answer.details = first;
  });
  await page.getByRole('button', { name: 'Back to the item' }).click();
  await open.detail('First key').getByRole('button', { name: 'History' }).click();
  await line(open, 1).click();
  await expect(page.getByRole('table')).toBeVisible();
  await line(open, 2).click();
  await expect(page.getByRole('heading', { name: 'This version could not be opened' })).toBeVisible();
  await expect(page.getByText('What the server sent does not verify. Nothing of it was used.')).toBeVisible();
});
