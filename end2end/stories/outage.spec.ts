import { test as base, expect } from '../support/fixtures.ts';
import { Person } from '../support/person.ts';
import { Server } from '../support/server.ts';
import type { Vault } from '../support/vault.ts';

const KEY = { name: 'Kept through the outage', secret: 'sk_live_51Hx9TqLmNoPqRsTuVwXyZ0123456789' };

/** These stories stop their server, so each has one of its own. */
const test = base.extend<{ own: Server; home: Vault; owner: Person }>({
  own: async ({}, use) => {
    const server = await Server.start();
    await use(server);
    await server.dispose();
  },
  owner: async ({ browser, guard, own }, use) => {
    guard.allowOffline();
    const context = await browser.newContext({
      baseURL: own.origin,
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    guard.watch(context);
    await use(new Person(await context.newPage()));
    await context.close();
  },
  home: async ({ owner }, use) => use(await owner.signUp()),
});

test('a save while the server is gone is kept, and sent when it returns', async ({ own, owner, home }) => {
  await home.addKey({ ...KEY, name: 'Before' });
  await own.stop('SIGKILL');
  await home.startNew();
  await home.fillKey(KEY);
  await home.save();
  const { page } = owner;
  await expect(page.getByText(/1 change waits in this tab/)).toBeVisible();
  await expect(home.row('Before')).toBeVisible();

  await own.run();
  await expect(home.row(KEY.name)).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText('The server does not answer.')).toBeHidden({ timeout: 60_000 });
  await page.reload();
  const again = await owner.unlock();
  await expect(again.row(KEY.name)).toBeVisible();
});

test('so is a save whose code the server had not sent yet', async ({ guard, own, owner }) => {
  guard.allow(/failed to load split module/i);
  const { page } = owner;
  const saving = '**/pkg/*/split_saving*.wasm';
  await page.route(saving, (route) => route.abort());
  const home = await owner.signUp();
  await home.startNew();
  await home.fillKey(KEY);
  await own.stop('SIGKILL');
  await home.save();
  await expect(page.getByText(/1 change waits in this tab/)).toBeVisible();
  await page.unroute(saving);
  await own.run();
  await expect(home.detail(KEY.name)).toBeVisible({ timeout: 60_000 });
});

test('offline, the list and search go on', async ({ own, owner, home }) => {
  await home.addKey(KEY);
  await home.addKey({ ...KEY, name: 'Another' });
  await own.stop();
  await home.filter.fill('another');
  await expect(home.rows).toHaveCount(1);
  const detail = await home.open('Another');
  await detail.getByRole('button', { name: 'Reveal', exact: true }).click();
  await expect(owner.page.getByText(/server cannot be reached/i).first()).toBeVisible();
});

test('unlocking while the server is down says so and loses nothing', async ({ own, owner, home }) => {
  await home.addKey(KEY);
  await home.lock();
  await own.stop();
  const { page } = owner;
  await page.getByLabel('Master password', { exact: true }).fill(owner.password);
  await page.getByRole('button', { name: 'Unlock' }).click();
  await expect(page.getByText(/cannot be reached/i).first()).toBeVisible();
  await own.run();
  const again = await owner.unlock();
  await expect(again.row(KEY.name)).toBeVisible();
});

test('a polite stop finishes what it accepted', async ({ own, home }) => {
  await home.startNew();
  await home.fillKey(KEY);
  await Promise.all([home.save(), own.stop('SIGTERM')]);
  await own.run();
  await expect(home.row(KEY.name)).toBeVisible({ timeout: 60_000 });
});
