// Taking items out: files for other programs, and the archive that any account restores.

import { readFileSync } from 'node:fs';

import type { BrowserContext, Page } from '@playwright/test';

import { isAccessible } from '../support/axe.ts';
import { canary, sightings } from '../support/canary.ts';
import { expect, test } from '../support/fixtures.ts';
import { Person } from '../support/person.ts';
import type { Vault } from '../support/vault.ts';

const SECRET = 'sk_live_51Hx9TqLmNoPqRsTuVwXyZ0123456789';

/** Items of several kinds, as KeyArc's own JSON. */
function items(word = 'stripe-dashboard') {
  return [
    {
      name: 'Stripe live',
      kind: 'api_key',
      value: SECRET,
      folder: 'Checkout',
      tags: ['billing'],
      environment: 'production',
      provider: 'stripe',
      variable: 'STRIPE_SECRET_KEY',
      favourite: true,
      expires_on: '2027-03-01',
      rotated_on: '2026-02-01',
      rotate_every_days: 90,
      notes: `Ask ${word}.\n`,
      fields: [{ name: 'Account', field_type: 'text', value: word }],
      places: ['checkout on fly.io'],
      created_at_ms: 1_750_000_000_000,
      updated_at_ms: 1_760_000_000_000,
    },
    { name: 'GitHub', kind: 'login', username: word, password: '=not a formula', url: 'https://github.com', created_at_ms: 1, updated_at_ms: 2 },
    { name: '.env', kind: 'environment_set', variables: [{ name: 'A', value: '1' }, { name: 'B', value: 'two\nlines' }], folder: 'Checkout', created_at_ms: 3, updated_at_ms: 4 },
    { name: 'Old note', kind: 'note', text: word, created_at_ms: 5, updated_at_ms: 6, in_trash: true },
  ];
}

async function choose(vault: Vault, name: string, buffer: Buffer): Promise<void> {
  await vault.go('Import');
  await vault.page.locator('#import-file').setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
}

async function fill(vault: Vault, word?: string): Promise<void> {
  const file = JSON.stringify({ keyarc_export: 1, items: items(word) });
  await choose(vault, 'some.json', Buffer.from(file));
  await expect(vault.page.getByLabel('Read as')).toHaveValue('keyarc-json');
  await vault.button('Import 4 items').click();
  await expect(vault.toast.filter({ hasText: '4 items imported.' })).toBeVisible();
}

const what = (page: Page) => page.getByLabel('What', { exact: true });
const format = (page: Page) => page.getByLabel('As', { exact: true });
const heading = (page: Page) => page.locator('.export-name');

/** Makes the file that is chosen, and waits until it is there. */
async function make(page: Page, person: Person): Promise<void> {
  await page.getByLabel('Master password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Make the file', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Save the file', exact: true })).toBeVisible({ timeout: 60_000 });
}

/** Saves the file that was made. */
async function save(page: Page): Promise<[string, Buffer]> {
  const waiting = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the file', exact: true }).click();
  const download = await waiting;
  return [download.suggestedFilename(), readFileSync(await download.path())];
}

async function plain(page: Page, person: Person, id: string): Promise<string> {
  await format(page).selectOption(id);
  await expect(page.getByText('This file is not encrypted.')).toBeVisible();
  await make(page, person);
  const [, file] = await save(page);
  return file.toString('utf8');
}

test('every format is made of what was chosen, and tells what it has no place for', async ({ page, person, vault }) => {
  test.slow();
  await vault.go('Export');
  await expect(page.getByRole('heading', { name: 'There is nothing to export yet' })).toBeVisible();
  await isAccessible(page, 'nothing to export');
  await fill(vault);

  await vault.go('Export');
  await expect(what(page).locator('option')).toHaveText(['Everything, 3 items', 'Folder Checkout, 2 items']);
  await expect(page.getByText('what is in the trash as well, 1 item')).toBeVisible();
  await isAccessible(page, 'an export');
  await format(page).selectOption('json');
  await isAccessible(page, 'a file in clear');
  // Whoever comes upon an open screen does not get past this.
  await vault.button('Make the file').click();
  await expect(page.getByText('Type your master password.')).toBeVisible();
  await page.getByLabel('Master password', { exact: true }).fill('not the master password');
  await vault.button('Make the file').click();
  await expect(page.getByText('This is not your master password.')).toBeVisible({ timeout: 30_000 });
  await expect(format(page)).toHaveValue('json');

  const json = JSON.parse(await plain(page, person, 'json'));
  expect(json.keyarc_export).toBe(1);
  expect(json.items.map((item: { name: string }) => item.name)).toEqual(['GitHub', '.env', 'Stripe live']);
  expect(json.items[2]).toEqual(items()[0]);
  await expect(heading(page)).toHaveText(/^keyarc-\d{4}-\d\d-\d\d\.json$/);
  await isAccessible(page, 'a file to be saved');
  await vault.button('Back').click();

  const csv = await plain(page, person, 'csv');
  expect(csv.split('\r\n')[0]).toBe('folder,favourite,name,username,password,url,totp,expires,tags,notes');
  expect(csv).toContain(`"Checkout","yes","Stripe live","","${SECRET}"`);
  expect(csv).toContain('"=not a formula"');
  await expect(page.getByText('1 value begins with a character by which spreadsheets know a formula.')).toBeVisible();
  await expect(page.getByText('The environments of 1 item.')).toBeVisible();
  await vault.button('Back').click();

  await what(page).selectOption('folder:Checkout');
  expect(await plain(page, person, 'env')).toBe(`# .env\nA=1\nB="two\\nlines"\nSTRIPE_SECRET_KEY=${SECRET}\n`);
  await expect(page.getByText('The notes of 1 item.')).toBeVisible();
  await vault.button('Back').click();
  const bitwarden = JSON.parse(await plain(page, person, 'bitwarden-json'));
  expect(bitwarden.folders).toHaveLength(1);
  expect(bitwarden.items[1].login.password).toBe(SECRET);

  // What is selected, from the bar.
  await vault.go('All items');
  await vault.list.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('x');
  await page.getByRole('region', { name: 'List' }).getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: 'Export…' }).click();
  await expect(what(page)).toHaveValue('selected');
  await expect(what(page).locator('option:checked')).toHaveText('What was selected, 1 item');
  const one = JSON.parse(await plain(page, person, 'json'));
  expect(one.items).toHaveLength(1);
});

test('an archive goes out of one account and comes back whole in another', async ({ browser, guard, page, person, server, vault }) => {
  test.slow();
  const word = canary('archive');
  await fill(vault, word);
  await vault.go('Export');
  const before = await plain(page, person, 'json');
  await vault.button('Back').click();

  const own = 'lantern-harbour-velvet-quartz-9';
  await format(page).selectOption('archive');
  const first = page.getByLabel('Password of the archive', { exact: true });
  const again = page.getByLabel('The same once more', { exact: true });
  await first.fill('hunter2');
  await again.fill('hunter3');
  await page.getByLabel('Master password', { exact: true }).fill(person.password);
  await vault.button('Make the file').click();
  await expect(page.getByText('This is not the same password.')).toBeVisible();
  await again.fill('hunter2');
  await vault.button('Make the file').click();
  await expect(page.getByText('Too easy to guess.').first()).toBeVisible();
  await first.fill(own);
  await again.fill(own);
  await isAccessible(page, 'the password of an archive');
  await make(page, person);
  await expect(page.getByText(/^4 items, /)).toBeVisible();
  const [name, archive] = await save(page);
  expect(name).toMatch(/^keyarc-\d{4}-\d\d-\d\d\.keyarc$/);
  expect(sightings('the archive', archive, [word, SECRET, person.password, own])).toEqual([]);

  const elsewhere: BrowserContext = await browser.newContext({ baseURL: server.origin });
  guard.watch(elsewhere);
  const there = await elsewhere.newPage();
  const other = new Person(there);
  const fresh = await other.signUp();
  await choose(fresh, name, archive);
  const password = there.getByLabel('Password of the file');
  await expect(password).toBeFocused();
  await password.fill('not the password of it');
  await fresh.button('Open').click();
  await expect(there.getByText('This password does not open the file, or the file was changed.')).toBeVisible({ timeout: 30_000 });
  await isAccessible(there, 'an archive that is not opened');
  await password.fill(own);
  await fresh.button('Open').click();
  await expect(there.getByText('Archive of', { exact: true })).toBeVisible({ timeout: 30_000 });
  await expect(there.getByText('Version of the vault')).toBeVisible();
  await isAccessible(there, 'an archive that is about to be restored');
  await fresh.button('Import 4 items').click();
  await expect(fresh.toast.filter({ hasText: '4 items imported.' })).toBeVisible();
  await fresh.go('Export');
  expect(await plain(there, other, 'json')).toBe(before);
  await fresh.go('Trash');
  await expect(fresh.row('Old note')).toBeVisible();

  // The same file again adds nothing; a damaged one is told, and changes nothing.
  await choose(fresh, name, archive);
  await password.fill(own);
  await fresh.button('Open').click();
  await expect(there.getByText('4 items found, 4 already in the vault.')).toBeVisible({ timeout: 30_000 });
  await expect(fresh.button('Import 0 items')).toBeDisabled();
  await fresh.button('Back').click();
  await there.locator('#import-file').setInputFiles({ name, mimeType: 'application/octet-stream', buffer: archive.subarray(0, -40) });
  await password.fill(own);
  await fresh.button('Open').click();
  await expect(there.getByText('The file is not whole: its end is missing.')).toBeVisible({ timeout: 30_000 });
  await elsewhere.close();
});

/** Saves the open item with another secret, and a name if one is given. */
async function change(vault: Vault, name: string, secret: string, rename?: string): Promise<void> {
  const { page } = vault;
  await vault.detail(name).getByRole('button', { name: 'Edit' }).click();
  await expect(page.getByRole('heading', { name: 'Edit item' })).toBeVisible();
  await vault.fillKey({ secret, ...(rename === undefined ? {} : { name: rename }) });
  await vault.save();
  await expect(vault.detail(rename ?? name)).toBeVisible();
}

test('what items were before goes along in an archive, unless it is not to or the server lies', async ({ browser, context, guard, page, person, server, vault }) => {
  test.slow();
  const word = canary('history');
  await vault.addKey({ name: 'Stripe live', secret: word, folder: 'Shop' });
  await change(vault, 'Stripe live', 'the-second-secret-value', 'Stripe restricted');
  await vault.detail('Stripe restricted').getByRole('button', { name: 'Add to favourites' }).click();
  await expect(vault.detail('Stripe restricted').getByRole('button', { name: 'Remove from favourites' })).toBeVisible();
  await change(vault, 'Stripe restricted', SECRET);
  await vault.addKey({ name: 'Another', secret: 'without a past' });

  const earlier = page.getByRole('checkbox', { name: 'Earlier versions', exact: true });
  await vault.go('Export');
  await page.getByRole('radio', { name: 'My setup code', exact: true }).check();
  await expect(earlier).toBeChecked();
  await isAccessible(page, 'an archive with earlier versions');
  await format(page).selectOption('json');
  await expect(earlier).toHaveCount(0);
  await format(page).selectOption('archive');

  // A version in the place of another: nothing is made.
  await context.route('**/versions/of-items', async (route) => {
    const response = await route.fetch({ maxRetries: 2 });
    const said = (await response.json()) as { versions: { overview: string }[] };
    said.versions[1]!.overview = said.versions[0]!.overview;
    await route.fulfill({ response, json: said });
  });
  await page.getByLabel('Master password', { exact: true }).fill(person.password);
  await vault.button('Make the file').click();
  await expect(page.getByText('What the server sent does not verify. Nothing of it was used.')).toBeVisible({ timeout: 30_000 });
  await expect(vault.button('Save the file')).toHaveCount(0);
  await context.unroute('**/versions/of-items');
  // One that is left out is counted.
  await context.route('**/versions/of-items', async (route) => {
    const response = await route.fetch({ maxRetries: 2 });
    const said = (await response.json()) as { versions: unknown[] };
    await route.fulfill({ response, json: { ...said, versions: said.versions.slice(1) } });
  });
  await make(page, person);
  await expect(page.getByText(/^2 items, 2 earlier versions, /)).toBeVisible();
  await expect(page.getByText(/^1 earlier version that the server does not have/)).toBeVisible();
  await isAccessible(page, 'an archive that lacks a version');
  await context.unroute('**/versions/of-items');
  await vault.button('Back').click();

  await earlier.uncheck();
  await make(page, person);
  await expect(page.getByText(/^2 items, \d/)).toBeVisible();
  await expect(page.getByText('Earlier versions of items.')).toBeVisible();
  await vault.button('Back').click();
  await earlier.check();
  await make(page, person);
  await expect(page.getByText(/^2 items, 3 earlier versions, /)).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Not in this file' })).toHaveCount(0);
  const [name, archive] = await save(page);
  expect(sightings('the archive', archive, [word, SECRET, 'the-second-secret-value'])).toEqual([]);

  const elsewhere: BrowserContext = await browser.newContext({ baseURL: server.origin });
  guard.watch(elsewhere);
  const there = await elsewhere.newPage();
  const fresh = await new Person(there).signUp();
  const restore = async () => {
    await choose(fresh, name, archive);
    await there.getByLabel('Setup code', { exact: true }).fill(person.setupCode);
    await fresh.button('Open').click();
  };
  await restore();
  await expect(there.locator('.import-archive dd')).toHaveText([/./u, /./u, '2', '3', '0'], { timeout: 30_000 });
  await expect(there.getByRole('checkbox', { name: 'Restore what they were before as well' })).toBeChecked();
  await isAccessible(there, 'an archive with earlier versions that is about to be restored');
  await fresh.button('Import 2 items').click();
  await expect(fresh.toast.filter({ hasText: '2 items imported.' })).toBeVisible();

  await (await fresh.open('Stripe restricted')).getByRole('button', { name: 'History' }).click();
  const pane = there.getByRole('region', { name: 'History of Stripe restricted', exact: true });
  const line = (version: number) => there.getByRole('button', { name: new RegExp(`Version ${version} ·`) });
  await expect(pane.getByRole('listitem')).toHaveCount(4);
  await expect(line(1)).toContainText(/Today \d\d:\d\d originally, from an archive/);
  await expect(line(1)).toContainText('created');
  await expect(line(2)).toContainText('name, secret');
  await expect(line(3)).toContainText('by a server’s clock, from an archive');
  await expect(line(3)).toContainText('starred');
  await expect(pane.getByRole('listitem').first()).not.toContainText('from an archive');
  await line(1).click();
  const table = pane.getByRole('table');
  await expect(table.getByRole('row', { name: /^Name Stripe live Stripe restricted/ })).toBeVisible();
  await pane.getByRole('button', { name: 'Show secrets' }).click();
  await expect(table.getByText(word)).toBeVisible();
  await expect(table.getByText(SECRET)).toBeVisible();
  await pane.getByRole('button', { name: 'Hide secrets' }).click();
  await isAccessible(there, 'a history from an archive');
  const desk = there.viewportSize();
  await there.setViewportSize({ width: 390, height: 844 });
  const wide = await there.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, 'the page scrolls sideways').toBeLessThanOrEqual(0);
  if (desk !== null) await there.setViewportSize(desk);
  await pane.getByRole('button', { name: 'Restore this version' }).click();
  const toast = fresh.toast.filter({ hasText: 'Version 1 restored as a new version.' });
  await expect(toast).toBeVisible();
  const renamed = there.getByRole('region', { name: 'History of Stripe live', exact: true });
  await expect(renamed.getByRole('listitem')).toHaveCount(5);
  await expect(renamed.getByRole('listitem').first()).toContainText('name, secret');
  await toast.getByRole('button', { name: 'Undo' }).click();
  await expect(pane.getByRole('listitem')).toHaveCount(6);

  // As it was again: the same file adds nothing.
  await restore();
  await expect(there.getByText('2 items found, 2 already in the vault.')).toBeVisible({ timeout: 30_000 });
  await expect(fresh.button('Import 0 items')).toBeDisabled();
  await elsewhere.close();
});

test('an archive for the setup code is opened by it, and the page fits a phone @phone', async ({ page, person, vault }) => {
  test.slow();
  await vault.isOpen();
  await page.goto('/vault/import');
  await person.unlock();
  const file = JSON.stringify({ keyarc_export: 1, items: items().slice(0, 2) });
  const upload = (name: string, buffer: Buffer) =>
    page.locator('#import-file').setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
  await upload('some.json', Buffer.from(file));
  await vault.button('Import 2 items').click();
  await expect(vault.toast.filter({ hasText: '2 items imported.' })).toBeVisible();

  await page.goto('/vault/export');
  await person.unlock();
  await page.getByRole('radio', { name: 'My setup code', exact: true }).check();
  await expect(page.getByLabel('Password of the archive', { exact: true })).toHaveCount(0);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, 'the page scrolls sideways').toBeLessThanOrEqual(0);
  await make(page, person);
  const [name, archive] = await save(page);

  await page.goto('/vault/import');
  await person.unlock();
  await upload(name, archive);
  const code = page.getByLabel('Setup code', { exact: true });
  await code.fill('KA1-00000');
  await vault.button('Open').click();
  await expect(page.getByText('This setup code does not open the file, or the file was changed.')).toBeVisible();
  await code.fill(person.setupCode.toLowerCase());
  await vault.button('Open').click();
  await expect(page.getByText('2 items found, 2 already in the vault.')).toBeVisible();
});

test('an export waits for its server, and is cancelled without anything left', async ({ context, guard, page, person, vault }) => {
  guard.allowOffline();
  await fill(vault);
  await vault.go('Export');
  await format(page).selectOption('json');
  let hold = true;
  await context.route('**/details', async (route) => {
    while (hold) await new Promise((resolve) => setTimeout(resolve, 50));
    await route.continue().catch(() => undefined);
  });
  await page.getByLabel('Master password', { exact: true }).fill(person.password);
  // The password is proven before anything is fetched: what is cancelled sooner has nothing to wait for.
  const asked = context.waitForEvent('request', (request) => request.url().endsWith('/details'));
  await vault.button('Make the file').click();
  await expect(page.getByText('The file is being made.')).toBeVisible();
  await asked;
  await vault.button('Cancel').click();
  await expect(vault.button('Stopping…')).toBeVisible();
  hold = false;
  await expect(vault.toast.filter({ hasText: 'Stopped. Nothing was exported.' })).toBeVisible({ timeout: 30_000 });
  await expect(format(page)).toHaveValue('json');

  await context.setOffline(true);
  await page.getByLabel('Master password', { exact: true }).fill(person.password);
  await vault.button('Make the file').click();
  await expect(page.getByText('Nothing was exported. Try again when it answers.')).toBeVisible({ timeout: 30_000 });
  await context.setOffline(false);
  await make(page, person);
});
