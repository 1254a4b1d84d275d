// Items that are left out, swapped, dressed up or malformed, and what a page gives away about them.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import type { Page } from '@playwright/test';

import {
  everyDetails,
  everyItem,
  everyJson,
  everyLogIn,
  everySync,
  idOf,
  json,
  type Account,
  type Lie,
  type Liar,
  overviewOf,
  withOverview,
} from '../support/liar.ts';
import { BLOCKED, expect, isClosed, isRefused, isTrusted, ITEMS, itemsOf, listenFor, REFUSED, story } from '../support/lying.ts';
import { Person } from '../support/person.ts';
import { freePort } from '../support/server.ts';
import type { Vault } from '../support/vault.ts';

const lies: [string, Lie][] = [
  ['leaves an item out', everySync((all) => all.filter(({ kind }, at) => kind !== 1 || at !== all.findIndex((r) => r.kind === 1)))],
  ['adds an item', everySync((all) => {
    const more = Buffer.from(all.find(({ kind }) => kind === 1)!.bytes);
    more[1]! ^= 1;
    return [...all, { bytes: more }];
  })],
  ['alters an item', everyItem(({ bytes }) => {
    bytes[200]! ^= 1;
    return bytes;
  })],
  ['turns an item into a deleted one', everyItem(({ bytes }) => bytes.fill(2, 0, 1).subarray(0, 33))],
  ['alters what was signed', everySync((all) => all.map(({ kind, bytes }) => {
    const changed = Buffer.from(bytes);
    if (kind === 3) changed[120]! ^= 1;
    return { bytes: changed };
  }))],
  ['keeps back what was signed', everySync((all) => all.filter(({ kind }) => kind !== 3))],
];

for (const [what, lie] of lies) {
  story(`a server that ${what} gets a closed vault, and an honest one opens it`, async ({ liar, page, there, vault }) => {
    await vault.isLocked();
    liar.lie = lie;
    await isClosed(liar, there);
    liar.lie = undefined;
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect(vault.row('First key')).toBeVisible();
    await expect(page.getByText('Freshness unverified')).toHaveCount(0);
  });
}

story('a server that repeats and reorders items shows the same vault', async ({ liar, there, vault }) => {
  await vault.isLocked();
  liar.lie = everySync((all) => [...all].reverse());
  await (await isTrusted(there)).lock();
  liar.lie = everySync((all) => [...all, ...all.filter(({ kind }) => kind === 1)]);
  const open = await isTrusted(there);
  await expect(open.rows).toHaveCount(ITEMS.length);
});

story('what verifies can be exported from a closed vault', async ({ liar, page, there, vault }) => {
  await vault.isLocked();
  liar.lie = lies[0]![1];
  await isClosed(liar, there);
  await page.getByRole('button', { name: 'Export what verifies' }).click();
  const file = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export in the clear' }).click();
  const saved = JSON.parse(readFileSync(await (await file).path(), 'utf8')) as {
    complete: boolean;
    items: { name: string; content: { value: string } }[];
  };
  expect(saved.complete).toBe(false);
  const secrets = saved.items.map(({ content }) => content.value);
  expect(secrets).toHaveLength(1);
  expect(ITEMS.map(({ secret }) => secret)).toContain(secrets[0]);
});

/** Asks for the secret of an item, and is told that it does not verify. */
async function isKeptBack(vault: Vault, name: string): Promise<void> {
  const { page } = vault;
  const detail = await vault.open(name);
  const told = vault.toast.filter({ hasText: REFUSED });
  const before = await told.count();
  await detail.getByRole('button', { name: 'Reveal', exact: true }).click();
  await expect(told).toHaveCount(before + 1);
  await expect(detail.getByRole('button', { name: 'Reveal', exact: true })).toBeVisible();
  for (const { secret } of ITEMS) await expect(page.getByText(secret)).toHaveCount(0);
  await told.first().getByRole('button', { name: 'Dismiss' }).click();
}

type Details = { details: { item_id: string; details: string }[] };

story("a server that gives another item's secret is refused", async ({ liar, page, there, vault }) => {
  await vault.isLocked();
  const open = await isTrusted(there);
  await open.startNew();
  await page.getByLabel('Kind', { exact: true }).selectOption({ label: 'Note' });
  await page.getByLabel('Name', { exact: true }).fill('A note');
  await page.getByLabel('Text', { exact: true }).fill('the-text-of-the-note');
  await open.save();
  await expect(open.detail('A note')).toBeVisible();
  const heard = listenFor(liar, '/details');
  const given: Details[] = [];
  for (const name of ['First key', 'A note']) {
    await open.reveal(await open.open(name));
    given.push(JSON.parse(heard.get('/details')!.toString()) as Details);
  }
  // As it was asked for, and under the name of what is asked for now.
  for (const other of given) {
    liar.lie = ({ path }) => (path.endsWith('/details') ? Buffer.from(JSON.stringify(other)) : undefined);
    await isKeptBack(open, 'Second key');
    liar.lie = everyDetails(() => other.details[0]!.details);
    await isKeptBack(open, 'Second key');
  }
  await expect(page.getByText('the-text-of-the-note')).toHaveCount(0);
});

story('a server that lets accounts and vaults change places is refused', async ({ browser, guard, liar, page, there, vault }) => {
  story.slow();
  await vault.isLocked();
  const heard = listenFor(liar, '/auth/login', '/changes');
  const context = await browser.newContext({ baseURL: liar.origin });
  guard.watch(context);
  const mallory = new Person(await context.newPage());
  const other = await mallory.signUp();
  await other.addKey({ name: 'Not yours', secret: 'not-yours' });
  await other.lock();
  await (await mallory.unlock()).lock();
  await context.close();
  const { account } = JSON.parse(heard.get('/auth/login')!.toString()) as { account: Account };
  const theirs = heard.get('/changes')!;
  const places: ((mine: Account) => void)[] = [
    (mine) => Object.assign(mine, account),
    (mine) => (mine.bundle = account.bundle),
    (mine) => (mine.keyset = account.keyset),
    (mine) => (mine.keyset.keyring = account.keyset.keyring),
    (mine) => (mine.vaults = account.vaults),
    (mine) => (mine.vaults[0]!.wrapped_key = account.vaults[0]!.wrapped_key),
    (mine) => (mine.vaults[0]!.id = '00'.repeat(16)),
  ];
  for (const place of places) {
    liar.lie = everyLogIn(place);
    await isRefused(liar, there);
  }
  // Their items in the place of one's own, and two of one's own in each other's.
  liar.lie = ({ path }) => (path.includes('/changes') ? theirs : undefined);
  await isClosed(liar, there);
  await expect(page.getByText('Not yours')).toHaveCount(0);
  liar.lie = everySync((all) => {
    const items = all.filter(({ kind }) => kind === 1);
    return all.map((entry) => (entry.kind === 1 ? withOverview(entry, overviewOf(items.find((item) => idOf(item) !== idOf(entry))!)) : entry));
  });
  await isClosed(liar, there);
});

const nonsense: [string, (body: Buffer) => Buffer][] = [
  ['/auth/login', () => Buffer.from('['.repeat(100_000))],
  ['/auth/login', (body) => Buffer.from(body.toString().replace('{"account":', '{"account":{},"account":'))],
  ['/auth/login', (body) => Buffer.concat([body, body])],
  ['/auth/login', (body) => Buffer.concat([body, Buffer.alloc(2 ** 21, ' ')])],
  ['/auth/login', (body) => Buffer.from(body.toString().replace('"version":1', `"version":${'9'.repeat(50_000)}`))],
  ['/changes', (body) => Buffer.concat([body, Buffer.alloc(1)])],
  ['/changes', (body) => Buffer.concat([body.subarray(0, 45), Buffer.alloc(4, 255), body.subarray(49)])],
  ['/changes', (body) => Buffer.concat([body.subarray(0, -1), Buffer.from([body.at(-1)! ^ 1])])],
  ['/changes', () => Buffer.from('<html>'.repeat(100))],
];

story('a server that answers with what is no answer is refused', async ({ liar, there, vault }) => {
  story.slow();
  await vault.isLocked();
  for (const [where, spoil] of nonsense) {
    liar.lie = ({ path, body }) => (path.includes(where) ? spoil(body) : undefined);
    await isRefused(liar, there);
  }
});

story('a server that edits what stands beside an item changes nothing', async ({ liar, page, there, vault }) => {
  await vault.isLocked();
  // Which version wrote the details is inside as well; the number outside is not believed.
  const edited = everyItem(({ bytes }) => {
    bytes.writeBigUInt64BE(77n, 33);
    return bytes;
  });
  const more = everyJson((path, answer) => {
    if (!path.endsWith('/details')) return;
    for (const one of (answer as unknown as Details).details) {
      Object.assign(one, { kind: 'note', name: 'Another name', created_at_ms: 1, folder: 'Another folder' });
    }
  });
  liar.lie = (answer) => edited(answer) ?? more(answer);
  const open = await isTrusted(there);
  const detail = await open.open('First key');
  await open.reveal(detail);
  await expect(detail.getByText('the-first-secret')).toBeVisible();
  await expect(page.getByText(/Another (name|folder)/)).toHaveCount(0);
  // The other numbers are part of what was signed: the version, the revision, the item's own.
  for (const edit of [
    (bytes: Buffer) => bytes.fill(9, 24, 25),
    (bytes: Buffer) => bytes.fill(255, 25, 33),
    (bytes: Buffer) => bytes.fill(7, 1, 17),
  ]) {
    liar.lie = everyItem(({ bytes }) => edit(bytes));
    await isClosed(liar, there);
  }
});

const places: ((account: Account) => void)[] = [
  ({ keyset }) => (keyset.wrapped_root_key = keyset.keyring),
  ({ keyset, vaults }) => (keyset.keyring = vaults[0]!.wrapped_key),
  ({ keyset, vaults }) => (vaults[0]!.wrapped_key = keyset.keyring),
];

story('a server that puts one thing in the place of another is refused', async ({ liar, page, there, vault }) => {
  story.slow();
  await vault.isLocked();
  const heard = listenFor(liar, '/changes', '/details');
  const open = await isTrusted(there);
  await open.reveal(await open.open('First key'));
  await open.lock();
  const [{ item_id, details }] = (JSON.parse(heard.get('/details')!.toString()) as Details).details as [Details['details'][0]];
  const overview = overviewOf(itemsOf(heard).find((item) => idOf(item) === item_id)!);
  for (const place of places) {
    liar.lie = everyLogIn(place);
    await isRefused(liar, there);
  }
  // Every other type that an overview could say it is, and details in its place.
  for (const kind of [0x0002, 0x0101, 0x0103, 0x0201, 0xffff]) {
    liar.lie = everyItem(({ bytes }) => {
      bytes.writeUInt16BE(kind, 45 + 4);
      return bytes;
    });
    await isClosed(liar, there);
  }
  liar.lie = everyItem((item) => (idOf(item) === item_id ? withOverview(item, Buffer.from(details, 'base64url')) : item));
  await isClosed(liar, there);
  // And the other way round.
  liar.lie = everyDetails(() => overview.toString('base64url'));
  await page.getByRole('button', { name: 'Try again' }).click();
  await isKeptBack(vault, 'First key');
});

story('a server that says it is older gets no older client', async ({ guard, liar, page, there, vault }) => {
  guard.allowStatus(404);
  await vault.isLocked();
  // Syncs as they were, or none at all.
  liar.lie = ({ path, body }) => (path.includes('/changes') ? Buffer.concat([Buffer.from('KAC1'), body.subarray(4)]) : undefined);
  await isRefused(liar, there);
  liar.lie = undefined;
  const problem = { code: 'not_found', message: 'Not found.', action: 'Nothing.' };
  liar.instead = ({ path }) => (path.includes('/changes') ? json(problem, 404) : undefined);
  await isRefused(liar, there, 'The vault is locked.');
  liar.instead = undefined;
  // Items without a manifest, as before there were any.
  liar.lie = everySync((all) => all.filter(({ kind }) => kind === 1));
  await isClosed(liar, there);
  // What devices have seen is not kept, and features are said to be off: this one remembers.
  liar.lie = everyJson((path, answer) => {
    if (path !== '/auth/login') return;
    delete (answer.account as { pins?: unknown }).pins;
    Object.assign(answer, { server_version: '0.0.1', features: { manifests: false, second_factor: false } });
  });
  const open = await isTrusted(there);
  await open.addKey({ name: 'Third key', secret: 'the-third-secret' });
  const write = liar.requests.findLast(({ path }) => path.endsWith('/items'))!;
  const { manifest } = JSON.parse(write.body.toString()) as { manifest: string };
  expect(Buffer.from(manifest, 'base64url').toString('ascii', 0, 2)).toBe('KM');
  await expect(page.getByRole('heading', { name: BLOCKED })).toHaveCount(0);
});

story('an address in an item is asked by nobody', async ({ context, liar, page, there, vault }) => {
  await vault.isLocked();
  const port = await freePort();
  const visits: string[] = [];
  const site = createServer((visit, answer) => {
    visits.push(visit.url ?? '');
    answer.end();
  });
  await new Promise<void>((resolve) => site.listen(port, '127.0.0.1', resolve));
  try {
    const elsewhere: string[] = [];
    context.on('request', (request) => {
      if (/^https?:/.test(request.url()) && new URL(request.url()).origin !== liar.origin) elsewhere.push(request.url());
    });
    const address = `http://127.0.0.1:${port}/of-a-login`;
    const open = await isTrusted(there);
    await open.startNew();
    await page.getByLabel('Kind', { exact: true }).selectOption({ label: 'Login' });
    await page.getByLabel('Name', { exact: true }).fill('A login');
    await page.getByLabel('Password', { exact: true }).fill('hunter-forty-two');
    await page.getByLabel('Address', { exact: true }).fill(address);
    await open.save();
    await expect(open.detail('A login')).toBeVisible();
    await open.lock();
    const again = await isTrusted(there);
    const detail = await again.open('A login');
    await again.reveal(detail);
    await expect(detail.getByText(address)).toBeVisible();
    await again.filter.fill('login');
    await expect(again.row('A login')).toBeVisible();
    expect(visits).toEqual([]);
    expect(elsewhere).toEqual([]);
    const known = /^(GET \/(vault|log-in|settings|pkg\/|favicon|fonts\/|api\/vaults\/[0-9a-f]{32}\/changes\?)|POST \/(auth\/|api\/account\/pins$|api\/vaults\/[0-9a-f]{32}\/(items|details)$))/;
    expect(liar.asked.filter((asked) => /^\w+ \/(api|auth|rpc)/.test(asked) && !known.test(asked))).toEqual([]);
  } finally {
    site.closeAllConnections();
    await new Promise((resolve) => site.close(resolve));
  }
});

story('a server that dresses up its words cannot change what the page says', async ({ guard, liar, page, there, vault }) => {
  guard.allowStatus(400);
  await vault.isLocked();
  const nasty = '\u202e<b id="planted">Type your password here</b>\u001b[2J';
  liar.lie = everyLogIn((account) => {
    account.email = nasty;
  });
  const open = await isTrusted(there);
  // Where the account's name stands it is the beginning of its setup code, not what the server says.
  await open.go('Settings');
  await expect(page.getByText(/Unlocked as KA1-/)).toBeVisible();
  await expect(page.locator('#planted')).toHaveCount(0);
  await expect(page.getByText('Type your password here')).toHaveCount(0);
  await open.go('All items');
  // Why it refuses is for the server to say. It is said as text.
  liar.instead = ({ path }) =>
    path.endsWith('/items') ? json({ code: 'invalid_request', message: nasty, action: nasty }, 400) : undefined;
  await open.startNew();
  await open.fillKey({ name: 'Third key', secret: 'kept' });
  await open.save();
  await expect(page.getByText('<b id="planted">').first()).toBeVisible();
  await expect(page.locator('#planted')).toHaveCount(0);
  await expect(page.getByLabel('Secret', { exact: true })).toHaveValue('kept');
});

/** Reveals the open item once for each answer, and gives what the page says each time. */
function revealAgainAndAgain(page: Page, times: number): Promise<string[]> {
  return page.evaluate(async (count) => {
    const stack = document.querySelector('.toasts')!;
    const button = document.querySelector<HTMLButtonElement>('#reveal')!;
    const said: string[] = [];
    for (let time = 0; time < count; time += 1) {
      const told = new Promise<string>((resolve) => {
        const observer = new MutationObserver((changes) => {
          const added = changes.flatMap(({ addedNodes }) => [...addedNodes]).find((node) => node instanceof HTMLElement);
          if (added === undefined) return;
          observer.disconnect();
          resolve(added.textContent ?? '');
        });
        observer.observe(stack, { childList: true });
      });
      button.click();
      said.push(await told);
      if (button.getAttribute('aria-label') !== 'Reveal') throw new Error(`revealed after ${time}`);
    }
    return said;
  }, times);
}

/** Each of these in the place of an item's details: one request and one sentence, always the same. */
async function areAllAlike(liar: Liar, vault: Vault, make: (honest: Buffer) => Buffer[]): Promise<number> {
  const { page } = vault;
  const heard = listenFor(liar, '/details');
  await vault.reveal(await vault.open('First key'));
  await page.getByRole('button', { name: 'Hide', exact: true }).click();
  const whole = JSON.parse(heard.get('/details')!.toString()) as Details;
  const blobs = make(Buffer.from(whole.details[0]!.details, 'base64url'));
  const tries = blobs.length;
  const before = liar.requests.length;
  liar.lie = undefined;
  // By itself: the server is not what is tried here.
  liar.instead = ({ path }) => {
    if (!path.endsWith('/details')) return undefined;
    const details = blobs.shift()?.toString('base64url') ?? 'asked too often';
    return json({ details: [{ ...whole.details[0], details }] });
  };
  const said = await revealAgainAndAgain(page, tries);
  expect(said).toHaveLength(tries);
  expect(new Set(said)).toEqual(new Set([REFUSED]));
  // The list is looked through once in a while, whatever happens.
  const asked = liar.requests.slice(before).filter(({ path }) => !path.includes('/changes?'));
  expect(asked).toHaveLength(tries);
  const alike = asked.map(({ method, path, headers, body }) => JSON.stringify([method, path, headers, body.toString()]));
  expect(new Set(alike).size, 'nothing is reported, nothing is tried in another way').toBe(1);
  liar.instead = undefined;
  await vault.reveal(vault.detail('First key'));
  await expect(page.getByText('the-first-secret')).toBeVisible();
  return tries;
}

story('a server that sends hundreds of malformed secrets learns nothing from the reaction', async ({ liar, there, vault }) => {
  await vault.isLocked();
  const open = await isTrusted(there);
  const tried = await areAllAlike(liar, open, (honest) =>
    Array.from({ length: 400 }, (_, at) => {
      const blob = randomBytes(Math.floor((at * 7) / 4));
      if (at % 4 === 1) blob.write('KA\u0001\u0001', 'latin1');
      if (at % 4 === 2) honest.copy(blob, 0, 0, 78);
      if (at % 4 === 3) return honest.subarray(0, at % honest.length);
      return blob;
    }),
  );
  expect(tried).toBe(400);
});

story('a server that flips any bit of a sealed secret gets the same answer', async ({ liar, there, vault }) => {
  await vault.isLocked();
  const open = await isTrusted(there);
  // One bit of each byte, each time another: header, salt, commitment, ciphertext and tag.
  const tried = await areAllAlike(liar, open, (honest) =>
    Array.from(honest, (_, at) => {
      const flipped = Buffer.from(honest);
      flipped[at]! ^= 1 << (at % 8);
      return flipped;
    }),
  );
  expect(tried).toBeGreaterThanOrEqual(350);
});
