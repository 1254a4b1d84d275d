// What is due: in the vault, and, once somebody wants that, by e-mail, webhook and calendar.

import { createHmac } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import path from 'node:path';

import type { Locator, Page } from '@playwright/test';

import { isAccessible } from '../support/axe.ts';
import { canary } from '../support/canary.ts';
import { expect, test } from '../support/fixtures.ts';
import { freePort, type Server } from '../support/server.ts';

/** A day as the form takes it, so many days from now, where the browser is. */
function dayFromNow(page: Page, days: number): Promise<string> {
  return page.evaluate((ahead) => {
    const then = new Date();
    then.setDate(then.getDate() + ahead);
    const two = (value: number) => String(value).padStart(2, '0');
    return `${then.getFullYear()}-${two(then.getMonth() + 1)}-${two(then.getDate())}`;
  }, days);
}

async function fitsTheScreen(page: Page): Promise<void> {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, 'the page scrolls sideways').toBeLessThanOrEqual(0);
}

/** The mails in the outbox, in their order, with the quoting of long lines taken away. */
function mails(server: Server): string[] {
  const folder = path.join(server.dataDir, 'outbox');
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).sort();
  return names.map((name) =>
    readFileSync(path.join(folder, name), 'utf8')
      .replaceAll('=\r\n', '')
      .replaceAll('=3D', '='),
  );
}

/** Types the master password where it is asked for. */
async function confirm(page: Page, password: string): Promise<void> {
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Master password', { exact: true }).fill(password);
  await dialog.getByRole('button', { name: 'Continue' }).click();
}

function region(page: Page): Locator {
  return page.getByRole('region', { name: 'Reminders', exact: true });
}

/** A receiver of webhooks on this computer. */
async function receiver(): Promise<{ url: string; heard: { headers: IncomingHttpHeaders; body: string }[]; close: () => void }> {
  const heard: { headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer((request, answer) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString('utf8')));
    request.on('end', () => {
      heard.push({ headers: request.headers, body });
      answer.writeHead(204).end();
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${port}/hook`, heard, close: () => server.close() };
}

test('what is due is put off, dismissed and taken back, on every device @phone', async ({
  browser,
  guard,
  page,
  person,
  server,
  vault,
}) => {
  await vault.go('Reminders');
  await expect(page.getByRole('heading', { name: 'Nothing to be reminded of' })).toBeVisible();
  await isAccessible(page, 'no reminders');
  await vault.go('All items');
  await vault.addKey({ name: 'Gone key', secret: 'gone-key-value', expires: await dayFromNow(page, -2) });
  const back = page.getByRole('button', { name: 'Back to the list' });
  if (await back.isVisible()) await back.click();
  await vault.addKey({ name: 'Soon key', secret: 'soon-key-value', expires: await dayFromNow(page, 10) });
  await vault.go('Reminders');
  const due = page.getByRole('list', { name: 'Due', exact: true }).getByRole('listitem');
  await expect(due).toHaveCount(2);
  await expect(due.first()).toContainText('Gone key');
  await expect(due.first()).toContainText('expired');
  await expect(due.last()).toContainText('10 days');
  await isAccessible(page, 'reminders');
  await fitsTheScreen(page);

  // Dismissed, and taken back.
  await due.first().getByRole('button', { name: 'Dismiss' }).click();
  const toast = vault.toast.filter({ hasText: 'The reminder of Gone key was dismissed.' });
  await expect(toast).toBeVisible();
  await expect(due).toHaveCount(1);
  await toast.getByRole('button', { name: 'Undo' }).click();
  await expect(due).toHaveCount(2);

  // Put off, which holds on another device as well.
  await due.first().getByRole('button', { name: 'In a week' }).click();
  await expect(due).toHaveCount(1);
  const device = await browser.newContext({ baseURL: server.origin });
  guard.watch(device);
  const there = person.at(await device.newPage());
  await (await there.logIn()).go('Reminders');
  await expect(there.page.getByRole('list', { name: 'Due', exact: true }).getByRole('listitem')).toHaveCount(1);
  await device.close();
  await page.getByText('Put away (1)').click();
  const away = page.getByRole('list', { name: 'Put away' }).getByRole('listitem');
  await expect(away).toContainText('comes back on');
  await isAccessible(page, 'reminders put away');
  await away.getByRole('button', { name: 'Remind again' }).click();
  await expect(due).toHaveCount(2);

  // Later is not yet.
  const early = page.getByRole('group', { name: 'How early' });
  await early.getByRole('checkbox', { name: '30 days before' }).uncheck();
  await expect(early.getByRole('checkbox', { name: '14 days before' })).toBeEnabled();
  await early.getByRole('checkbox', { name: '14 days before' }).uncheck();
  await expect(due).toHaveCount(1);

  // A link that leads nowhere says so, also after a lock.
  for (const id of ['0'.repeat(32), 'nonsense']) {
    await page.goto(`/vault/reminders?id=${id}`);
    await person.unlock();
    await expect(page.getByRole('heading', { name: 'This reminder is for nothing any more' })).toBeVisible();
  }
  await isAccessible(page, 'a reminder of nothing');
  await page.getByRole('link', { name: 'All reminders' }).click();
  await expect(due).toHaveCount(1);
});

test('reminders by e-mail show what they tell, take a code, and lead to the item @phone', async ({
  guard,
  page,
  person,
  server,
}) => {
  guard.allowStatus(400);
  guard.allowStatus(401);
  const name = canary('reminded');
  const vault = await person.signUp({ email: 'ada@example.org' });
  const day = await dayFromNow(page, 20);
  await vault.addKey({ name, secret: canary('secret'), expires: day });
  await page.goto('/settings');
  await person.unlock();
  const part = region(page);
  await expect(part.getByText(`Something in your vault is due on ${day}.`)).toBeVisible();
  await isAccessible(page, 'settings of reminders');
  await fitsTheScreen(page);

  await part.getByRole('button', { name: 'Turn on e-mail' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Master password', { exact: true }).fill('not the password');
  await dialog.getByRole('button', { name: 'Continue' }).click();
  await expect(dialog.getByText('This is not your master password.')).toBeVisible();
  await confirm(page, person.password);
  await expect(part.getByText('A mail with a code went to ada@example.org')).toBeVisible();
  await expect.poll(() => mails(server).length).toBeGreaterThan(0);
  const code = /\b\d{8}\b/.exec(mails(server).at(-1) ?? '')?.[0] ?? '';
  const field = part.getByLabel('Code of the mail');
  await part.getByRole('button', { name: 'Confirm' }).click();
  await expect(part.getByText('Type the code of the mail.')).toBeVisible();
  await field.fill(code === '00000000' ? '11111111' : '00000000');
  await part.getByRole('button', { name: 'Confirm' }).click();
  await expect(part.getByText('This is not the code of the last mail')).toBeVisible();
  await field.fill(code);
  await part.getByRole('button', { name: 'Confirm' }).click();
  await expect(part.getByText('On: one mail a day at most')).toBeVisible();

  const before = mails(server).length;
  await part.getByRole('button', { name: 'Send a test mail' }).click();
  await expect.poll(() => mails(server).length).toBe(before + 1);
  const mail = mails(server).at(-1) ?? '';
  expect(mail).toContain(`Something in your vault is due on ${day}.`);
  expect(mail).not.toContain('canary');
  const link = new RegExp(`${server.origin}(/vault/reminders\\?id=[0-9a-f]{32})`).exec(mail)?.[1] ?? '';
  expect(link).not.toBe('');
  await page.goto(link);
  await person.unlock();
  await expect(vault.detail(name)).toBeVisible();

  // One click in a mail program, without a session.
  const stop = new RegExp(`${server.origin}(/reminders/unsubscribe/[0-9a-f]{32})`).exec(mail)?.[1] ?? '';
  await page.goto(stop);
  await isAccessible(page, 'no more mails?');
  await page.getByRole('button', { name: 'No more of these mails' }).click();
  await expect(page.getByRole('heading', { name: 'No more reminders by e-mail', exact: true })).toBeVisible();
  await page.goto('/settings');
  await person.unlock();
  await expect(region(page).getByRole('button', { name: 'Turn on e-mail' })).toBeVisible();
});

test('a calendar and a webhook are told dates, and follow the vault', async ({ guard, page, person, vault }) => {
  guard.allowStatus(400);
  const day = await dayFromNow(page, 20);
  await vault.addKey({ name: canary('first'), secret: canary('secret'), expires: day });
  await vault.go('Settings');
  const part = region(page);
  // Without an address there is nothing to send mail to.
  await expect(part.getByText('Your account has no e-mail address')).toBeVisible();

  await part.getByRole('button', { name: 'Turn on calendar' }).click();
  await confirm(page, person.password);
  const secret = part.getByTestId('reminder-secret');
  await expect(secret).toBeVisible();
  const address = (await secret.innerText()).trim();
  await isAccessible(page, 'the address of a calendar');
  await part.getByRole('button', { name: 'I have saved it' }).click();
  await expect(secret).toHaveCount(0);
  // Without the browser and its cookies.
  const feed = async () => (await fetch(address)).text();
  await expect.poll(feed).toContain(`DTSTART;VALUE=DATE:${day.replaceAll('-', '')}`);
  expect(await feed()).not.toContain('canary');

  await vault.go('All items');
  await vault.addKey({ name: canary('second'), secret: canary('secret'), expires: await dayFromNow(page, 21) });
  await expect.poll(async () => (await feed()).split('BEGIN:VEVENT').length - 1, { timeout: 30_000 }).toBe(2);

  await vault.go('Settings');
  await part.getByRole('button', { name: 'Turn on webhook' }).click();
  await expect(part.getByText('Type where to send to.')).toBeVisible();
  await part.getByLabel('Address of the receiver').fill('ftp://hooks.example/');
  await part.getByRole('button', { name: 'Turn on webhook' }).click();
  await expect(part.getByText('The address must begin with https://.')).toBeVisible();
  // Another machine, and without TLS.
  await part.getByLabel('Address of the receiver').fill('http://hooks.example/');
  await part.getByRole('button', { name: 'Turn on webhook' }).click();
  await confirm(page, person.password);
  await expect(part.getByText('The server does not take this address')).toBeVisible();

  const hook = await receiver();
  await part.getByLabel('Address of the receiver').fill(hook.url);
  await part.getByRole('button', { name: 'Turn on webhook' }).click();
  await confirm(page, person.password);
  const shared = (await secret.innerText()).trim();
  await part.getByRole('button', { name: 'I have saved it' }).click();
  await part.getByRole('button', { name: 'Send a test request' }).click();
  await expect(vault.toast.filter({ hasText: 'The receiver took the test.' })).toBeVisible();
  const [request] = hook.heard;
  const header = (name: string) => String(request?.headers[name]);
  const key = Buffer.from(shared.replace('whsec_', ''), 'base64');
  const signed = `${header('webhook-id')}.${header('webhook-timestamp')}.${request?.body}`;
  expect(header('webhook-signature')).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  expect(JSON.parse(request?.body ?? '{}')).toMatchObject({ type: 'reminder.test', date: day });
  hook.close();
  await part.getByRole('button', { name: 'Send a test request' }).click();
  await expect(page.getByText('The test was not delivered: nothing answers there.')).toBeVisible();

  // What was switched off tells nothing more.
  await part.getByRole('button', { name: 'Turn webhook off' }).click();
  await expect(part.getByRole('button', { name: 'Turn on webhook' })).toBeVisible();
  await part.getByRole('button', { name: 'Turn calendar off' }).click();
  await expect(part.getByRole('button', { name: 'Turn on calendar' })).toBeVisible();
  expect((await fetch(address)).status).toBe(404);
});

test('ways to be reminded that cannot be fetched say so, and come on a second try', async ({ guard, page, vault }) => {
  guard.allowOffline();
  await page.context().route('**/api/account/reminders', (route) => route.abort());
  await vault.go('Settings');
  const part = region(page);
  await expect(part.getByText('The server cannot be reached.')).toBeVisible();
  await expect(part.getByRole('button', { name: 'Turn on calendar' })).toHaveCount(0);
  await isAccessible(page, 'settings of reminders that could not be fetched');
  await page.context().unroute('**/api/account/reminders');
  await part.getByRole('button', { name: 'Try again' }).click();
  await expect(part.getByRole('button', { name: 'Turn on calendar' })).toBeVisible();
});
