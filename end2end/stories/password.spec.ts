import type { Locator, Page } from '@playwright/test';

import { isAccessible } from '../support/axe.ts';
import { expect, test } from '../support/fixtures.ts';
import { Person } from '../support/person.ts';
import type { Vault } from '../support/vault.ts';

const KEY = { name: 'Stripe live', secret: 'sk_live_51Hx9TqLmNoPqRsTuVwXyZ0123456789' };
const NEW = 'copper-violin-thunder-meadow-73';
const CHANGED = 'The password was changed. All other sessions have ended.';

/** The part of the settings, with its form open. */
async function openForm(page: Page, vault: Vault): Promise<Locator> {
  await vault.go('Settings');
  const part = page.getByRole('region', { name: 'Password' });
  await part.getByRole('button', { name: 'Change password' }).click();
  await expect(part.getByLabel('Current password', { exact: true })).toBeFocused();
  return part;
}

async function fill(part: Locator, current: string, next: string, repeat = next): Promise<void> {
  await part.getByLabel('Current password', { exact: true }).fill(current);
  await part.getByLabel('New password', { exact: true }).fill(next);
  await part.getByLabel('Repeat new password', { exact: true }).fill(repeat);
}

/** As far as the new recovery kit, and its setup code. */
async function askForArgon2id(part: Locator, current: string, next: string): Promise<string> {
  const page = part.page();
  await fill(part, current, next);
  const choice = part.getByLabel('Turns the password into a key');
  if (!(await choice.isVisible())) await part.getByText('Key derivation', { exact: true }).click();
  await choice.selectOption('2');
  await part.getByRole('button', { name: 'Continue' }).click();
  const kit = page.getByRole('dialog', { name: 'Your new recovery kit' });
  await expect(kit).toBeVisible();
  return (await kit.getByTestId('setup-code').innerText()).replaceAll(/\s/g, '');
}

test('the new password opens, the old one does not, and other devices are out', async ({
  browser,
  guard,
  page,
  person,
  server,
  vault,
}) => {
  guard.allowStatus(401);
  await vault.addKey(KEY);
  const device = await browser.newContext({ baseURL: server.origin });
  guard.watch(device);
  const there = person.at(await device.newPage());
  const other = await there.logIn();

  const part = await openForm(page, vault);
  await fill(part, person.password, NEW);
  await part.getByLabel('Repeat new password', { exact: true }).press('Enter');
  await expect(vault.toast.filter({ hasText: CHANGED })).toBeVisible();
  await expect(part.getByRole('button', { name: 'Change password' })).toBeFocused();
  const sessions = page.getByRole('region', { name: 'Sessions' });
  await expect(sessions.getByRole('listitem')).toHaveCount(1);
  await expect(sessions.getByText('this one')).toBeVisible();

  // Here one goes on.
  await vault.go('All items');
  const detail = await vault.open(KEY.name);
  await vault.reveal(detail);
  await expect(detail.getByText(KEY.secret)).toBeVisible();

  // There the session has ended, and the old password is refused with a reason.
  await other.startNew();
  await other.fillKey({ name: 'Too late', secret: 'too-late' });
  await other.save();
  await other.isLocked();
  await there.page.getByLabel('Master password', { exact: true }).fill(person.password);
  await there.page.getByRole('button', { name: 'Unlock' }).click();
  await expect(there.page.getByText(/changed on another device, use the new one/)).toBeVisible();
  const known = new Person(there.page, { password: NEW, setupCode: person.setupCode });
  const back = await known.unlock();
  await expect(back.row(KEY.name)).toBeVisible();
  await device.close();

  await vault.lock();
  await new Person(page, { password: NEW }).unlock();

  const another = await browser.newContext({ baseURL: server.origin });
  guard.watch(another);
  const fresh = new Person(await another.newPage(), { password: NEW, setupCode: person.setupCode });
  await expect((await fresh.logIn()).row(KEY.name)).toBeVisible();
  await another.close();
});

test('what is wrong with a new password is said at its field, and nothing is sent', async ({ page, person, vault }) => {
  const sent: string[] = [];
  page.on('request', (request) => sent.push(new URL(request.url()).pathname));
  const part = await openForm(page, vault);
  const submit = part.getByRole('button', { name: 'Change password' });
  await submit.click();
  await expect(part.getByText('Type the password that you have.')).toBeVisible();
  await expect(part.getByText('A master password is needed.')).toBeVisible();
  await fill(part, person.password, person.password);
  await submit.click();
  await expect(part.getByText('This is the password that you have.')).toBeVisible();
  await fill(part, person.password, 'password123');
  await expect(part.getByRole('meter', { name: /strength/i })).toHaveAttribute('aria-valuenow', /^[01]$/);
  await submit.click();
  await expect(part.getByText(/too easy to guess/i)).toBeVisible();
  await fill(part, person.password, NEW, `${NEW}x`);
  await submit.click();
  await expect(part.getByText('The two passwords differ.')).toBeVisible();
  await fill(part, 'not the password at all', NEW);
  await submit.click();
  await expect(part.getByText('This is not the current password.')).toBeVisible();
  await expect(part.getByLabel('Current password', { exact: true })).toBeFocused();
  expect(sent).not.toContain('/api/account/password');

  await part.getByRole('button', { name: 'Cancel' }).click();
  await expect(part.getByRole('button', { name: 'Change password' })).toBeFocused();
  await vault.lock();
  await person.unlock();
});

test('another key derivation gives a new recovery kit, and the old setup code opens nothing', async ({
  browser,
  guard,
  page,
  person,
  server,
  vault,
}) => {
  guard.allowStatus(401);
  await vault.addKey(KEY);
  const part = await openForm(page, vault);
  await part.getByText('Key derivation', { exact: true }).click();
  await part.getByRole('button', { name: 'Measure on this device' }).click();
  await expect(part.getByTestId('measured')).toHaveText(
    /PBKDF2 takes (about|less than) \d+\.\d s, Argon2id takes (about|less than) \d+\.\d s/,
  );
  const kit = page.getByRole('dialog', { name: 'Your new recovery kit' });
  const go = kit.getByRole('button', { name: 'Change password' });

  // Going back changes nothing.
  const setupCode = await askForArgon2id(part, person.password, NEW);
  expect(setupCode).not.toBe(person.setupCode);
  await go.click();
  await expect(kit.getByText(/save it first/i)).toBeVisible();
  await kit.getByRole('button', { name: 'Cancel' }).click();
  await expect(vault.toast.filter({ hasText: 'Nothing was changed.' })).toBeVisible();

  expect(await askForArgon2id(part, person.password, NEW)).toBe(setupCode);
  await kit.getByRole('checkbox', { name: 'I have saved my new recovery kit' }).check();
  await go.click();
  await expect(vault.toast.filter({ hasText: CHANGED })).toBeVisible();

  // This device knows the new code by itself.
  await vault.lock();
  const changed = new Person(page, { password: NEW, setupCode });
  await changed.unlock();
  await vault.go('All items');
  await expect(vault.row(KEY.name)).toBeVisible();

  const device = await browser.newContext({ baseURL: server.origin });
  guard.watch(device);
  const there = new Person(await device.newPage(), { password: NEW, setupCode: person.setupCode });
  await there.fillLogIn();
  await there.page.getByRole('button', { name: 'Log in' }).click();
  await expect(there.page.getByText(/do not fit together.*newest recovery kit/)).toBeVisible();
  await there.page.getByLabel('Setup code').fill(setupCode);
  await there.page.getByRole('button', { name: 'Log in' }).click();
  await expect(there.page).toHaveURL(/\/vault/);
  await device.close();
});

test('an answer that is lost is looked up', async ({ guard, page, person, vault }) => {
  guard.allowOffline();
  guard.allowStatus(401);
  let asked = 0;
  await page.context().route('**/api/account/password', async (route) => {
    asked += 1;
    if (asked === 1) await route.fetch({ maxRetries: 2 });
    await route.abort();
  });
  const part = await openForm(page, vault);
  await fill(part, person.password, NEW);
  await part.getByRole('button', { name: 'Change password' }).click();
  await expect(vault.toast.filter({ hasText: CHANGED })).toBeVisible();
  await vault.lock();
  await new Person(page, { password: NEW }).unlock();
});

for (const arrives of [true, false]) {
  const when = arrives ? 'after' : 'before';
  test(`a page that is closed ${when} a change of key derivation arrives opens all the same`, async ({
    guard,
    page,
    person,
    vault,
  }) => {
    guard.allowOffline();
    guard.allowStatus(401);
    await vault.addKey(KEY);
    let arrived = () => {};
    const asked = new Promise<void>((resolve) => (arrived = resolve));
    // The server is asked, or is not, and no answer ever comes.
    await page.context().route('**/api/account/password', async (route) => {
      if (arrives) await route.fetch({ maxRetries: 2 });
      arrived();
    });
    const part = await openForm(page, vault);
    const setupCode = await askForArgon2id(part, person.password, NEW);
    const kit = page.getByRole('dialog', { name: 'Your new recovery kit' });
    await kit.getByRole('checkbox', { name: 'I have saved my new recovery kit' }).check();
    await kit.getByRole('button', { name: 'Change password' }).click();
    await asked;
    await page.reload();
    const changed = new Person(page, { password: NEW, setupCode });
    const reopened = await (arrives ? changed : person).unlock();
    await reopened.go('All items');
    await expect(reopened.row(KEY.name)).toBeVisible();
    // And from then on at the first try.
    const refused: number[] = [];
    page.on('response', (response) => refused.push(response.status()));
    await reopened.lock();
    await (arrives ? changed : person).unlock();
    expect(refused).not.toContain(401);
  });
}

test('without a connection the password stays what it is, and the form says so', async ({
  guard,
  page,
  person,
  vault,
}) => {
  guard.allowOffline();
  const part = await openForm(page, vault);
  await fill(part, person.password, NEW);
  await page.context().setOffline(true);
  await part.getByRole('button', { name: 'Change password' }).click();
  await expect(part.getByText('The server cannot be reached. The password was not changed.')).toBeVisible();
  await page.context().setOffline(false);
  await part.getByRole('button', { name: 'Change password' }).click();
  await expect(vault.toast.filter({ hasText: CHANGED })).toBeVisible();
});

test('the other tabs lock, and open with the new password', async ({ context, page, person, vault }) => {
  const second = person.at(await context.newPage());
  await second.page.goto('/vault');
  const other = await second.unlock();
  const part = await openForm(second.page, other);
  await fill(part, person.password, NEW);
  await part.getByRole('button', { name: 'Change password' }).click();
  await expect(other.toast.filter({ hasText: CHANGED })).toBeVisible();
  await vault.isLocked();
  await new Person(page, { password: NEW }).unlock();
});

test('form and kit are within everybody’s reach, and fit a phone', async ({ page, person, vault }) => {
  const part = await openForm(page, vault);
  await part.getByText('Key derivation', { exact: true }).click();
  await isAccessible(page, 'the form');
  await page.setViewportSize({ width: 390, height: 844 });
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
  expect(await fits()).toBe(true);
  await askForArgon2id(part, person.password, NEW);
  await isAccessible(page, 'the kit');
  expect(await fits()).toBe(true);
  const kit = page.getByRole('dialog', { name: 'Your new recovery kit' });
  await page.emulateMedia({ media: 'print' });
  await expect(kit.getByTestId('setup-code')).toBeVisible();
  await expect(kit.getByRole('button', { name: 'Print' })).toBeHidden();
  await page.emulateMedia({ media: null });
  await page.keyboard.press('Escape');
  await expect(kit).toBeHidden();
});
