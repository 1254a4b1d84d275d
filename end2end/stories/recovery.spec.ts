import { readFileSync } from 'node:fs';

import type { Locator, Page } from '@playwright/test';

import { isAccessible } from '../support/axe.ts';
import { expect, test } from '../support/fixtures.ts';
import { later } from '../support/later.ts';
import { Liar } from '../support/liar.ts';
import { Person, readKit } from '../support/person.ts';
import { TotpApp } from '../support/totp.ts';
import { Vault } from '../support/vault.ts';

const KEY = { name: 'Stripe live', secret: 'sk_live_51Hx9TqLmNoPqRsTuVwXyZ0123456789' };
const NEW = 'copper-violin-thunder-meadow-73';

const part = (page: Page) => page.getByTestId('recovery');

/** The recovery page, from the log-in page. */
async function toRecovery(page: Page): Promise<void> {
  await page.goto('/log-in');
  await page.getByRole('link', { name: 'Forgot the password?' }).click();
  await expect(page.getByRole('heading', { name: 'Recover your vault' })).toBeVisible();
  await expect(page.getByLabel('Recovery kit')).toBeFocused();
}

async function enterKit(page: Page, kit: string): Promise<void> {
  await page.getByLabel('Recovery kit').fill(kit);
  await page.getByRole('button', { name: 'Continue' }).click();
}

async function choosePassword(page: Page): Promise<Vault> {
  await expect(page.getByRole('heading', { name: 'Choose a new password' })).toBeVisible();
  await page.getByLabel('New master password', { exact: true }).fill(NEW);
  await page.getByLabel('Repeat new master password', { exact: true }).fill(NEW);
  await page.getByRole('button', { name: 'Set password and open' }).click();
  const vault = new Vault(page);
  await vault.isOpen();
  return vault;
}

/** Another digit in the place of one. */
function typo(code: string, at: number): string {
  return code.slice(0, at) + (code[at] === '2' ? '3' : '2') + code.slice(at + 1);
}

async function makeKit(page: Page, password: string): Promise<Locator> {
  await part(page).getByRole('button', { name: /Make a (new|recovery) kit/ }).click();
  await part(page).getByLabel('Master password', { exact: true }).fill(password);
  await part(page).getByRole('button', { name: 'Continue' }).click();
  const kit = page.getByRole('dialog', { name: 'Your new recovery kit' });
  await expect(kit).toBeVisible();
  return kit;
}

test('the downloaded kit opens the vault without the password @phone', async ({ browser, guard, page, person, server }) => {
  guard.allowStatus(401);
  await person.createAccount();
  await expect(page.getByRole('img', { name: 'The setup code as a QR code' })).toBeVisible();
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download' }).click();
  const download = await downloading;
  const kit = readFileSync(await download.path(), 'utf8');
  for (const code of [person.setupCode, person.recoveryKey, person.checkpoint]) expect(kit).toContain(code);
  await page.getByRole('checkbox', { name: 'I have saved my recovery kit' }).check();
  await page.getByRole('button', { name: 'Open my vault' }).click();
  const vault = new Vault(page);
  await vault.isOpen();
  await vault.addKey(KEY);

  const device = await browser.newContext({ baseURL: server.origin });
  guard.watch(device);
  const there = await device.newPage();
  const sent: string[] = [];
  there.on('request', (request) => sent.push(request.postData() ?? ''));
  await toRecovery(there);
  await isAccessible(there, 'the kit is asked for');
  await enterKit(there, kit);
  await expect(there.getByRole('heading', { name: 'Choose a new password' })).toBeVisible();
  await isAccessible(there, 'the new password');
  // What the owner of a broken form sees, without anything lost.
  await there.getByRole('button', { name: 'Set password and open' }).click();
  await expect(there.getByText('A master password is needed.')).toBeVisible();
  const other = await choosePassword(there);
  await expect(other.row(KEY.name)).toBeVisible();
  await expect(there.getByText(/freshness/i)).toBeHidden();
  const said = sent.join();
  for (const group of person.recoveryKey.split('-').slice(1)) expect(said).not.toContain(group);

  // The old password and the old session are gone.
  await vault.page.reload();
  const back = person.at(page);
  await expect(page.getByRole('heading', { name: 'Unlock your vault' })).toBeVisible();
  await page.getByLabel('Master password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Unlock' }).click();
  await expect(page.getByText(/not the master password/)).toBeVisible();
  await new Person(page, { password: NEW, setupCode: back.setupCode }).unlock();
  await device.close();
});

test('what is missing or mistyped is said, part by part', async ({ guard, page, person, vault }) => {
  guard.allowStatus(401);
  await vault.lock();
  await toRecovery(page);
  const { setupCode, recoveryKey, checkpoint } = person;
  const cases: [string, RegExp][] = [
    [' ', /Paste the kit/],
    [recoveryKey, /setup code is missing/],
    [setupCode, /recovery key is missing/],
    [`${typo(setupCode, 9)} ${recoveryKey}`, /setup code has a typing error/],
    [`${setupCode} ${typo(recoveryKey, 9)}`, /recovery key has a typing error/],
    [`${setupCode} ${recoveryKey.slice(0, -3)}`, /no recovery key: that has fourteen groups/],
    [`${setupCode} ${recoveryKey} ${typo(checkpoint, 9)}`, /checkpoint has a typing error/],
  ];
  for (const [text, told] of cases) {
    await enterKit(page, text);
    await expect(page.getByText(told)).toBeVisible();
  }
  // A key with a mistake goes nowhere; an account that is nobody's is refused by the server.
  const answers: number[] = [];
  page.on('response', (response) => {
    if (response.url().endsWith('/auth/recover')) answers.push(response.status());
  });
  const foreign = 'KR1-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000';
  await enterKit(page, `${setupCode} ${foreign}`);
  await expect(page.getByText(/no recovery key|recovery key has a typing error/)).toBeVisible();
  await enterKit(page, `KA1-07ZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZYTTF ${recoveryKey}`);
  await expect(page.getByText(/These codes open no account here/)).toBeVisible();
  expect(answers).toEqual([401]);
  // Small letters, line breaks and no hyphens do not matter.
  await enterKit(page, `${recoveryKey.toLowerCase()}\n\n${setupCode.replaceAll('-', ' ')}`);
  await expect(page.getByRole('heading', { name: 'Choose a new password' })).toBeVisible();
  await page.getByRole('button', { name: 'Start again' }).click();
  await page.goto('/log-in');
  await person.unlock();
});

test('a new kit ends the one before, and a revoked one is worth nothing', async ({ browser, guard, page, person, server, vault }) => {
  guard.allowStatus(401);
  await vault.go('Settings');
  await expect(part(page).getByText(/Your kit was made on .* never checked since/)).toBeVisible();
  await isAccessible(page, 'the settings');

  // A wrong password makes none, and going back changes nothing.
  await part(page).getByRole('button', { name: 'Make a new kit' }).click();
  await part(page).getByLabel('Master password', { exact: true }).fill('not the password');
  await part(page).getByRole('button', { name: 'Continue' }).click();
  await expect(part(page).getByText('This is not the master password.')).toBeVisible();
  await part(page).getByRole('button', { name: 'Cancel' }).click();
  const first = await makeKit(page, person.password);
  const unused = await readKit(first);
  await first.getByRole('button', { name: 'Cancel' }).click();
  await expect(vault.toast.filter({ hasText: 'Nothing was changed.' })).toBeVisible();
  await part(page).getByRole('button', { name: 'Cancel' }).click();

  const kit = await makeKit(page, person.password);
  await isAccessible(page, 'the new kit');
  const made = await readKit(kit);
  expect(made.setupCode).toBe(person.setupCode);
  expect(made.recoveryKey).not.toBe(person.recoveryKey);
  await kit.getByRole('button', { name: 'Put it in force' }).click();
  await expect(kit.getByText(/save it first/i)).toBeVisible();
  await kit.getByRole('checkbox', { name: 'I have saved my new recovery kit' }).check();
  await kit.getByRole('button', { name: 'Put it in force' }).click();
  await expect(vault.toast.filter({ hasText: 'The new recovery kit is in force.' })).toBeVisible();

  const device = await browser.newContext({ baseURL: server.origin });
  guard.watch(device);
  const there = await device.newPage();
  await toRecovery(there);
  for (const dead of [person.recoveryKey, unused.recoveryKey]) {
    await enterKit(there, `${person.setupCode} ${dead}`);
    await expect(there.getByText(/a kit that was replaced or revoked is worth nothing/)).toBeVisible();
  }
  await enterKit(there, `${made.setupCode} ${made.recoveryKey}`);
  await expect(there.getByRole('heading', { name: 'Choose a new password' })).toBeVisible();

  await part(page).getByRole('button', { name: 'Revoke' }).click();
  await part(page).getByLabel('Master password', { exact: true }).fill(person.password);
  await part(page).getByRole('button', { name: 'Revoke the recovery key' }).click();
  await expect(part(page).getByText(/The recovery key is revoked/)).toBeVisible();
  // Also for whoever was in the middle of it.
  await there.getByLabel('New master password', { exact: true }).fill(NEW);
  await there.getByLabel('Repeat new master password', { exact: true }).fill(NEW);
  await there.getByRole('button', { name: 'Set password and open' }).click();
  await expect(there.getByText(/the kit was replaced meanwhile. Nothing was changed/)).toBeVisible();
  await part(page).getByRole('button', { name: 'Make a recovery kit' }).click();
  await part(page).getByRole('button', { name: 'Cancel' }).click();
  await vault.lock();
  await person.unlock();
  await device.close();
});

test('whoever has the kit can show it, and nothing of it is sent @phone', async ({ page, person, vault }) => {
  await page.goto('/settings');
  await new Person(page, { password: person.password }).unlock();
  const sent: string[] = [];
  page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`));
  await part(page).getByRole('button', { name: 'Check that I have it' }).click();
  const field = part(page).getByLabel('Last two groups of the recovery key');
  await expect(field).toBeFocused();
  await field.fill('0000-0000');
  await part(page).getByRole('button', { name: 'Check', exact: true }).click();
  await expect(part(page).getByText(/not the last two groups/)).toBeVisible();
  const ending = person.recoveryKey.slice(-9);
  await field.fill(ending.toLowerCase());
  await field.press('Enter');
  await expect(vault.toast.filter({ hasText: 'Right.' })).toBeVisible();
  await expect(part(page).getByText(/last checked on/)).toBeVisible();
  expect(sent.join().toLowerCase()).not.toContain(ending.toLowerCase());
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, 'the page scrolls sideways').toBeLessThanOrEqual(0);
});

test('once in a while the kit is asked for, quietly, and can be put off', async ({ context, page, person, vault }) => {
  await vault.lock();
  // A month later, for page and worker alike.
  const then = Date.now() + 31 * 24 * 3_600_000;
  await context.addInitScript((now) => {
    Date.now = () => now;
  }, then);
  await page.route('**/vault-worker/*.js', async (route) => {
    const answer = await route.fetch({ maxRetries: 2 });
    await route.fulfill({ response: answer, body: `Date.now = () => ${then};\n${await answer.text()}` });
  });
  await page.reload();
  const back = await person.unlock();
  const banner = page.getByRole('note').filter({ hasText: 'Is your recovery kit still where you put it?' });
  await expect(banner).toBeVisible();
  await isAccessible(page, 'the question for the kit');
  // Who locks at once, before the server has heard of it, is not asked again either.
  const [locked, lock] = later();
  await context.route('**/api/account/recovery/note', async (route) => {
    await locked;
    await route.continue().catch(() => undefined);
  });
  await banner.getByRole('button', { name: 'Dismiss' }).click();
  await expect(banner).toBeHidden();
  await back.button('Lock').click();
  lock();
  await back.isLocked();
  await person.unlock();
  await expect(vault.list.or(page.getByRole('heading', { name: 'Paste your first key' }))).toBeVisible();
  await expect(banner).toBeHidden();
});

test('the second factor stands between kit and vault', async ({ browser, guard, page, person, server, vault }) => {
  test.slow();
  guard.allowStatus(401);
  guard.allowStatus(403);
  await vault.go('Settings');
  const factor = page.getByRole('region', { name: 'Second factor' });
  await factor.getByRole('button', { name: 'Set up an authenticator app' }).click();
  const asked = page.getByRole('dialog', { name: 'Set up an authenticator app' });
  await asked.getByLabel('Master password', { exact: true }).fill(person.password);
  await asked.getByRole('button', { name: 'Continue' }).click();
  const app = new TotpApp(await page.getByTestId('totp-secret').innerText());
  await page.getByLabel('Six-digit code').fill(await app.code());
  await factor.getByRole('button', { name: 'Turn on' }).click();
  await expect(page.getByTestId('recovery-codes')).toBeVisible();

  const device = await browser.newContext({ baseURL: server.origin });
  guard.watch(device);
  const there = await device.newPage();
  await toRecovery(there);
  await enterKit(there, `${person.setupCode} ${person.recoveryKey} ${person.checkpoint}`);
  await expect(there.getByRole('heading', { name: 'Enter your code' })).toBeVisible();
  await isAccessible(there, 'the code');
  await there.getByLabel('Code').fill(app.used());
  await there.getByRole('button', { name: 'Continue' }).click();
  await expect(there.getByText(/This code was not accepted/)).toBeVisible();
  await there.getByLabel('Code').fill(await app.code());
  await there.getByRole('button', { name: 'Continue' }).click();
  await expect(there.getByRole('heading', { name: 'Choose a new password' })).toBeVisible();
  await expect(there.getByRole('progressbar')).toHaveCount(0);
  await choosePassword(there);
  await device.close();
});

test('an old state that the kit knows to be old is told at once', async ({ browser, guard }) => {
  const liar = await Liar.start();
  try {
    const context = await browser.newContext({ baseURL: liar.origin });
    guard.watch(context);
    const person = new Person(await context.newPage());
    const vault = await person.signUp();
    // The state of now is shown again later, whole and signed.
    let old: Buffer | undefined;
    liar.lie = ({ path, body }) => {
      if (path.includes('/changes')) old = body;
      return undefined;
    };
    await vault.lock();
    const back = await person.unlock();
    liar.lie = undefined;
    await back.addKey(KEY);
    await back.go('Settings');
    const kit = await makeKit(person.page, person.password);
    const made = await readKit(kit);
    await kit.getByRole('checkbox', { name: 'I have saved my new recovery kit' }).check();
    await kit.getByRole('button', { name: 'Put it in force' }).click();
    await expect(back.toast.filter({ hasText: 'The new recovery kit is in force.' })).toBeVisible();

    const device = await browser.newContext({ baseURL: liar.origin });
    guard.watch(device);
    const there = await device.newPage();
    liar.lie = ({ path, body }) => {
      if (path.includes('/changes')) return old;
      if (!path.includes('/auth/recover/finish')) return undefined;
      return Buffer.from(body.toString().replace(/"pins":\[[^\]]*\]/, '"pins":[]'));
    };
    await toRecovery(there);
    await enterKit(there, `${made.setupCode} ${made.recoveryKey} ${made.checkpoint}`);
    const opened = await choosePassword(there);
    await expect(there.getByRole('alert').filter({ hasText: /although version \d+ was saved/ })).toBeVisible();
    await opened.isOpen();
    await device.close();
    await context.close();
  } finally {
    await liar.stop();
  }
});

test('without a connection nothing is used up', async ({ guard, page, person, vault }) => {
  guard.allowOffline();
  await vault.lock();
  await toRecovery(page);
  await page.context().setOffline(true);
  await enterKit(page, `${person.setupCode} ${person.recoveryKey}`);
  await expect(page.getByText('The server cannot be reached. Nothing was lost.')).toBeVisible();
  await page.context().setOffline(false);
  await page.getByRole('button', { name: 'Continue' }).click();
  await choosePassword(page);
});

test('a new password whose answer is lost is in force, and the page says how to find out', async ({ guard, page, person, vault }) => {
  guard.allowOffline();
  guard.allowStatus(401);
  await vault.addKey(KEY);
  await vault.lock();
  let asked = 0;
  await page.context().route('**/auth/recover/finish', async (route) => {
    asked += 1;
    if (asked === 1) await route.fetch({ maxRetries: 2 });
    await route.abort();
  });
  await toRecovery(page);
  await enterKit(page, `${person.setupCode} ${person.recoveryKey}`);
  await expect(page.getByRole('heading', { name: 'Choose a new password' })).toBeVisible();
  await page.getByLabel('New master password', { exact: true }).fill(NEW);
  await page.getByLabel('Repeat new master password', { exact: true }).fill(NEW);
  await page.getByRole('button', { name: 'Set password and open' }).click();
  await expect(page.getByText(/Log in with the new one to find out/)).toBeVisible({ timeout: 60_000 });
  await page.goto('/vault');
  const opened = await new Person(page, { password: NEW }).unlock();
  await expect(opened.row(KEY.name)).toBeVisible();
});

for (const format of ['A4', 'Letter'] as const) {
  test(`the kit fits one page of ${format}`, async ({ page, person, vault }) => {
    const pages = async () => {
      const pdf = (await page.pdf({ format, printBackground: false })).toString('latin1');
      return pdf.match(/\/Type\s*\/Page[^s]/g)?.length;
    };
    await vault.go('Settings');
    const kit = await makeKit(page, person.password);
    await page.emulateMedia({ media: 'print' });
    for (const id of ['setup-code', 'recovery-key', 'checkpoint']) await expect(kit.getByTestId(id)).toBeVisible();
    await page.emulateMedia({ media: null });
    expect(await pages(), 'in the dialog').toBe(1);

    const device = await page.context().browser()?.newContext({ baseURL: page.url() });
    const fresh = new Person(await device!.newPage());
    await fresh.createAccount({ email: 'grace.brewster.murray.hopper@example.org' });
    const pdf = (await fresh.page.pdf({ format })).toString('latin1');
    expect(pdf.match(/\/Type\s*\/Page[^s]/g)?.length, 'after the sign-up').toBe(1);
    await device!.close();
  });
}
