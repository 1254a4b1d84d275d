// What every story of a lying server begins with, and what it ends with.

import { randomUUID } from 'node:crypto';
import { cpSync, rmSync } from 'node:fs';

import type { Page, Worker } from '@playwright/test';

import { sightings, sightingsBelow } from './canary.ts';
import { expect, test } from './fixtures.ts';
import { Liar, records, type Asked } from './liar.ts';
import { Person } from './person.ts';
import type { Server } from './server.ts';
import type { Vault } from './vault.ts';

/** The page in a vault's place whose items are not those that were signed. */
export const BLOCKED = 'Your vault is closed, because the server changed it';
/** What is said of an answer that does not verify. */
export const REFUSED = 'What the server sent does not verify. Nothing of it was used.';

export const ITEMS = [
  { name: 'First key', secret: 'the-first-secret' },
  { name: 'Second key', secret: 'the-second-secret' },
];

export const story = test.extend<{ liar: Liar; there: Person; vault: Vault }>({
  liar: async ({}, use) => {
    const liar = await Liar.start();
    await use(liar);
    await liar.stop();
  },
  baseURL: async ({ liar }, use) => use(liar.origin),
  /** Somebody with two items, on a device that remembers them and is locked. */
  vault: async ({ liar, page }, use) => {
    const person = new Person(page);
    const vault = await person.signUp();
    for (const item of ITEMS) await vault.addKey(item);
    await vault.lock();
    Object.assign(vault, { person });
    await use(vault);
    expect(givenAway(liar, person), 'whatever the server says, nothing is given away').toEqual([]);
  },
  there: async ({ vault }, use) => use((vault as Vault & { person: Person }).person),
});

export { expect };

/** What of somebody's words stands in requests, in the server's log, or in what it keeps. */
function givenAway({ requests, server }: Liar, { password, setupCode }: Person): string[] {
  const words = [password, setupCode.replaceAll('-', '').slice(3), ...ITEMS.flatMap(({ name, secret }) => [name, secret])];
  const asked = requests.flatMap(({ path, headers, body }) => [Buffer.from(`${path} ${JSON.stringify(headers)} `), body]);
  expect(asked.length).toBeGreaterThan(10);
  return [
    ...sightings('requests', Buffer.concat(asked), words),
    ...sightings('log', server.log, words),
    ...sightingsBelow(server.folder, words),
  ];
}

/** Nothing of the vault stands on the page. */
async function showsNothing(page: Page): Promise<void> {
  for (const { name, secret } of ITEMS) {
    await expect(page.getByText(name)).toHaveCount(0);
    await expect(page.getByText(secret)).toHaveCount(0);
  }
}

/** Tries to unlock where the form waits, until the server has been asked once more. */
async function tryToUnlock(liar: Liar, { page, password }: Person): Promise<void> {
  const before = liar.count('POST', '/auth/challenge');
  await page.getByLabel('Master password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Unlock', exact: true }).click();
  await expect.poll(() => liar.count('POST', '/auth/challenge'), { timeout: 30_000 }).toBeGreaterThan(before);
}

/** What the server says is refused: nothing opens, nothing is written, the words are the same. */
export async function isRefused(liar: Liar, person: Person, words: string | RegExp = REFUSED): Promise<void> {
  const { page } = person;
  const before = liar.asked.length;
  await tryToUnlock(liar, person);
  // What an attempt before left on the page was gone when this one asked the server.
  await expect(page.getByText(words)).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole('heading', { name: 'Unlock your vault' })).toBeVisible();
  await showsNothing(page);
  expect(liar.writtenSince(before)).toEqual([]);
}

/** The vault that the server shows stays closed, seen by a page that begins anew. */
export async function isClosed(liar: Liar, person: Person): Promise<void> {
  const { page } = person;
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Unlock your vault' })).toBeVisible();
  const before = liar.asked.length;
  await tryToUnlock(liar, person);
  await expect(page.getByRole('heading', { name: BLOCKED })).toBeVisible({ timeout: 30_000 });
  await showsNothing(page);
  expect(liar.writtenSince(before)).toEqual([]);
}

/** Opens the vault with a page that begins anew: all is there, and nothing is doubted. */
export async function isTrusted(person: Person): Promise<Vault> {
  const { page } = person;
  await page.reload();
  const open = await person.unlock();
  await open.go('All items');
  for (const { name } of ITEMS) await expect(open.row(name)).toBeVisible();
  await expect(page.getByText('Freshness unverified')).toHaveCount(0);
  await expect(page.getByText(/nothing is written until/)).toHaveCount(0);
  return open;
}

/** The bodies of what was asked of a path, as JSON, oldest first. */
export function sent<T>(liar: Liar, path: string): T[] {
  const there = (asked: Asked) => asked.method === 'POST' && asked.path.endsWith(path);
  return liar.requests.filter(there).map(({ body }) => JSON.parse(body.toString()) as T);
}

/** Keeps the last answers of some paths, as they were. */
export function listenFor(liar: Liar, ...paths: string[]): Map<string, Buffer> {
  const heard = new Map<string, Buffer>();
  liar.lie = ({ path, body }) => {
    const place = path.split('?')[0]!;
    const wanted = paths.find((end) => place.endsWith(end));
    if (wanted !== undefined) heard.set(wanted, Buffer.from(body));
    return undefined;
  };
  return heard;
}

/** The items of a sync that was heard. */
export const itemsOf = (heard: Map<string, Buffer>) =>
  records(heard.get('/changes')!).filter(({ kind }) => kind === 1);

/** A copy of all that a server keeps, made while it stands still. */
export async function copyOf(server: Server): Promise<string> {
  await server.stop();
  const copy = `${server.folder}/copy-${randomUUID()}`;
  cpSync(server.dataDir, copy, { recursive: true });
  await server.run();
  return copy;
}

/** Puts a copy in the place of what a server keeps. */
export async function putInPlace(server: Server, copy: string): Promise<void> {
  await server.stop();
  rmSync(server.dataDir, { recursive: true });
  cpSync(copy, server.dataDir, { recursive: true });
  await server.run();
}

/** The worker of a page that has the form for unlocking, or the vault. */
export async function workerOf(page: Page): Promise<Worker> {
  await expect.poll(() => page.workers().length).toBe(1);
  return page.workers()[0]!;
}
