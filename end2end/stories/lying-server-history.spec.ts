// Another past, another present, and keys of before.

import type { Locator } from '@playwright/test';

import { everyItem, everyLogIn, everySync, idOf, records, type Entry } from '../support/liar.ts';
import { copyOf, expect, isClosed, isRefused, isTrusted, listenFor, putInPlace, REFUSED, sent, story } from '../support/lying.ts';
import { Person } from '../support/person.ts';
import { Server } from '../support/server.ts';
import type { Vault } from '../support/vault.ts';

const NEW = 'copper-violin-thunder-meadow-73';
const CHANGED = 'The password was changed. All other sessions have ended.';
const FORKED = /a different history of your vault than the one you saved/;

/** The vault can be read, and what is saved stays in its form. */
async function isReadOnly(vault: Vault): Promise<void> {
  const { page } = vault;
  const detail = await vault.open('First key');
  await vault.reveal(detail);
  await expect(detail.getByText('the-first-secret')).toBeVisible();
  await vault.startNew();
  await vault.fillKey({ name: 'Fourth key', secret: 'kept' });
  await vault.save();
  await expect(page.getByText(/read-only while the server does not show its newest state/)).toBeVisible();
  await expect(page.getByLabel('Secret', { exact: true })).toHaveValue('kept');
}

story('a server that puts an old backup in place can be read and is not written to', async ({ liar, page, there, vault }) => {
  await vault.isLocked();
  const backup = await copyOf(liar.server);
  const open = await isTrusted(there);
  await open.addKey({ name: 'Third key', secret: 'the-third-secret' });
  await open.lock();

  await putInPlace(liar.server, backup);
  await page.reload();
  const back = await there.unlock();
  await expect(page.getByText(/version 2, although version 3 was saved/)).toBeVisible();
  await expect(back.row('Third key')).toHaveCount(0);
  await isReadOnly(back);
  expect(liar.count('POST', '/items')).toBe(3);
});

story('a server that shows an older version of one item gets a closed vault', async ({ liar, page, there, vault }) => {
  await vault.isLocked();
  const heard = listenFor(liar, '/changes');
  await page.reload();
  const open = await there.unlock();
  const before = new Map(records(heard.get('/changes')!).map((entry) => [idOf(entry), entry]));
  const detail = await open.open('First key');
  await detail.getByRole('button', { name: 'Edit', exact: true }).click();
  await open.fillKey({ secret: 'a-newer-secret' });
  await open.save();
  await expect(open.detail('First key')).toBeVisible();
  await open.lock();
  liar.lie = everyItem((item) => before.get(idOf(item)) ?? item);
  await isClosed(liar, there);
  // As it was, and said to be the newer one.
  liar.lie = everyItem((item) => {
    const old = Buffer.from((before.get(idOf(item)) ?? item).bytes);
    item.bytes.copy(old, 17, 17, 41);
    return old;
  });
  await isClosed(liar, there);
});

story('a server that brings a deleted item back gets a closed vault', async ({ liar, page, there, vault }) => {
  await vault.isLocked();
  const heard = listenFor(liar, '/changes');
  await page.reload();
  const open = await there.unlock();
  const before = new Map(records(heard.get('/changes')!).map((entry) => [idOf(entry), entry]));
  await (await open.open('First key')).getByRole('button', { name: 'Delete' }).click();
  await expect(open.row('First key')).toHaveCount(0);
  await open.go('Trash');
  await (await open.open('First key')).getByRole('button', { name: /Delete for good/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: /Delete/ }).click();
  await expect(open.rows).toHaveCount(0);
  await open.lock();

  const alive = (gone: Entry, version: bigint): Buffer => {
    const back = Buffer.from(before.get(idOf(gone))!.bytes);
    back.writeBigUInt64BE(version, 17);
    return back;
  };
  let met = 0;
  for (const version of [1n, 3n, 9n]) {
    liar.lie = everySync((all) =>
      all.map((entry) => {
        if (entry.kind !== 2) return entry;
        met += 1;
        return { bytes: alive(entry, version) };
      }),
    );
    await isClosed(liar, there);
    expect(met).toBeGreaterThan(0);
  }
});

story('a new device that is shown an old state says that it cannot know', async ({ browser, guard, liar, page, there, vault }) => {
  await vault.isLocked();
  const heard = listenFor(liar, '/changes');
  await page.reload();
  const open = await there.unlock();
  const before = heard.get('/changes')!;
  await open.addKey({ name: 'Third key', secret: 'the-third-secret' });
  // The old state, and nothing of what other devices told.
  const forget = everyLogIn((account) => {
    account.pins = [];
  });
  liar.lie = (answer) => (answer.path.includes('/changes') ? before : forget(answer));
  const context = await browser.newContext({ baseURL: liar.origin });
  guard.watch(context);
  const fresh = await there.at(await context.newPage()).logIn();
  await expect(fresh.row('First key')).toBeVisible();
  await expect(fresh.row('Third key')).toHaveCount(0);
  await expect(fresh.page.getByText('Freshness unverified').first()).toBeVisible();
  await context.close();
});

story('a server that shows two devices two histories is found out when they meet', async ({ browser, guard, liar, page, there, vault }) => {
  story.slow();
  // Its server goes before the last page does, whatever that still fetches.
  guard.allowOffline();
  await vault.isLocked();
  const SECOND = 'The second device';
  const device = await browser.newContext({ baseURL: liar.origin, userAgent: SECOND });
  guard.watch(device);
  const elsewhere = there.at(await device.newPage());
  await (await elsewhere.logIn()).lock();

  // From here on each device has a server of its own, with the same beginning.
  const fork = await Server.start({ env: { PUBLIC_ORIGIN: liar.origin } });
  try {
    await putInPlace(fork, await copyOf(liar.server));
    const isSecond = (headers: { 'user-agent'?: string | undefined }) => headers['user-agent'] === SECOND;
    liar.upstream = ({ headers }) => (isSecond(headers) ? fork : liar.server);
    for (const [person, name] of [[there, 'Only here'], [elsewhere, 'Only there']] as const) {
      const open = await isTrusted(person);
      await open.addKey({ name, secret: 'a-third-secret' });
      await open.lock();
    }
    // As long as they are kept apart neither can know: each sees its own history go on.
    const saw = liar.requests.length;
    const first = await isTrusted(there);
    await expect(first.row('Only here')).toBeVisible();
    await first.lock();
    const second = await isTrusted(elsewhere);
    await expect(second.row('Only there')).toBeVisible();
    await second.lock();
    const noted = liar.requests.slice(saw).filter(({ path }) => path === '/api/account/pins');
    expect(noted.map(({ headers }) => isSecond(headers))).toEqual([false, true]);
    const { pins } = JSON.parse(noted[1]!.body.toString()) as { pins: string };

    // The first hears what the second has seen.
    const written = liar.count('POST', '/items');
    liar.lie = everyLogIn((account) => {
      account.pins = [pins];
    });
    await page.reload();
    const warned = await there.unlock();
    await expect(page.getByText(FORKED)).toBeVisible();
    await isReadOnly(warned);
    // So does a device that has seen nothing yet.
    const third = await browser.newContext({ baseURL: liar.origin });
    guard.watch(third);
    const fresh = await there.at(await third.newPage()).logIn();
    await expect(fresh.page.getByText(FORKED)).toBeVisible();
    await third.close();
    liar.lie = undefined;

    // The second is shown the history of the first.
    liar.upstream = undefined;
    await elsewhere.page.reload();
    const back = await elsewhere.unlock();
    await expect(elsewhere.page.getByText(FORKED)).toBeVisible();
    await expect(back.row('Only there')).toHaveCount(0);
    await isReadOnly(back);
    expect(liar.count('POST', '/items')).toBe(written);
    await device.close();
  } finally {
    await fork.dispose();
  }
});

/** The form for another password, filled. */
async function fillChange(vault: Vault, current: string, next: string): Promise<Locator> {
  await vault.go('Settings');
  const part = vault.page.getByRole('region', { name: 'Password' });
  await part.getByRole('button', { name: 'Change password' }).click();
  await part.getByLabel('Current password', { exact: true }).fill(current);
  await part.getByLabel('New password', { exact: true }).fill(next);
  await part.getByLabel('Repeat new password', { exact: true }).fill(next);
  return part;
}

story('a server that gives the keys of before a change of password back opens nothing', async ({ guard, liar, page, there, vault }) => {
  guard.allowStatus(401);
  await vault.isLocked();
  const backup = await copyOf(liar.server);
  const open = await isTrusted(there);
  const part = await fillChange(open, there.password, NEW);
  await part.getByRole('button', { name: 'Change password' }).click();
  await expect(open.toast.filter({ hasText: CHANGED })).toBeVisible();
  await open.lock();
  const newest = await copyOf(liar.server);
  const changed = new Person(page, { password: NEW, setupCode: there.setupCode });
  await putInPlace(liar.server, backup);
  await page.reload();
  // To that server the old password is right again. This device knows better.
  await isRefused(liar, there);
  await isRefused(liar, changed, /This is not the master password/);
  await putInPlace(liar.server, newest);
  await isTrusted(changed);
});

story('a server that gives the keys of before a change of key derivation back opens nothing', async ({ guard, liar, page, there, vault }) => {
  story.slow();
  guard.allowStatus(401);
  await vault.isLocked();
  const backup = await copyOf(liar.server);
  const heard = listenFor(liar, '/auth/login', '/api/account');
  const open = await isTrusted(there);
  const part = await fillChange(open, there.password, NEW);
  await part.getByText('Key derivation', { exact: true }).click();
  await part.getByLabel('Turns the password into a key').selectOption('2');
  await part.getByRole('button', { name: 'Continue' }).click();
  const kit = page.getByRole('dialog', { name: 'Your new recovery kit' });
  await expect(kit).toBeVisible();
  const [oldLogIn, oldAccount] = [heard.get('/auth/login')!, heard.get('/api/account')!];
  await kit.getByRole('checkbox', { name: 'I have saved my new recovery kit' }).check();
  await kit.getByRole('button', { name: 'Change password' }).click();
  await expect(open.toast.filter({ hasText: CHANGED })).toBeVisible();

  // Within the session: the account as it was, when it is asked for once more.
  liar.lie = ({ path }) => (path === '/api/account' ? oldAccount : undefined);
  const tried = liar.asked.length;
  const again = await fillChange(open, NEW, there.password);
  await again.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByText(REFUSED).first()).toBeVisible();
  expect(liar.asked.slice(tried)).toContain('GET /api/account');
  expect(liar.writtenSince(tried)).toEqual([]);
  await again.getByRole('button', { name: 'Cancel' }).click();
  await open.lock();

  // The keys as they were, to whoever has proven the new ones.
  const changed = new Person(page, { password: NEW });
  liar.lie = ({ path }) => (path === '/auth/login' ? oldLogIn : undefined);
  await isRefused(liar, changed);
  liar.lie = undefined;

  // All as it was, so that the server takes the old setup code and the old password.
  await putInPlace(liar.server, backup);
  await page.reload();
  await page.getByRole('button', { name: 'Use another account' }).click();
  const before = liar.asked.length;
  await page.getByLabel('Setup code').fill(there.setupCode);
  await page.getByLabel('Master password', { exact: true }).fill(there.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByText(REFUSED)).toBeVisible();
  await expect(page.getByText('First key')).toHaveCount(0);
  expect(sent(liar, '/auth/login').length).toBeGreaterThan(0);
  expect(liar.writtenSince(before)).toEqual([]);
});
