// Files in archives: out of one account and into another, whatever a server does to them.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { Browser, BrowserContext, Page } from '@playwright/test';

import { isAccessible } from '../support/axe.ts';
import { canary, sightings } from '../support/canary.ts';
import { attach, attached, download, files } from '../support/files.ts';
import { expect, test } from '../support/fixtures.ts';
import type { Guard } from '../support/guard.ts';
import { Person } from '../support/person.ts';
import type { Server } from '../support/server.ts';
import type { Vault } from '../support/vault.ts';

const KEY = { name: 'Contract', secret: 'the-secret-of-the-contract' };
const MB = 1024 * 1024;
const CHUNKS = '**/attachments/*/chunks/*';

const facts = (page: Page) => page.locator('.import-archive dd');
const withFiles = (page: Page) => page.getByRole('checkbox', { name: 'Attached files', exact: true });

async function add(page: Page, name: string, buffer: Buffer): Promise<void> {
  const before = await attached(page).count();
  await attach(page, { name, mimeType: 'application/octet-stream', buffer });
  await expect(attached(page)).toHaveCount(before + 1, { timeout: 60_000 });
}

async function toExport(vault: Vault): Promise<void> {
  await vault.go('Export');
  await vault.page.getByRole('radio', { name: 'My setup code', exact: true }).check();
}

async function make({ page }: Vault, person: Person): Promise<void> {
  await page.getByLabel('Master password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Make the file', exact: true }).click();
}

async function save(vault: Vault): Promise<Buffer> {
  const waiting = vault.page.waitForEvent('download');
  await vault.button('Save the file').click();
  return readFileSync(await (await waiting).path());
}

/** A refusal as the server words it. */
function refusal(status: number, code: string, message: string): { status: number; contentType: string; body: string } {
  const body = JSON.stringify({ code, message, action: 'Look again.' });
  return { status, contentType: 'application/problem+json', body };
}

interface Elsewhere {
  context: BrowserContext;
  vault: Vault;
}

/** Another account, in another browser. */
async function elsewhere(browser: Browser, server: Server, guard: Guard): Promise<Elsewhere> {
  const context = await browser.newContext({ baseURL: server.origin });
  guard.watch(context);
  return { context, vault: await new Person(await context.newPage()).signUp() };
}

/** Opens an archive under Import. */
async function open(vault: Vault, archive: Buffer, code: string): Promise<void> {
  await vault.go('Import');
  const chosen = { name: 'my.keyarc', mimeType: 'application/octet-stream', buffer: archive };
  await vault.page.locator('#import-file').setInputFiles(chosen);
  await vault.page.getByLabel('Setup code', { exact: true }).fill(code);
  await vault.button('Open').click();
  await expect(vault.page.getByText('Archive of', { exact: true })).toBeVisible({ timeout: 30_000 });
}

/** The ids under which a server hears of files. */
function heard(context: BrowserContext): Set<string> {
  const ids = new Set<string>();
  context.on('request', (request) => {
    const found = /\/attachments\/([0-9a-f]{32})\//u.exec(request.url());
    if (found?.[1] !== undefined) ids.add(found[1]);
  });
  return ids;
}

test('what is attached goes along in an archive to the last byte, under names that no server has seen', async ({
  browser,
  context,
  guard,
  page,
  person,
  server,
  vault,
}) => {
  test.slow();
  const word = canary('file');
  const small = Buffer.from(`${word}\n`.repeat(500));
  const large = Buffer.concat([randomBytes(3 * MB), small]);
  const hereIds = heard(context);
  await vault.addKey(KEY);
  await add(page, 'small.txt', small);
  await add(page, 'large.bin', large);
  await add(page, 'empty', Buffer.alloc(0));
  await add(page, 'old.txt', Buffer.from('only before'));
  await files(page).getByRole('button', { name: 'Remove old.txt', exact: true }).click();
  await expect(attached(page)).toHaveCount(3);

  await toExport(vault);
  await expect(withFiles(page)).toBeChecked();
  await expect(page.getByText(/^3 files of 3\.\d MB in the whole vault/u)).toBeVisible();
  await isAccessible(page, 'an archive with files');
  await make(vault, person);
  await expect(page.getByText(/^1 item, 5 earlier versions, 4 attached files, 3\.\d MB\.$/u)).toBeVisible({ timeout: 60_000 });
  const archive = await save(vault);
  expect(archive.length).toBeGreaterThan(large.length);
  expect(sightings('the archive', archive, [word, KEY.secret, 'large.bin', 'only before'])).toEqual([]);

  const { context: there, vault: fresh } = await elsewhere(browser, server, guard);
  const thereIds = heard(there);
  await open(fresh, archive, person.setupCode);
  await expect(facts(fresh.page).last()).toHaveText(/^4 files, 3\.\d MB$/u);
  await expect(fresh.page.getByRole('checkbox', { name: 'Restore attached files as well' })).toBeChecked();
  await isAccessible(fresh.page, 'an archive with files that is about to be restored');
  await fresh.button('Import 1 item').click();
  await expect(fresh.toast.filter({ hasText: '1 item imported.' })).toBeVisible({ timeout: 60_000 });
  await fresh.open(KEY.name);
  await expect(attached(fresh.page)).toHaveCount(3);
  expect((await download(fresh.page, 'large.bin')).equals(large)).toBe(true);
  expect((await download(fresh.page, 'small.txt')).equals(small)).toBe(true);
  expect((await download(fresh.page, 'empty')).length).toBe(0);
  expect(thereIds.size).toBe(4);
  expect([...thereIds].filter((id) => hereIds.has(id))).toEqual([]);

  // What only a version of before has came along as well.
  await fresh.detail(KEY.name).getByRole('button', { name: 'History' }).click();
  await fresh.page.getByRole('button', { name: /Version 5 ·/u }).click();
  await fresh.button('Restore this version').click();
  await expect(fresh.toast.filter({ hasText: 'Version 5 restored as a new version.' })).toBeVisible();
  await fresh.open(KEY.name);
  await expect(attached(fresh.page)).toHaveCount(4);
  expect((await download(fresh.page, 'old.txt')).toString()).toBe('only before');

  // Another time nothing is new, and nothing is sent.
  await files(fresh.page).getByRole('button', { name: 'Remove old.txt', exact: true }).click();
  await expect(attached(fresh.page)).toHaveCount(3);
  thereIds.clear();
  await open(fresh, archive, person.setupCode);
  await expect(fresh.button('Import 0 items')).toBeDisabled();
  expect([...thereIds]).toEqual([]);
  await there.close();
});

test('files stay out of an archive when they are not to be in it, or the server keeps them back', async ({
  browser,
  context,
  guard,
  page,
  person,
  server,
  vault,
}) => {
  test.slow();
  guard.allowStatus(404);
  await vault.addKey(KEY);
  await add(page, 'a.bin', randomBytes(2 * MB));
  await toExport(vault);
  await withFiles(page).uncheck();
  await make(vault, person);
  await expect(page.getByText('Attached files of 1 item.')).toBeVisible({ timeout: 30_000 });
  const without = await save(vault);
  expect(without.length).toBeLessThan(MB);
  await vault.button('Back').click();
  await withFiles(page).check();

  // One piece is another than the one that was sent.
  await context.route(CHUNKS, async (route) => {
    const response = await route.fetch({ maxRetries: 2 });
    const body = await response.body();
    body[body.length - 1]! ^= 1;
    await route.fulfill({ response, body });
  });
  await make(vault, person);
  await expect(page.getByText('What the server sent is not one of the attached files, or not all of it.', { exact: false })).toBeVisible({ timeout: 30_000 });
  await expect(vault.button('Save the file')).toHaveCount(0);
  await isAccessible(page, 'a file that is not what was attached');
  await context.unroute(CHUNKS);
  // There is none.
  await context.route(CHUNKS, async (route) => route.fulfill(refusal(404, 'not_found', 'There is no such file.')));
  await make(vault, person);
  await expect(page.getByText('1 attached file that the server does not have.')).toBeVisible({ timeout: 30_000 });
  await isAccessible(page, 'an archive that lacks a file');
  await context.unroute(CHUNKS);
  const lacking = await save(vault);

  const { context: there, vault: fresh } = await elsewhere(browser, server, guard);
  await open(fresh, lacking, person.setupCode);
  await expect(fresh.page.getByText(/^1 attached file is not in this archive/u)).toBeVisible();
  await isAccessible(fresh.page, 'an archive that lacks a file and is about to be restored');
  await fresh.button('Back').click();
  await open(fresh, without, person.setupCode);
  await expect(facts(fresh.page).last()).toHaveText('0');
  await fresh.button('Import 1 item').click();
  await expect(fresh.toast.filter({ hasText: '1 item imported.' })).toBeVisible();
  await fresh.open(KEY.name);
  await expect(attached(fresh.page)).toHaveCount(0);
  await there.close();
});

test('a restore that is cancelled leaves nothing, and one that failed goes on @phone', async ({ browser, guard, page, person, server, vault }) => {
  test.slow();
  guard.allowStatus(502);
  guard.allowStatus(507);
  guard.allowOffline();
  const content = randomBytes(2 * MB);
  await vault.addKey(KEY);
  await add(page, 'a.bin', content);
  await toExport(vault);
  await make(vault, person);
  await expect(vault.button('Save the file')).toBeVisible({ timeout: 60_000 });
  const archive = await save(vault);

  const { context: there, vault: fresh } = await elsewhere(browser, server, guard);
  const away = { status: 502, contentType: 'text/html', body: 'away' };
  await there.route(CHUNKS, async (route) => route.fulfill(away));
  await open(fresh, archive, person.setupCode);
  const wide = await fresh.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, 'the page scrolls sideways').toBeLessThanOrEqual(0);
  const dropped = fresh.page.waitForRequest('**/discard');
  await fresh.button('Import 1 item').click();
  await expect(fresh.page.getByText('Attached files', { exact: false }).last()).toBeVisible();
  await fresh.button('Cancel').click();
  await dropped;
  await expect(fresh.toast.filter({ hasText: 'Stopped. Nothing was written.' })).toBeVisible({ timeout: 60_000 });
  await there.unroute(CHUNKS);

  // No room, and then there is.
  const full = refusal(507, 'attachments_full', 'The room for files is used up.');
  await there.route('**/attachments', async (route) => route.fulfill(full));
  await fresh.button('Import 1 item').click();
  await expect(fresh.page.getByText('The room for files is used up.', { exact: false })).toBeVisible({ timeout: 30_000 });
  await there.unroute('**/attachments');
  await fresh.button('Import 1 item').click();
  await expect(fresh.toast.filter({ hasText: '1 item imported.' })).toBeVisible({ timeout: 60_000 });
  await fresh.open(KEY.name);
  expect((await download(fresh.page, 'a.bin')).equals(content)).toBe(true);
  await there.close();
});
