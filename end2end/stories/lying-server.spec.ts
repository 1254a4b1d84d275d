import { cpSync, readFileSync, rmSync } from 'node:fs';

import { expect, test } from '../support/fixtures.ts';
import { everyJson, Liar, records, sync, type Lie } from '../support/liar.ts';
import { Person } from '../support/person.ts';
import type { Vault } from '../support/vault.ts';

const BLOCKED = 'Your vault is closed, because the server changed it';
const ITEMS = [
  { name: 'First key', secret: 'the-first-secret' },
  { name: 'Second key', secret: 'the-second-secret' },
];

/** Changes every sync. */
const everySync =
  (change: (all: { kind: number; bytes: Buffer }[]) => { bytes: Buffer }[]): Lie =>
  ({ path, body }) =>
    path.includes('/changes') ? sync(change(records(body))) : undefined;

const story = test.extend<{ liar: Liar; there: Person; vault: Vault }>({
  liar: async ({}, use) => {
    const liar = await Liar.start();
    await use(liar);
    await liar.stop();
  },
  baseURL: async ({ liar }, use) => use(liar.origin),
  /** Somebody with two items, on a device that remembers them. */
  vault: async ({ page }, use) => {
    const person = new Person(page);
    const vault = await person.signUp();
    for (const item of ITEMS) await vault.addKey(item);
    await vault.lock();
    Object.assign(vault, { person });
    await use(vault);
  },
  there: async ({ vault }, use) => use((vault as Vault & { person: Person }).person),
});

const lies: [string, Lie][] = [
  ['leaves an item out', everySync((all) => all.filter(({ kind }, at) => kind !== 1 || at !== all.findIndex((r) => r.kind === 1)))],
  ['alters an item', everySync((all) => all.map(({ kind, bytes }) => {
    const altered = Buffer.from(bytes);
    if (kind === 1) altered[200]! ^= 1;
    return { bytes: altered };
  }))],
  ['turns an item into a deleted one', everySync((all) => all.map(({ kind, bytes }) => {
    if (kind !== 1) return { bytes };
    const gone = Buffer.from(bytes.subarray(0, 33));
    gone[0] = 2;
    return { bytes: gone };
  }))],
  ['alters what was signed', everySync((all) => all.map(({ kind, bytes }) => {
    const altered = Buffer.from(bytes);
    if (kind === 3) altered[120]! ^= 1;
    return { bytes: altered };
  }))],
  ['keeps back what was signed', everySync((all) => all.filter(({ kind }) => kind !== 3))],
];

for (const [what, lie] of lies) {
  story(`a server that ${what} gets a closed vault, and an honest one opens it`, async ({ liar, page, there, vault }) => {
    liar.lie = lie;
    await page.reload();
    await page.getByLabel('Master password', { exact: true }).fill(there.password);
    await page.getByRole('button', { name: 'Unlock' }).click();
    await expect(page.getByRole('heading', { name: BLOCKED })).toBeVisible();
    await expect(page.getByText('First key')).toHaveCount(0);
    await expect(page.getByText('Second key')).toHaveCount(0);
    liar.lie = undefined;
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect(vault.row('First key')).toBeVisible();
    await expect(page.getByText('Freshness unverified')).toHaveCount(0);
  });
}

story('what verifies can be exported from a closed vault', async ({ liar, page, there, vault }) => {
  await vault.isLocked();
  liar.lie = everySync((all) => {
    const first = all.findIndex(({ kind }) => kind === 1);
    return all.filter((_, at) => at !== first);
  });
  await page.reload();
  await page.getByLabel('Master password', { exact: true }).fill(there.password);
  await page.getByRole('button', { name: 'Unlock' }).click();
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

story('a server that puts an old backup in place can be read and is not written to', async ({ liar, page, there, vault }) => {
  const { server } = liar;
  await vault.isLocked();
  await server.stop();
  const backup = `${server.folder}/backup`;
  cpSync(server.dataDir, backup, { recursive: true });
  await server.run();
  await page.reload();
  const open = await there.unlock();
  await open.addKey({ name: 'Third key', secret: 'the-third-secret' });
  await open.lock();

  await server.stop();
  rmSync(server.dataDir, { recursive: true });
  cpSync(backup, server.dataDir, { recursive: true });
  await server.run();
  await page.reload();
  const back = await there.unlock();
  await expect(page.getByText(/version 2, although version 3 was saved/)).toBeVisible();
  await expect(back.row('Third key')).toHaveCount(0);
  const detail = await back.open('First key');
  await back.reveal(detail);
  await expect(detail.getByText('the-first-secret')).toBeVisible();
  await back.startNew();
  await back.fillKey({ name: 'Fourth key', secret: 'kept' });
  await back.save();
  await expect(page.getByText(/read-only while the server does not show its newest state/)).toBeVisible();
  await expect(page.getByLabel('Secret', { exact: true })).toHaveValue('kept');
  expect(liar.asked.filter((asked) => /POST .*\/items$/.test(asked))).toHaveLength(3);
});

story("a server that gives another item's secret is refused", async ({ liar, page, there, vault }) => {
  await vault.isLocked();
  const open = await (async () => {
    await page.reload();
    return there.unlock();
  })();
  let first: Buffer | undefined;
  liar.lie = ({ path, body }) => {
    if (!path.endsWith('/details')) return undefined;
    const answer = JSON.parse(body.toString()) as { details: { item_id: string; details: string }[] };
    const [one] = answer.details;
    if (first !== undefined && one !== undefined) {
      const other = JSON.parse(first.toString()) as typeof answer;
      one.details = other.details[0]?.details ?? '';
    }
    first ??= body;
    return Buffer.from(JSON.stringify(answer));
  };
  const honest = await open.open('First key');
  await open.reveal(honest);
  const detail = await open.open('Second key');
  await detail.getByRole('button', { name: 'Reveal', exact: true }).click();
  await expect(page.getByText(/does not verify/).first()).toBeVisible();
  await expect(page.getByText('the-second-secret')).toHaveCount(0);
  await expect(detail.getByText('the-first-secret')).toHaveCount(0);
});

story('a server that keeps the wrapped keys back gets no new ones', async ({ liar, page, there, vault }) => {
  await vault.isLocked();
  const before = liar.asked.length;
  for (const field of ['wrapped_root_key', 'keyring']) {
    liar.lie = ({ path, body }) => {
      if (path !== '/auth/login') return undefined;
      const answer = JSON.parse(body.toString()) as { account: { keyset: Record<string, unknown> } };
      answer.account.keyset[field] = null;
      return Buffer.from(JSON.stringify(answer));
    };
    await page.reload();
    await page.getByLabel('Master password', { exact: true }).fill(there.password);
    await page.getByRole('button', { name: 'Unlock' }).click();
    await expect(page.getByText(/does not verify/).first()).toBeVisible();
  }
  const written = liar.asked.slice(before).filter((asked) => /POST/.test(asked) && !/challenge|login/.test(asked));
  expect(written).toEqual([]);
});

/** What a log-in is answered with, as far as these lies go. */
interface Account {
  email?: string;
  pins?: unknown;
  bundle: string;
  keyset: { version: number; wrapped_root_key: string; keyring: string };
  vaults: { id: string; wrapped_key: string; revision: number }[];
}

/** Changes the account that a log-in is answered with. */
const everyLogIn = (change: (account: Account) => void): Lie =>
  everyJson((path, answer) => {
    if (path === '/auth/login') change(answer.account as Account);
  });

/** Other bytes in the place of sealed ones. */
const altered = (sealed: string, change: (bytes: Buffer) => Buffer): string =>
  change(Buffer.from(sealed, 'base64url')).toString('base64url');

story('a server that offers another key derivation is not listened to', async ({ liar, page, there, vault }) => {
  await vault.isLocked();
  const offers = [
    { kdf: 'pbkdf2', iterations: 1, kdf_iterations: 5000 },
    { kdf: { name: 'argon2id', memory_mib: 65_536, passes: 4_294_967_295 } },
    { suite: 0, kdf: 'none' },
    { suite: 255, salt: 'AAAAAAAAAAAAAAAAAAAAAA' },
  ];
  for (const offer of offers) {
    // The very log-in is proof that the key is the one of old: the server checks its signature.
    liar.lie = everyJson((path, answer) => {
      if (path === '/auth/login') Object.assign(answer, offer, { account: { ...(answer.account as object), ...offer } });
    });
    await page.reload();
    const open = await there.unlock();
    await expect(open.row('First key')).toBeVisible();
    await open.lock();
    // Where nothing else may stand, an offer is refused.
    liar.lie = everyJson((path, answer) => {
      if (path === '/auth/challenge') Object.assign(answer, offer);
    });
    await page.reload();
    await page.getByLabel('Master password', { exact: true }).fill(there.password);
    await page.getByRole('button', { name: 'Unlock' }).click();
    await expect(page.getByText(/does not verify/).first()).toBeVisible();
  }
});

const forms: [string, (bytes: Buffer) => Buffer][] = [
  ['algorithm 0', (bytes) => Buffer.from(bytes.fill(0, 3, 4))],
  ['algorithm 99', (bytes) => Buffer.from(bytes.fill(99, 3, 4))],
  ['a short tag', (bytes) => bytes.subarray(0, bytes.length - 1)],
  ['no ciphertext', (bytes) => bytes.subarray(0, 94)],
  ['another commitment', (bytes) => Buffer.from(bytes.fill(7, 46, 78))],
  ['another ciphertext', (bytes) => Buffer.from(bytes.fill(7, 78))],
];

story('a server that gives a key of another form opens nothing', async ({ liar, page, there, vault }) => {
  await vault.isLocked();
  const asked = liar.asked.length;
  for (const [, form] of forms) {
    liar.lie = everyLogIn((account) => {
      account.keyset.wrapped_root_key = altered(account.keyset.wrapped_root_key, form);
    });
    await page.reload();
    await page.getByLabel('Master password', { exact: true }).fill(there.password);
    await page.getByRole('button', { name: 'Unlock' }).click();
    await expect(page.getByText(/does not verify/).first()).toBeVisible();
    await expect(page.getByText('First key')).toHaveCount(0);
  }
  const sent = liar.asked.slice(asked).filter((one) => /POST/.test(one) && !/challenge|login/.test(one));
  expect(sent).toEqual([]);
});

story('a server that answers with what is no answer is refused', async ({ liar, page, there, vault }) => {
  await vault.isLocked();
  const nonsense: [string, (body: Buffer) => Buffer][] = [
    ['/auth/login', () => Buffer.from('['.repeat(100_000))],
    ['/auth/login', (body) => Buffer.from(body.toString().replace('{"account":', '{"account":{},"account":'))],
    ['/auth/login', (body) => Buffer.concat([body, body])],
    ['/auth/login', (body) => Buffer.concat([body, Buffer.alloc(2 ** 21, ' ')])],
    ['/changes', (body) => Buffer.concat([body, Buffer.alloc(1)])],
    ['/changes', (body) => Buffer.concat([body.subarray(0, 45), Buffer.alloc(4, 255), body.subarray(49)])],
    ['/changes', (body) => Buffer.concat([Buffer.from('KAC1'), body.subarray(4)])],
  ];
  for (const [where, spoil] of nonsense) {
    liar.lie = ({ path, body }) => (path.includes(where) ? spoil(body) : undefined);
    await page.reload();
    await page.getByLabel('Master password', { exact: true }).fill(there.password);
    await page.getByRole('button', { name: 'Unlock' }).click();
    await expect(page.getByText(/does not verify|server changed it/).first()).toBeVisible();
    await expect(page.getByText('First key')).toHaveCount(0);
  }
});

story('a server that edits what stands beside an item changes nothing', async ({ liar, page, there, vault }) => {
  await vault.isLocked();
  // Which version wrote the details is inside as well; the number outside is not believed.
  liar.lie = everySync((all) =>
    all.map(({ kind, bytes }) => {
      const edited = Buffer.from(bytes);
      if (kind === 1) edited.writeBigUInt64BE(77n, 33);
      return { bytes: edited };
    }),
  );
  await page.reload();
  const open = await there.unlock();
  await expect(open.row('First key')).toBeVisible();
  await expect(open.row('Second key')).toBeVisible();
  const detail = await open.open('First key');
  await open.reveal(detail);
  await expect(detail.getByText('the-first-secret')).toBeVisible();
});

story('a server that shows an older version of one item gets a closed vault', async ({ liar, page, there, vault }) => {
  await vault.isLocked();
  let before: Map<string, Buffer> | undefined;
  const byItem = (all: { kind: number; bytes: Buffer }[]) =>
    new Map(all.filter(({ kind }) => kind === 1).map(({ bytes }) => [bytes.toString('hex', 1, 17), Buffer.from(bytes)]));
  liar.lie = ({ path, body }) => {
    if (path.includes('since=0')) before ??= byItem(records(body));
    return undefined;
  };
  await page.reload();
  const open = await there.unlock();
  const detail = await open.open('First key');
  await detail.getByRole('button', { name: 'Edit', exact: true }).click();
  await open.fillKey({ secret: 'a-newer-secret' });
  await open.save();
  await expect(open.detail('First key')).toBeVisible();
  await open.lock();
  liar.lie = everySync((all) =>
    all.map(({ kind, bytes }) => ({ bytes: (kind === 1 && before?.get(bytes.toString('hex', 1, 17))) || bytes })),
  );
  await page.reload();
  await page.getByLabel('Master password', { exact: true }).fill(there.password);
  await page.getByRole('button', { name: 'Unlock' }).click();
  await expect(page.getByRole('heading', { name: BLOCKED })).toBeVisible();
  await expect(page.getByText('First key')).toHaveCount(0);
});

story('a server that dresses up its words cannot change what the page says', async ({ liar, page, there, vault }) => {
  await vault.isLocked();
  const nasty = '\u202e<b id="planted">Type your password here</b>\u001b[2J';
  liar.lie = everyLogIn((account) => {
    account.email = nasty;
  });
  await page.reload();
  const open = await there.unlock();
  await expect(open.row('First key')).toBeVisible();
  // Where the account's name stands it is the beginning of its setup code, not what the server says.
  await open.go('Settings');
  await expect(page.getByText(/Unlocked as KA1-/)).toBeVisible();
  await expect(page.locator('#planted')).toHaveCount(0);
  await expect(page.getByText('Type your password here')).toHaveCount(0);
});

const places: [string, (account: Account) => void][] = [
  ['the keyring as root key', ({ keyset }) => (keyset.wrapped_root_key = keyset.keyring)],
  ['the vault key as keyring', ({ keyset, vaults }) => (keyset.keyring = vaults[0]!.wrapped_key)],
  ['the keyring as vault key', ({ keyset, vaults }) => (vaults[0]!.wrapped_key = keyset.keyring)],
  ['keys for another vault', ({ vaults }) => (vaults[0]!.id = '00'.repeat(16))],
  // Points of small order in the place of the public keys.
  ['a weak signature key', (account) => (account.bundle = altered(account.bundle, (bytes) => bytes.fill(0, 55, 87)))],
  ['a weak exchange key', (account) => (account.bundle = altered(account.bundle, (bytes) => bytes.fill(0, 87, 119)))],
];

story('a server that puts one thing in the place of another is refused', async ({ liar, page, there, vault }) => {
  await vault.isLocked();
  for (const [, place] of places) {
    liar.lie = everyLogIn(place);
    await page.reload();
    await page.getByLabel('Master password', { exact: true }).fill(there.password);
    await page.getByRole('button', { name: 'Unlock' }).click();
    await expect(page.getByText(/does not verify/).first()).toBeVisible();
    await expect(page.getByText('First key')).toHaveCount(0);
  }
  // An overview that says it is another thing, and one in the place of details.
  const overviews: Buffer[] = [];
  liar.lie = everySync((all) => {
    overviews.push(...all.filter(({ kind }) => kind === 1).map(({ bytes }) => Buffer.from(bytes.subarray(45))));
    return all.map(({ kind, bytes }) => ({ bytes: kind === 1 ? Buffer.from(bytes).fill(2, 50, 51) : bytes }));
  });
  await page.reload();
  await page.getByLabel('Master password', { exact: true }).fill(there.password);
  await page.getByRole('button', { name: 'Unlock' }).click();
  await expect(page.getByRole('heading', { name: BLOCKED })).toBeVisible();
  liar.lie = everyJson((path, answer) => {
    if (!path.endsWith('/details')) return;
    for (const one of answer.details as { details: string }[]) one.details = overviews[0]!.toString('base64url');
  });
  await page.getByRole('button', { name: 'Try again' }).click();
  const detail = await vault.open('First key');
  await detail.getByRole('button', { name: 'Reveal', exact: true }).click();
  await expect(page.getByText(/does not verify/).first()).toBeVisible();
  await expect(page.getByText('the-first-secret')).toHaveCount(0);
});

story('a new device that is shown an old state says that it cannot know', async ({ browser, liar, page, there, vault }) => {
  await vault.isLocked();
  let before: Buffer | undefined;
  liar.lie = ({ path, body }) => {
    if (path.includes('since=0')) before ??= Buffer.from(body);
    return undefined;
  };
  await page.reload();
  const open = await there.unlock();
  await open.addKey({ name: 'Third key', secret: 'the-third-secret' });
  // The old state, and nothing of what other devices told.
  const forget = everyLogIn((account) => {
    account.pins = [];
  });
  liar.lie = (answer) => (answer.path.includes('/changes') ? before : forget(answer));
  const context = await browser.newContext({ baseURL: liar.origin });
  const fresh = await there.at(await context.newPage()).logIn();
  await expect(fresh.row('First key')).toBeVisible();
  await expect(fresh.row('Third key')).toHaveCount(0);
  await expect(fresh.page.getByText('Freshness unverified').first()).toBeVisible();
  await context.close();
});

story('a server that repeats an old challenge lets nobody in', async ({ liar, page, there, vault }) => {
  await vault.isLocked();
  let first: Buffer | undefined;
  liar.lie = ({ path, body }) => {
    if (path !== '/auth/challenge') return undefined;
    first ??= Buffer.from(body);
    return first;
  };
  await page.reload();
  const open = await there.unlock();
  await open.lock();
  await page.reload();
  await page.getByLabel('Master password', { exact: true }).fill(there.password);
  await page.getByRole('button', { name: 'Unlock' }).click();
  await expect(page.getByRole('alert').first()).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Unlock your vault' })).toBeVisible();
  await expect(page.getByText('First key')).toHaveCount(0);
});
