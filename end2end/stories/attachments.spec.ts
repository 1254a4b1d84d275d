// Files that are attached to items: whole or not at all, and nothing of them in clear on the way.

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';

import type { Page } from '@playwright/test';

import { isAccessible } from '../support/axe.ts';
import { canary, sightings, sightingsBelow } from '../support/canary.ts';
import { attach, attached, chooseBy, download, files } from '../support/files.ts';
import { expect, test as base } from '../support/fixtures.ts';
import { later } from '../support/later.ts';
import { json, Liar, type Asked } from '../support/liar.ts';
import { Person } from '../support/person.ts';
import { Server } from '../support/server.ts';
import type { Vault } from '../support/vault.ts';

const KEY = { name: 'Contract', secret: 'the-secret-of-the-contract' };
const MB = 1024 * 1024;

/** In front of each server stands somebody who hears everything, and may keep answers back. */
const test = base.extend<{ liar: Liar }>({
  liar: async ({}, use) => {
    const liar = await Liar.start();
    await use(liar);
    await liar.stop();
  },
  baseURL: async ({ liar }, use) => use(liar.origin),
});

const onTheWay = (page: Page) => files(page).getByRole('list', { name: 'Files on their way' }).getByRole('listitem');
const cutOff = (page: Page) => files(page).getByRole('list', { name: 'Uploads that were cut off' }).getByRole('listitem');
const isChunk = ({ method, path }: Asked) => method === 'PUT' && path.includes('/chunks/');
const away = { status: 502, type: 'text/html', body: Buffer.from('away') };

interface Chosen {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

const file = (name: string, buffer: Buffer): Chosen => ({ name, mimeType: 'application/octet-stream', buffer });

async function begin(vault: Vault): Promise<Page> {
  await vault.addKey(KEY);
  await expect(files(vault.page)).toBeVisible();
  return vault.page;
}

test('files are attached, read, renamed, removed and brought back @phone', async ({ liar, page, person, vault }) => {
  await begin(vault);
  await isAccessible(page, 'an item without files');
  const word = canary('content');
  const name = `${canary('name')}.txt`;
  const small = Buffer.from(`${word}\n`.repeat(400));
  const large = Buffer.concat([randomBytes(2 * MB), small]);
  await attach(page, [file(name, small), file('picture.png', large)]);
  await expect(attached(page)).toHaveCount(2, { timeout: 60_000 });
  await expect(onTheWay(page)).toHaveCount(0);
  await expect(attached(page).first()).toContainText(name);
  await expect(attached(page).last()).toContainText('PNG · 2.1 MB');
  await isAccessible(page, 'an item with files');
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, 'the page scrolls sideways').toBeLessThanOrEqual(0);
  expect((await download(page, name)).equals(small)).toBe(true);
  expect((await download(page, 'picture.png')).equals(large)).toBe(true);

  // Another name, and one that is none.
  await files(page).getByRole('button', { name: 'Rename picture.png' }).click();
  const dialog = page.getByRole('dialog', { name: 'Rename the file' });
  await expect(dialog.getByLabel('Name', { exact: true })).toBeFocused();
  await dialog.getByLabel('Name', { exact: true }).fill('  ');
  await dialog.getByRole('button', { name: 'Rename', exact: true }).click();
  await expect(dialog.getByText('Give it a name.')).toBeVisible();
  await dialog.getByLabel('Name', { exact: true }).fill('holiday.png');
  await page.keyboard.press('Enter');
  await expect(attached(page).last()).toContainText('holiday.png');

  // Removed, taken back, removed: the history says so, and brings it back as well.
  await files(page).getByRole('button', { name: 'Remove holiday.png' }).click();
  await expect(attached(page)).toHaveCount(1);
  await vault.toast.filter({ hasText: '“holiday.png” removed.' }).getByRole('button', { name: 'Undo' }).click();
  await expect(attached(page)).toHaveCount(2);
  await files(page).getByRole('button', { name: 'Remove holiday.png' }).click();
  await expect(attached(page)).toHaveCount(1);
  await vault.detail(KEY.name).getByRole('button', { name: 'History' }).click();
  await expect(page.getByText(/Version 7 · files/)).toBeVisible();
  await page.getByRole('button', { name: /Version 6 ·/ }).click();
  await expect(page.getByRole('table').getByRole('row', { name: /^Files .*holiday\.png/ })).toBeVisible();
  await page.getByRole('button', { name: 'Restore this version' }).click();
  await expect(page.getByText(/Version 8 · files/)).toBeVisible();
  await page.getByRole('button', { name: 'Back to the item' }).click();
  await expect(attached(page)).toHaveCount(2);
  expect((await download(page, 'holiday.png')).equals(large)).toBe(true);

  // Found by its name, kept through the trash, and there on another device.
  await vault.go('All items');
  await vault.filter.fill(name.slice(0, 20));
  await expect(vault.rows).toHaveCount(1);
  await expect(vault.row(KEY.name)).toContainText('in file: ');
  await vault.filter.fill('');
  await vault.open(KEY.name);
  await vault.detail(KEY.name).getByRole('button', { name: 'Delete' }).click();
  const trashed = vault.toast.filter({ hasText: 'moved to the trash' });
  await trashed.getByRole('button', { name: 'Undo' }).click();
  await vault.go('All items');
  await vault.open(KEY.name);
  await expect(attached(page)).toHaveCount(2);
  await page.reload();
  await person.unlock();
  await expect(attached(page)).toHaveCount(2);
  expect((await download(page, name)).equals(small)).toBe(true);

  // Neither name nor content in what was sent, in the log or on the disk.
  const sent = Buffer.concat(liar.requests.map(({ path, body }) => Buffer.concat([Buffer.from(path), body])));
  const words = [word, name];
  expect(sightings('requests', sent, words)).toEqual([]);
  expect(sightings('log', liar.server.log, words)).toEqual([]);
  expect(sightingsBelow(liar.server.folder, words)).toEqual([]);
});

test('an upload goes on by itself after an outage, and after a reload with the same file', async ({
  guard,
  liar,
  page,
  person,
  vault,
}) => {
  guard.allowStatus(502);
  guard.allowOffline();
  await begin(vault);
  const content = randomBytes(6 * MB);
  // The server is away after two chunks, and comes back.
  let sent = 0;
  let isAway = false;
  liar.instead = (asked) => {
    isAway ||= isChunk(asked) && (sent += 1) === 3;
    return isAway ? away : undefined;
  };
  await attach(page, file('long.bin', content));
  await expect(onTheWay(page).getByText('The server does not answer. It goes on by itself when it does.')).toBeVisible();
  await expect(onTheWay(page).getByRole('progressbar', { name: 'Uploading long.bin' })).toBeVisible();
  await isAccessible(page, 'an upload that waits');
  liar.instead = undefined;
  await expect(attached(page)).toHaveCount(1, { timeout: 90_000 });
  expect((await download(page, 'long.bin')).equals(content)).toBe(true);

  // Cut off by a reload: the rest needs the same file, and only the rest is sent.
  const other = randomBytes(5 * MB);
  isAway = false;
  sent = 0;
  liar.instead = (asked) => {
    isAway ||= isChunk(asked) && (sent += 1) === 4;
    return isAway ? away : undefined;
  };
  await attach(page, file('second.bin', other));
  await expect(onTheWay(page).getByText('The server does not answer.', { exact: false })).toBeVisible();
  liar.instead = undefined;
  await page.reload();
  await person.unlock();
  await expect(attached(page)).toHaveCount(1);
  const row = cutOff(page).filter({ hasText: 'second.bin' });
  await expect(row.getByText('The upload was cut off.', { exact: false })).toBeVisible();
  await isAccessible(page, 'an upload that was cut off');
  const again = row.getByRole('button', { name: 'Resume…' });
  await chooseBy(again, file('second.bin', randomBytes(4 * MB)));
  await expect(row.getByText('This is not the file that the upload began with', { exact: false })).toBeVisible();
  const before = liar.requests.filter(isChunk).length;
  await chooseBy(again, file('renamed.bin', other));
  await expect(attached(page)).toHaveCount(2, { timeout: 60_000 });
  expect(liar.requests.filter(isChunk).length - before).toBeLessThan(4);
  await expect(cutOff(page)).toHaveCount(0);
  expect((await download(page, 'second.bin')).equals(other)).toBe(true);

  // Given up halfway: nothing is left of it, here or there.
  liar.instead = (asked) => (isChunk(asked) ? away : undefined);
  await attach(page, file('third.bin', randomBytes(2 * MB)));
  await onTheWay(page).getByRole('button', { name: 'Cancel' }).click();
  await expect(onTheWay(page)).toHaveCount(0);
  // The server hears of it once the device has forgotten it.
  await expect.poll(() => liar.asked.some((line) => line.includes('/discard'))).toBe(true);
  liar.instead = undefined;
  await page.reload();
  await person.unlock();
  await expect(attached(page)).toHaveCount(2);
  await expect(cutOff(page)).toHaveCount(0);
});

test('an upload that goes on in one tab is not cut off to another', async ({
  context,
  guard,
  liar,
  page,
  person,
  vault,
}) => {
  guard.allowStatus(502);
  guard.allowOffline();
  await begin(vault);
  liar.instead = (asked) => (isChunk(asked) ? away : undefined);
  const waits = 'The server does not answer. It goes on by itself when it does.';
  await attach(page, file('gone.bin', randomBytes(2 * MB)));
  await expect(onTheWay(page).getByText(waits)).toBeVisible();
  await page.reload();
  await person.unlock();
  await expect(cutOff(page)).toHaveCount(1);
  const shared = randomBytes(2 * MB);
  await attach(page, file('shared.bin', shared));
  await expect(onTheWay(page).getByText(waits)).toBeVisible();

  const other = person.at(await context.newPage());
  await other.page.goto('/vault');
  const second = await other.unlock();
  await second.open(KEY.name);
  await expect(cutOff(second.page)).toHaveText([/gone\.bin/u]);

  // With the first tab its upload ends.
  await page.close();
  await second.page.reload();
  await other.unlock();
  const row = cutOff(second.page).filter({ hasText: 'shared.bin' });
  await expect(row).toBeVisible();
  liar.instead = undefined;
  await chooseBy(row.getByRole('button', { name: 'Resume…' }), file('shared.bin', shared));
  await expect(attached(second.page)).toHaveCount(1, { timeout: 60_000 });
  expect((await download(second.page, 'shared.bin')).equals(shared)).toBe(true);
});

test('a lock in the middle of an upload and of a form keeps both', async ({ context, page, person, vault }) => {
  await begin(vault);
  const content = randomBytes(8 * MB);
  let sent = 0;
  const [locked, lock] = later();
  await context.route('**/chunks/*', async (route) => {
    sent += 1;
    if (sent > 2) await locked;
    await route.continue().catch(() => undefined);
  });
  await attach(page, file('long.bin', content));
  await expect(onTheWay(page)).toHaveCount(1);
  await expect.poll(() => sent).toBeGreaterThan(2);
  await vault.detail(KEY.name).getByRole('button', { name: 'Edit' }).click();
  await vault.fillKey({ notes: 'half-written' });
  await vault.button('Lock').click();
  await person.unlock();
  lock();
  await context.unroute('**/chunks/*');
  await vault.open(KEY.name);
  const row = cutOff(page).filter({ hasText: 'long.bin' });
  await expect(row).toBeVisible();
  await chooseBy(row.getByRole('button', { name: 'Resume…' }), file('long.bin', content));
  await expect(attached(page)).toHaveCount(1, { timeout: 60_000 });
});

test('files that are chosen while the item changes elsewhere are attached', async ({ context, page, person, vault }) => {
  await begin(vault);
  const opened = page.waitForEvent('filechooser');
  await files(page).getByRole('button', { name: 'Attach files…' }).click();
  const chooser = await opened;
  const other = person.at(await context.newPage());
  await other.page.goto('/vault');
  const second = await other.unlock();
  const elsewhere = await second.open(KEY.name);
  await elsewhere.getByRole('button', { name: 'Edit' }).click();
  await second.fillKey({ tags: 'signed' });
  await second.save();
  await expect(vault.detail(KEY.name).getByText('signed', { exact: true })).toBeVisible();
  const content = randomBytes(4_000);
  await chooser.setFiles(file('late.bin', content));
  await expect(attached(page)).toHaveCount(1);
  expect((await download(page, 'late.bin')).equals(content)).toBe(true);
});

test('a choice of files that outlasts a lock goes nowhere', async ({ liar, page, person, vault }, info) => {
  await begin(vault);
  const opened = page.waitForEvent('filechooser');
  await files(page).getByRole('button', { name: 'Attach files…' }).click();
  const chooser = await opened;
  await vault.lock();
  // So large that it would be refused by its name, and the words would wait for the item.
  const name = `${canary('late')}.iso`;
  writeFileSync(info.outputPath(name), Buffer.alloc(100 * MB + 1));
  await chooser.setFiles(info.outputPath(name));
  await person.unlock();
  await vault.open(KEY.name);
  await expect(files(page)).toBeVisible();
  await expect(attached(page)).toHaveCount(0);
  await expect(onTheWay(page)).toHaveCount(0);
  await expect(page.getByText(name)).toHaveCount(0);
  expect(liar.asked.filter((line) => line.includes('/attachments'))).toEqual([]);
});

test('names of files that are too long together are refused before anything is sent', async ({ liar, page, vault }) => {
  await begin(vault);
  const long = (number: number) => file(`${number}${'鍵'.repeat(95)}.bin`, Buffer.from('x'));
  await attach(page, [1, 2, 3, 4, 5, 6].map(long));
  await expect(attached(page)).toHaveCount(6, { timeout: 60_000 });
  const asked = liar.asked.length;
  await attach(page, long(7));
  await expect(files(page).getByText('too long together', { exact: false })).toBeVisible();
  expect(liar.asked.slice(asked).filter((line) => line.includes('/attachments'))).toEqual([]);
});

test('what is too large, a full server and a file that is not the one say what to do', async ({
  guard,
  liar,
  page,
  vault,
}, info) => {
  test.slow();
  guard.allowStatus(507);
  await begin(vault);
  // One byte more than a file may have, and nothing of it is sent.
  const huge = info.outputPath('huge.iso');
  writeFileSync(huge, Buffer.alloc(100 * MB + 1));
  const asked = liar.asked.length;
  await attach(page, huge);
  await expect(files(page).getByText('A file can have 100 MB. Nothing was attached.', { exact: false })).toBeVisible();
  expect(liar.asked.slice(asked).filter((line) => line.includes('/attachments'))).toEqual([]);
  await isAccessible(page, 'a file that is too large');

  // The disk is full, and then it is not.
  liar.instead = (request) =>
    request.path.endsWith('/attachments')
      ? json({ code: 'storage_full', message: 'The storage is full.', action: 'Try again later.' }, 507)
      : undefined;
  await attach(page, file('a.txt', Buffer.from('one')));
  const row = onTheWay(page).filter({ hasText: 'a.txt' });
  await expect(row.getByText('The server has no space left. Nothing was attached.', { exact: false })).toBeVisible();
  await isAccessible(page, 'a full server');
  liar.instead = undefined;
  await row.getByRole('button', { name: 'Resume' }).click();
  await expect(attached(page)).toHaveCount(1);

  // Another file's data in its place is refused, and nothing of it is saved.
  await attach(page, file('b.txt', Buffer.from('two')));
  await expect(attached(page)).toHaveCount(2);
  const chunks = liar.requests.filter(isChunk);
  liar.lie = ({ asked: { method, path } }) =>
    method === 'GET' && path === chunks.at(-1)!.path ? chunks.at(-2)!.body : undefined;
  let saved = 0;
  page.on('download', () => (saved += 1));
  await files(page).getByRole('button', { name: 'Download b.txt' }).click();
  await expect(page.getByText('What the server sent is not “b.txt”', { exact: false })).toBeVisible();
  expect(saved).toBe(0);
  liar.lie = undefined;
  expect((await download(page, 'b.txt')).toString()).toBe('two');
});

test('an account has as much room for files as its server says', async ({ browser, guard }) => {
  guard.allowStatus(507);
  const server = await Server.start({ env: { ATTACHMENTS_MB_PER_ACCOUNT: '3' } });
  const context = await browser.newContext({ baseURL: server.origin });
  guard.watch(context);
  try {
    const vault = await new Person(await context.newPage()).signUp();
    const page = await begin(vault);
    await attach(page, file('first.bin', randomBytes(2 * MB)));
    await expect(attached(page)).toHaveCount(1, { timeout: 60_000 });
    await attach(page, file('second.bin', randomBytes(2 * MB)));
    await expect(onTheWay(page).getByText('The room for files of this account, 3 MB, is used up.', { exact: false })).toBeVisible();
    await onTheWay(page).getByRole('button', { name: 'Cancel' }).click();
    await expect(onTheWay(page)).toHaveCount(0);
    // Dropped onto the item, and pasted: the same way in.
    const dropped = await page.evaluateHandle(() => {
      const data = new DataTransfer();
      data.items.add(new File(['dropped'], 'dropped.txt', { type: 'text/plain' }));
      return data;
    });
    await page.locator('.item').dispatchEvent('dragover', { dataTransfer: dropped });
    await expect(page.getByText('Drop them to attach them to this item.')).toBeVisible();
    await page.locator('.item').dispatchEvent('drop', { dataTransfer: dropped });
    await expect(attached(page)).toHaveCount(2);
    await page.evaluate(() => {
      const data = new DataTransfer();
      data.items.add(new File(['pasted'], 'pasted.txt', { type: 'text/plain' }));
      document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    });
    await expect(attached(page)).toHaveCount(3);
    expect((await download(page, 'pasted.txt')).toString()).toBe('pasted');
    // A cell of a table comes as text and as a picture, and a picture into a field is meant for that.
    const refused = await page.evaluate(() => {
      const paste = (target: Element | null, text: boolean) => {
        const data = new DataTransfer();
        data.items.add(new File(['cell'], 'cell.png', { type: 'image/png' }));
        if (text) data.items.add('cell', 'text/plain');
        const event = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
        target?.dispatchEvent(event);
        return event.defaultPrevented;
      };
      return [paste(document.body, true), paste(document.querySelector('input[type=search], .search input'), false)];
    });
    expect(refused).toEqual([false, false]);
    await expect(attached(page)).toHaveCount(3);
    await expect(onTheWay(page)).toHaveCount(0);
  } finally {
    await context.close();
    await server.dispose();
  }
});
