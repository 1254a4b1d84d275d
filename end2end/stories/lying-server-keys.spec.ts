// How keys come from a password, what they are wrapped in, and what they sign.

import { randomBytes } from 'node:crypto';

import type { Page } from '@playwright/test';

import { passwordSalt, rootKeyPlace, salamander, seal, unseal, wrapKey } from '../support/envelope.ts';
import { altered, everyJson, everyLogIn, everySync, json, Liar, type Account, type Asked } from '../support/liar.ts';
import { expect, isClosed, isRefused, isTrusted, listenFor, sent, story, workerOf } from '../support/lying.ts';
import { Person } from '../support/person.ts';

type Json = Record<string, unknown>;

/** A derivation that the worker asked its browser for. */
interface Derivation {
  name: string;
  hash: string;
  iterations: number;
  salt: number[];
}

/** From here on the worker notes what it derives. */
async function noteDerivations(page: Page): Promise<() => Promise<Derivation[]>> {
  const worker = await workerOf(page);
  await worker.evaluate(() => {
    const derive = crypto.subtle.deriveBits.bind(crypto.subtle);
    const noted: Derivation[] = [];
    Object.assign(globalThis, { noted });
    crypto.subtle.deriveBits = (algorithm, key, length) => {
      const { name, hash, iterations, salt } = algorithm as Pbkdf2Params;
      noted.push({ name, hash: String(hash), iterations, salt: [...new Uint8Array(salt as ArrayBuffer)] });
      return derive(algorithm, key, length);
    };
  });
  return () => worker.evaluate(() => (globalThis as unknown as { noted: Derivation[] }).noted);
}

const offers: [string, Json[]][] = [
  ['offers a cheaper key derivation', [
    { kdf: 'pbkdf2', iterations: 1, kdf_iterations: 1 },
    { kdf: { name: 'pbkdf2', iterations: 599_999 } },
    { kdf: 'argon2id', memory_mib: 8, passes: 1, lanes: 1 },
  ]],
  ['offers an endless key derivation', [
    { kdf: 'pbkdf2', iterations: 2 ** 31 },
    { kdf: { name: 'argon2id', memory_mib: 65_536, passes: 4_294_967_295 } },
    { kdf: 'pbkdf2', iterations: -1 },
  ]],
  ['offers no key derivation at all', [
    { suite: 0 },
    { suite: 255, kdf: null },
    { kdf: 'none', suite: 'none', password: true },
  ]],
  ['offers a salt of its own', [
    { salt: 'AAAAAAAAAAAAAAAAAAAAAA', kdf_salt: 'ada@example.com' },
    { suite: 1, salt: null },
  ]],
];

for (const [what, each] of offers) {
  story(`a server that ${what} is not listened to`, async ({ liar, page, there, vault }) => {
    story.slow();
    await vault.isLocked();
    const own = { name: 'PBKDF2', hash: 'SHA-256', iterations: 1_000_000, salt: [...passwordSalt(there.setupCode)] };
    for (const offer of each) {
      const derivations = await noteDerivations(page);
      // Where nothing else may stand, an offer is refused.
      liar.lie = everyJson((path, answer) => {
        if (path === '/auth/challenge') Object.assign(answer, offer);
      });
      await isRefused(liar, there);
      liar.lie = everyLogIn((account) => {
        Object.assign(account.keyset, offer);
      });
      await isRefused(liar, there);
      // Elsewhere it means nothing: the very log-in is proof that the key is the one of old.
      liar.lie = everyJson((path, answer) => {
        if (path === '/auth/login') Object.assign(answer, offer, { account: { ...(answer.account as object), ...offer } });
      });
      const open = await there.unlock();
      await expect(open.row('First key')).toBeVisible();
      // What the browser was asked for is the same each time, once for each try.
      expect(await derivations()).toEqual([own, own, own]);
      await open.lock();
    }
  });
}

/** Everything of an account that opens something. */
const KEYS: string[][] = [
  ['account', 'keyset', 'wrapped_root_key'],
  ['account', 'keyset', 'keyring'],
  ['account', 'vaults', '0', 'wrapped_key'],
  ['account', 'bundle'],
  ['account', 'keyset'],
  ['account', 'vaults'],
  ['account'],
];

/** Changes one member of what a log-in is answered with. */
const everyMember = (place: string[], change: (parent: Json, name: string) => void) =>
  everyJson((path, answer) => {
    if (path !== '/auth/login') return;
    const parent = place.slice(0, -1).reduce((inner, name) => inner[name] as Json, answer as Json);
    change(parent, place.at(-1)!);
  });

story('a server that keeps the wrapped keys back gets no new ones', async ({ liar, there, vault }) => {
  story.slow();
  await vault.isLocked();
  for (const place of KEYS) {
    for (const change of [
      (parent: Json, name: string) => (parent[name] = null),
      (parent: Json, name: string) => (parent[name] = ''),
      (parent: Json, name: string) => delete parent[name],
    ]) {
      liar.lie = everyMember(place, change);
      await isRefused(liar, there);
    }
  }
  liar.lie = undefined;
  await isTrusted(there);
});

const forms: ((bytes: Buffer) => Buffer)[] = [
  // Another format, other algorithms, another type.
  (bytes) => bytes.fill(2, 2, 3),
  (bytes) => bytes.fill(0, 3, 4),
  (bytes) => bytes.fill(99, 3, 4),
  (bytes) => bytes.fill(9, 5, 6),
  // A short tag, no ciphertext, half a header, nothing.
  (bytes) => bytes.subarray(0, bytes.length - 1),
  (bytes) => bytes.subarray(0, 94),
  (bytes) => bytes.subarray(0, 11),
  (bytes) => bytes.subarray(0, 0),
  // Another salt, another commitment, another ciphertext.
  (bytes) => bytes.fill(7, 22, 46),
  (bytes) => bytes.fill(7, 46, 78),
  (bytes) => bytes.fill(7, 78),
];

story('a server that gives a key of another form opens nothing', async ({ liar, there, vault }) => {
  story.slow();
  await vault.isLocked();
  for (const place of KEYS.slice(0, 3)) {
    for (const form of forms) {
      liar.lie = everyMember(place, (parent, name) => (parent[name] = altered(parent[name] as string, form)));
      await isRefused(liar, there);
    }
  }
});

const weak = [
  Buffer.alloc(32),
  Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]),
  // Of order eight.
  Buffer.from('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'hex'),
  Buffer.alloc(32, 0xff),
];

story('a server that gives points of small order for public keys opens nothing', async ({ liar, there, vault }) => {
  story.slow();
  await vault.isLocked();
  // Where a bundle has its Ed25519 key, and where its X25519 key.
  for (const at of [55, 87]) {
    for (const point of weak) {
      liar.lie = everyLogIn((account) => {
        account.bundle = altered(account.bundle, (bytes) => Buffer.concat([bytes.subarray(0, at), point, bytes.subarray(at + 32)]));
      });
      await isRefused(liar, there);
    }
  }
});

story('a server that puts one signature under another structure opens nothing', async ({ liar, page, there, vault }) => {
  await vault.isLocked();
  const heard = listenFor(liar, '/auth/login');
  const manifests: Buffer[] = [];
  const open = await isTrusted(there);
  await open.lock();
  const { account } = JSON.parse(heard.get('/auth/login')!.toString()) as { account: Account };
  const ofBundle = Buffer.from(account.bundle, 'base64url').subarray(-64);
  liar.lie = everySync((all) =>
    all.map(({ kind, bytes }) => {
      if (kind !== 3) return { bytes };
      manifests.push(Buffer.from(bytes));
      return { bytes: Buffer.concat([bytes.subarray(0, -64), ofBundle]) };
    }),
  );
  await isClosed(liar, there);
  await page.reload();
  liar.lie = everyLogIn((changed) => {
    changed.bundle = altered(changed.bundle, (bytes) => Buffer.concat([bytes.subarray(0, -64), manifests[0]!.subarray(-64)]));
  });
  await isRefused(liar, there);
});

/** Answers log-ins in the server's place, whatever they prove, with another wrapped root key. */
function answerLogIns(liar: Liar, honest: Buffer, wrapped: Buffer): void {
  const answer = JSON.parse(honest.toString()) as { account: Account };
  answer.account.keyset.wrapped_root_key = wrapped.toString('base64url');
  liar.instead = ({ path }) => (path === '/auth/login' ? json(answer) : undefined);
}

story('a server that gives a ciphertext for two keys opens nothing with either', async ({ liar, page, there, vault }) => {
  await vault.isLocked();
  const heard = listenFor(liar, '/auth/login');
  await (await isTrusted(there)).lock();
  const honest = heard.get('/auth/login')!;
  const { account } = JSON.parse(honest.toString()) as { account: Account };
  const place = rootKeyPlace(account.id, account.keyset.version);
  const other = new Person(page, { password: 'another-lantern-in-the-harbour', setupCode: there.setupCode });
  const keys = await Promise.all([there, other].map(({ password }) => wrapKey(there.setupCode, password)));
  const { envelopes, opensUnder } = salamander(keys, place);
  expect(keys.map(opensUnder), 'AES-GCM alone opens it under both').toEqual([true, true]);
  for (const envelope of envelopes) {
    answerLogIns(liar, honest, envelope);
    for (const person of [there, other]) await isRefused(liar, person);
  }
  // These keys are the client's own: what belongs to one of them alone is opened.
  liar.instead = undefined;
  liar.lie = everyLogIn(({ keyset }) => {
    keyset.wrapped_root_key = altered(keyset.wrapped_root_key, (wrapped) => seal(keys[0]!, place, unseal(keys[0]!, place, wrapped)));
  });
  await isTrusted(there);
});

/** What somebody at the server sees of requests, without the bytes that are random each time. */
const shape = ({ method, path, headers, body }: Asked) => ({
  method,
  path,
  headers: Object.keys(headers).sort(),
  length: body.length,
});

story('a server that wraps for guessed passwords cannot tell a right guess from a wrong one', async ({ liar, page, there, vault }) => {
  story.slow();
  await vault.isLocked();
  const heard = listenFor(liar, '/auth/login');
  await (await isTrusted(there)).lock();
  const honest = heard.get('/auth/login')!;
  const { account } = JSON.parse(honest.toString()) as { account: Account };
  const place = rootKeyPlace(account.id, account.keyset.version);
  const wrong = new Person(page, { password: `${there.password}x`, setupCode: there.setupCode });
  // More than a server can do: it knows the setup code, and has guessed these passwords.
  const guessed = await Promise.all([there, wrong].map(({ password }) => wrapKey(there.setupCode, password)));
  const many = [...guessed, ...Array.from({ length: 14 }, () => randomBytes(32))];
  const { envelopes, opensUnder } = salamander(many, place);
  expect(many.every(opensUnder), 'AES-GCM alone opens it under all').toBe(true);
  const root = randomBytes(32);
  const wraps = [...envelopes.slice(0, 3), ...guessed.map((key) => seal(key, place, root))];
  const seen: { words: string; asked: unknown[] }[] = [];
  for (const wrapped of wraps) {
    answerLogIns(liar, honest, wrapped);
    for (const person of [there, wrong]) {
      const before = liar.requests.length;
      await isRefused(liar, person);
      await expect(page.getByRole('button', { name: 'Unlock', exact: true })).toBeEnabled();
      const words = await page.locator('body').innerText();
      seen.push({ words, asked: liar.requests.slice(before).map(shape) });
    }
  }
  expect(seen).toHaveLength(10);
  for (const one of seen) expect(one).toEqual(seen[0]);
  expect(seen[0]!.asked).toHaveLength(2);
});

story('a server that repeats an old challenge lets nobody in', async ({ guard, liar, page, there, vault }) => {
  guard.allowStatus(401);
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
  await isRefused(liar, there, /This is not the master password/);
  // The very log-in that was accepted, once more and without a browser.
  const accepted = liar.requests.find(({ path }) => path === '/auth/login')!;
  const again = await fetch(`${liar.server.origin}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: accepted.body.toString(),
  });
  expect(again.status).toBe(401);
});

story('a server that passes a log-in on to another server does not get in there', async ({ browser, guard, liar, there, vault }) => {
  guard.allowStatus(401);
  await vault.isLocked();
  const relay = await Liar.relay(liar.server, liar.origin);
  const context = await browser.newContext({ baseURL: relay.origin });
  try {
    guard.watch(context);
    const fooled = there.at(await context.newPage());
    await fooled.fillLogIn();
    await fooled.page.getByRole('button', { name: 'Log in' }).click();
    await expect(fooled.page.getByText(/do not fit together/)).toBeVisible();
    await expect(fooled.page.getByText('First key')).toHaveCount(0);
    // It asked for the honest server's challenge, and signed where it was itself.
    const [proven] = sent<{ proof: { origin: string } }>(relay, '/auth/login');
    expect(proven!.proof.origin).toBe(relay.origin);
  } finally {
    await context.close();
    await relay.stop();
  }
});

/** From here on the worker's generator gives the same byte for ever. */
async function stick(page: Page): Promise<void> {
  const worker = await workerOf(page);
  await worker.evaluate(() => {
    crypto.getRandomValues = <T extends ArrayBufferView | null>(array: T): T => {
      if (array !== null) new Uint8Array(array.buffer, array.byteOffset, array.byteLength).fill(0x51);
      return array;
    };
  });
}

const STUCK = "This browser's random numbers repeat themselves. Nothing was saved; use another browser.";

story('a generator that is stuck seals nothing, sends nothing, and loses nothing that was typed', async ({ browser, guard, liar, page, there, vault }) => {
  await vault.isLocked();
  const open = await isTrusted(there);
  await stick(page);
  const before = liar.asked.length;
  await open.startNew();
  await open.fillKey({ name: 'Third key', secret: 'the-third-secret', notes: 'kept as well' });
  await open.save();
  await expect(page.getByText(STUCK).first()).toBeVisible();
  for (const [label, value] of [['Name', 'Third key'], ['Secret', 'the-third-secret'], ['Notes', 'kept as well']] as const) {
    await expect(page.getByLabel(label, { exact: true })).toHaveValue(value);
  }
  expect(liar.writtenSince(before)).toEqual([]);

  // And no account comes to be.
  const context = await browser.newContext({ baseURL: liar.origin });
  guard.watch(context);
  const newcomer = new Person(await context.newPage());
  await newcomer.fillSignUp();
  await stick(newcomer.page);
  const then = liar.asked.length;
  await newcomer.page.getByRole('button', { name: 'Create vault' }).click();
  await expect(newcomer.page.getByText(STUCK)).toBeVisible();
  expect(liar.asked.slice(then).filter((asked) => asked.startsWith('POST '))).toEqual([]);
  await context.close();
});

story('no salt of hundreds of envelopes comes twice', async ({ liar, page, there, vault }) => {
  await vault.isLocked();
  const open = await isTrusted(there);
  const lines = 400;
  const names = Array.from({ length: lines }, (_, at) => `SERVICE_${at}_TOKEN=${randomBytes(12).toString('hex')}`);
  await open.previewImport(names.join('\n'));
  await page.getByRole('button', { name: `Import ${lines} items`, exact: true }).click();
  await expect(open.toast.filter({ hasText: `${lines} items imported.` })).toBeVisible({ timeout: 30_000 });
  const writes = sent<{ writes: { overview: string; details: string }[] }>(liar, '/items').flatMap((write) => write.writes);
  const envelopes = writes.flatMap(({ overview, details }) => [overview, details]).map((sealed) => Buffer.from(sealed, 'base64url'));
  expect(envelopes).toHaveLength(2 * (lines + 2));
  for (const envelope of envelopes) expect(envelope.toString('hex', 0, 4)).toBe('4b410101');
  const salts = new Set(envelopes.map((envelope) => envelope.toString('hex', 22, 46)));
  expect(salts.size).toBe(envelopes.length);
});
