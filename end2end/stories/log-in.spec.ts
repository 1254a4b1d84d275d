import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { chromium } from '@playwright/test';

import { launchOptions } from '../support/browser.ts';
import { expect, test } from '../support/fixtures.ts';
import { Person } from '../support/person.ts';

const KEY = { name: 'Stripe live', secret: 'sk_live_51Hx9TqLmNoPqRsTuVwXyZ0123456789' };

test('the browser is closed, and on return the password alone opens the vault', async ({ guard, server }) => {
  const profile = mkdtempSync(path.join(tmpdir(), 'keyarc-profile-'));
  const open = () => chromium.launchPersistentContext(profile, { ...launchOptions, baseURL: server.origin });
  try {
    const first = await open();
    guard.watch(first);
    const person = new Person(await first.newPage());
    const vault = await person.signUp();
    await vault.addKey(KEY);
    await first.close();

    const second = await open();
    guard.watch(second);
    const back = person.at(await second.newPage());
    await back.page.goto('/vault');
    const again = await back.unlock();
    await expect(again.row(KEY.name)).toBeVisible();
    const detail = await again.open(KEY.name);
    await again.reveal(detail);
    await expect(detail.getByText(KEY.secret)).toBeVisible();
    await second.close();
  } finally {
    rmSync(profile, { force: true, recursive: true, maxRetries: 5, retryDelay: 200 });
  }
});

test('a new device needs the setup code, and finds everything', async ({ browser, guard, person, server, vault }) => {
  await vault.addKey(KEY);
  const device = await browser.newContext({ baseURL: server.origin });
  guard.watch(device);
  const there = person.at(await device.newPage());
  const found = await there.logIn();
  await expect(found.row(KEY.name)).toBeVisible();

  // Remembered: the next visit asks for the password alone.
  await there.page.reload();
  await there.unlock();
  await device.close();
});

test('a device that is not to be remembered asks for the setup code again', async ({
  browser,
  guard,
  person,
  server,
  vault,
}) => {
  await vault.isOpen();
  const device = await browser.newContext({ baseURL: server.origin });
  guard.watch(device);
  const there = person.at(await device.newPage());
  await there.logIn({ remember: false });
  await there.page.goto('/log-in');
  await expect(there.page.getByLabel('Setup code')).toBeVisible();
  await device.close();
});

test('a wrong password is told and opens nothing', async ({ guard, page, person, vault }) => {
  guard.allowStatus(401);
  await vault.lock();
  await page.getByLabel('Master password', { exact: true }).fill('not the password at all');
  await page.getByRole('button', { name: 'Unlock' }).click();
  await expect(page.getByText('This is not the master password.')).toBeVisible();
  await person.unlock();
});

test('a mistyped setup code is told from a wrong one', async ({ browser, guard, person, server, vault }) => {
  guard.allowStatus(401);
  await vault.isOpen();
  const device = await browser.newContext({ baseURL: server.origin });
  guard.watch(device);
  const other = new Person(await device.newPage());
  await (await other.signUp()).lock();
  const { page } = other;

  const last = person.setupCode.at(-1) === 'A' ? 'B' : 'A';
  const mistyped = person.setupCode.slice(0, -1) + last;
  await page.getByRole('button', { name: 'Use another account' }).click();
  const submit = page.getByRole('button', { name: 'Log in' });
  await page.getByLabel('Setup code').fill(mistyped);
  await page.getByLabel('Master password', { exact: true }).fill(person.password);
  await submit.click();
  await expect(page.getByText(/typing error/i)).toBeVisible();

  await page.getByLabel('Setup code').fill('KA1-HELLO');
  await submit.click();
  await expect(page.getByText(/begins with KA1/i)).toBeVisible();

  // A real code of somebody else, with this person's password.
  await page.getByLabel('Setup code').fill(other.setupCode);
  await submit.click();
  await expect(page.getByText('Setup code and password do not fit together.')).toBeVisible();

  // Case and spaces do not matter.
  await page.getByLabel('Setup code').fill(` ${person.setupCode.toLowerCase().replaceAll('-', ' ')} `);
  await submit.click();
  await expect(page).toHaveURL(/\/vault/);
  await device.close();
});

test('logging out ends the session, forgetting the device ends the shortcut', async ({ page, person, vault }) => {
  await vault.isOpen();
  await vault.go('Settings');
  await page.getByRole('button', { name: 'Log out' }).click();
  await person.unlock();

  await page.getByRole('button', { name: 'Forget this device' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Forget', exact: true }).click();
  await expect(page.getByLabel('Setup code')).toBeVisible();
});
