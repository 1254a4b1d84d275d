import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { chromium, type Page } from '@playwright/test';

import { launchOptions } from '../support/browser.ts';
import { canary, sightings, sightingsBelow } from '../support/canary.ts';
import { expect, test } from '../support/fixtures.ts';
import { Person } from '../support/person.ts';
import { Server } from '../support/server.ts';
import { Wiretap } from '../support/wiretap.ts';

test('the search for canaries finds every shape of one', () => {
  const word = canary('self');
  const bytes = Buffer.from(`before ${word} after`);
  for (const seen of [
    bytes,
    bytes.toString('hex'),
    bytes.toString('base64'),
    Buffer.from(`x${word}`).toString('base64url'),
    Buffer.from(`xx${word} `).toString('base64'),
    encodeURIComponent(word),
  ]) {
    expect(sightings('here', seen, [word])).not.toEqual([]);
  }
  expect(sightings('here', 'nothing at all', [word])).toEqual([]);
});

test('nothing that a person types reaches the wire, the server, its log or the disk', async ({ guard }) => {
  test.slow();
  const profile = mkdtempSync(path.join(tmpdir(), 'keyarc-profile-'));
  const port = await Wiretap.port();
  const server = await Server.start({
    env: { PUBLIC_ORIGIN: `http://127.0.0.1:${port}`, LOG_LEVEL: 'trace' },
  });
  const tap = await Wiretap.start(port, () => server.port);
  const words = {
    password: canary('password'),
    name: canary('name'),
    secret: canary('secret'),
    folder: canary('folder'),
    tag: canary('tag'),
    note: canary('note'),
    environment: canary('env'),
    imported: canary('imported'),
    draft: canary('draft'),
    search: canary('search'),
  };
  try {
    const context = await chromium.launchPersistentContext(profile, {
      ...launchOptions,
      baseURL: `http://127.0.0.1:${port}`,
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    guard.watch(context);
    const page = await context.newPage();
    const person = new Person(page, { password: words.password });
    const vault = await person.signUp();
    await vault.addKey({
      name: words.name,
      secret: words.secret,
      folder: words.folder,
      tags: words.tag,
      environment: words.environment,
      notes: words.note,
    });
    await vault.reveal(vault.detail(words.name));
    await vault.filter.fill(words.search);
    await expect(vault.rows).toHaveCount(0);
    await vault.filter.fill('');
    await vault.previewImport(`IMPORTED_KEY=${words.imported}`);
    await page.getByRole('button', { name: 'Import 1 item', exact: true }).click();
    await vault.go('All items');
    await expect(vault.rows).toHaveCount(2);
    await vault.startNew();
    await vault.fillKey({ name: words.draft, secret: words.draft });
    await vault.lock();

    const setupCode = person.setupCode.replaceAll(/[\s-]/g, '').slice(3);
    const kept = [...Object.values(words), setupCode];
    expect(sightings('storage', await storage(page), kept)).toEqual([]);
    expect(sightings('title and address', `${await page.title()} ${page.url()}`, kept)).toEqual([]);
    const html = await (await page.request.get('/vault', { headers: { 'accept-encoding': 'identity' } })).text();
    expect(sightings('server-rendered page', html, kept)).toEqual([]);
    await context.close();

    expect(tap.sent.length).toBeGreaterThan(10_000);
    expect(sightings('sent', tap.sent, kept)).toEqual([]);
    expect(sightings('received', tap.received, kept)).toEqual([]);
    await server.stop();
    expect(server.log.length).toBeGreaterThan(100);
    expect(sightings('log', server.log, kept)).toEqual([]);
    expect(sightingsBelow(server.folder, kept)).toEqual([]);
    // What the browser itself keeps: caches, history, storage, preferences.
    expect(sightingsBelow(profile, kept)).toEqual([]);
  } finally {
    await tap.stop();
    await server.dispose();
    rmSync(profile, { force: true, recursive: true, maxRetries: 5, retryDelay: 200 });
  }
});

/** Everything in the page's storages, bytes as Latin-1 and as hex. */
function storage(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const told: string[] = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }), document.cookie];
    const bytes = (view: Uint8Array) =>
      `${String.fromCharCode(...view)} ${[...view].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
    const tell = (value: unknown): string => {
      if (value instanceof ArrayBuffer) return bytes(new Uint8Array(value));
      if (ArrayBuffer.isView(value)) return bytes(new Uint8Array(value.buffer));
      if (value instanceof CryptoKey) {
        if (value.extractable) throw new Error('a key kept on the device can be extracted');
        return 'key';
      }
      if (value !== null && typeof value === 'object') {
        return Object.entries(value).map(([key, inner]) => `${key}=${tell(inner)}`).join(' ');
      }
      return String(value);
    };
    const done = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    for (const { name } of await indexedDB.databases()) {
      if (name === undefined) continue;
      const database = await done(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        const values = await done(database.transaction(store).objectStore(store).getAll());
        told.push(...values.map(tell));
      }
      database.close();
    }
    return told.join('\n');
  });
}
