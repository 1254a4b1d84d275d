import type { Page } from '@playwright/test';

import { isAccessible } from '../support/axe.ts';
import { expect, test } from '../support/fixtures.ts';
import type { Person } from '../support/person.ts';
import { TotpApp } from '../support/totp.ts';
import { Vault } from '../support/vault.ts';

const KEY = { name: 'Stripe live', secret: 'sk_live_51Hx9TqLmNoPqRsTuVwXyZ0123456789' };

interface Enrolled {
  app: TotpApp;
  recoveryCodes: string[];
}

const part = (page: Page) => page.getByRole('region', { name: 'Second factor' });

/** Begins to set an app up in the settings, which takes the password. */
async function begin(vault: Vault, person: Person): Promise<void> {
  const { page } = vault;
  await vault.go('Settings');
  await part(page).getByRole('button', { name: 'Set up an authenticator app' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Master password', { exact: true }).fill(person.password);
  await dialog.getByRole('button', { name: 'Continue' }).click();
}

/** Sets an app up in the settings, and stays there. */
async function enrol(vault: Vault, person: Person): Promise<Enrolled> {
  const { page } = vault;
  await begin(vault, person);
  await expect(part(page).getByRole('img', { name: 'QR code of the secret' })).toBeVisible();
  const app = new TotpApp(await page.getByTestId('totp-secret').innerText());
  await page.getByLabel('Six-digit code').fill(await app.code());
  await part(page).getByRole('button', { name: 'Turn on' }).click();
  const codes = page.getByTestId('recovery-codes').getByRole('listitem');
  await expect(codes).toHaveCount(10);
  const recoveryCodes = await codes.allInnerTexts();
  return { app, recoveryCodes: recoveryCodes.map((code) => code.trim()) };
}

/** As far as the question for the code, on a device that knows nobody. */
async function passwordFirst(there: Person, options: { remember?: boolean } = {}): Promise<void> {
  await there.fillLogIn(options);
  await there.page.getByRole('button', { name: 'Log in' }).click();
  await expect(there.page.getByRole('heading', { name: 'Enter your code' })).toBeVisible();
}

async function arrives(page: Page): Promise<Vault> {
  const vault = new Vault(page);
  await vault.isOpen();
  return vault;
}

test('a new device needs the code of the app as well, and a wrong one opens nothing', async ({
  browser,
  guard,
  page,
  person,
  server,
  vault,
}) => {
  test.slow();
  guard.allowStatus(401);
  guard.allowStatus(403);
  await vault.addKey(KEY);
  const { app } = await enrol(vault, person);
  await part(page).getByRole('button', { name: 'I have saved them' }).click();
  await expect(part(page).getByText('10 recovery codes left')).toBeVisible();
  await page.getByRole('button', { name: 'Log out' }).click();
  await expect(page.getByRole('heading', { name: 'Unlock your vault' })).toBeVisible();

  const device = await browser.newContext({ baseURL: server.origin });
  guard.watch(device);
  const there = person.at(await device.newPage());
  await passwordFirst(there);
  const code = there.page.getByLabel('Six-digit code');
  await expect(code).toBeFocused();
  await expect(code).toHaveAttribute('autocomplete', 'one-time-code');
  await expect(code).toHaveAttribute('inputmode', 'numeric');
  const go = there.page.getByRole('button', { name: 'Continue' });
  // The one that confirmed the app is used up.
  await code.fill(app.used());
  await go.click();
  await expect(there.page.getByText('This code was not accepted.')).toBeVisible();
  const right = await app.code();
  await code.fill(`${right.slice(0, 3)} ${right.slice(3)}`);
  await go.click();
  const found = await arrives(there.page);
  await expect(found.row(KEY.name)).toBeVisible();

  // The device is known now: the password, and a code again.
  await found.lock();
  await there.page.getByLabel('Master password', { exact: true }).fill(person.password);
  await there.page.getByRole('button', { name: 'Unlock' }).click();
  await there.page.getByLabel('Six-digit code').fill(await app.code());
  await go.click();
  await arrives(there.page);
  await device.close();
});

test('a recovery code opens the vault once, and turns the second factor off', async ({
  browser,
  guard,
  person,
  server,
  vault,
}) => {
  guard.allowStatus(401);
  guard.allowStatus(403);
  const { recoveryCodes } = await enrol(vault, person);
  const [first = '', second = ''] = recoveryCodes;

  const device = await browser.newContext({ baseURL: server.origin });
  guard.watch(device);
  const there = person.at(await device.newPage());
  const { page } = there;
  const useRecovery = async (code: string) => {
    await page.getByRole('button', { name: 'Use a recovery code' }).click();
    await page.getByLabel('Recovery code').fill(code);
    await page.getByRole('button', { name: 'Continue' }).click();
  };
  await passwordFirst(there);
  await useRecovery(first.toLowerCase());
  const found = await arrives(page);
  await found.go('Settings');
  await expect(part(page).getByText('9 recovery codes left')).toBeVisible();

  // Used up, for every purpose.
  await part(page).getByRole('button', { name: 'Turn off' }).click();
  const dialog = page.getByRole('dialog');
  const ask = dialog.getByLabel('Code of the app, or a recovery code');
  await ask.fill(first);
  await dialog.getByRole('button', { name: 'Turn off' }).click();
  await expect(dialog.getByText('The code was not accepted.')).toBeVisible();
  await ask.fill(second);
  await dialog.getByRole('button', { name: 'Turn off' }).click();
  await expect(part(page).getByRole('button', { name: 'Set up an authenticator app' })).toBeVisible();
  await found.lock();
  await there.unlock();
  await device.close();
});

test('an unlocked screen is not enough to set an app up', async ({ page, person, vault }) => {
  await vault.go('Settings');
  await part(page).getByRole('button', { name: 'Set up an authenticator app' }).click();
  const dialog = page.getByRole('dialog');
  const password = dialog.getByLabel('Master password', { exact: true });
  await password.fill(`${person.password}!`);
  await dialog.getByRole('button', { name: 'Continue' }).click();
  await expect(dialog.getByText('This is not your master password.')).toBeVisible();
  await expect(page.getByTestId('totp-secret')).toHaveCount(0);
  await password.fill(person.password);
  await dialog.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByTestId('totp-secret')).toBeVisible();
});

test('new recovery codes take the place of those before', async ({ page, person, vault }) => {
  const { recoveryCodes } = await enrol(vault, person);
  await part(page).getByRole('button', { name: 'I have saved them' }).click();
  await part(page).getByRole('button', { name: 'New recovery codes' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Code of the app, or a recovery code').fill(recoveryCodes[4] ?? '');
  await dialog.getByRole('button', { name: 'Make new codes' }).click();
  const codes = page.getByTestId('recovery-codes').getByRole('listitem');
  await expect(codes).toHaveCount(10);
  expect((await codes.allInnerTexts()).map((code) => code.trim())).not.toContain(recoveryCodes[0]);
});

test('whoever starts again is asked for the password again', async ({ guard, page, person, vault }) => {
  guard.allowStatus(401);
  const { recoveryCodes } = await enrol(vault, person);
  await vault.lock();
  const password = page.getByLabel('Master password', { exact: true });
  await password.fill(person.password);
  await page.getByRole('button', { name: 'Unlock' }).click();
  await page.getByRole('button', { name: 'Start again' }).click();
  await expect(password).toBeVisible();
  await expect(password).toHaveValue('');
  await password.fill(person.password);
  await page.getByRole('button', { name: 'Unlock' }).click();
  await page.getByRole('button', { name: 'Use a recovery code' }).click();
  await page.getByLabel('Recovery code').fill(recoveryCodes[0] ?? '');
  await page.getByRole('button', { name: 'Continue' }).click();
  await arrives(page);
});

test('every step can be used by everybody', async ({ guard, page, person, vault }) => {
  test.slow();
  guard.allowStatus(401);
  await begin(vault, person);
  await expect(page.getByTestId('totp-secret')).toBeVisible();
  await isAccessible(page, 'setting an app up');
  const app = new TotpApp(await page.getByTestId('totp-secret').innerText());
  await page.getByLabel('Six-digit code').fill(await app.code());
  await part(page).getByRole('button', { name: 'Turn on' }).click();
  await expect(page.getByTestId('recovery-codes')).toBeVisible();
  await isAccessible(page, 'recovery codes');
  await part(page).getByRole('button', { name: 'I have saved them' }).click();
  await part(page).getByRole('button', { name: 'Turn off' }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await isAccessible(page, 'turning it off');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await vault.lock();
  await page.getByLabel('Master password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Unlock' }).click();
  await expect(page.getByLabel('Six-digit code')).toBeVisible();
  await isAccessible(page, 'the question for the code');
});
