import { readFileSync } from 'node:fs';

import { expect, test } from '../support/fixtures.ts';
import { Person } from '../support/person.ts';

const SETUP_CODE = /^KA1-[0-9A-Z]+(-[0-9A-Z]+)+$/;

test('somebody reads the landing page, signs up and is in an empty vault', async ({ page, person }) => {
  await page.goto('/');
  await page.getByRole('link', { name: /create|get started|sign up/i }).first().click();
  await expect(page.getByRole('heading', { name: 'Create your vault' })).toBeVisible();
  const vault = await person.signUp({ email: 'ada@example.org' });
  await expect(vault.rows).toHaveCount(0);
  await vault.go('Settings');
  await expect(page.getByText('ada@example.org')).toBeVisible();
});

test('a weak password is refused with advice, and nothing is sent', async ({ page, person }) => {
  const sent: string[] = [];
  page.on('request', (request) => sent.push(new URL(request.url()).pathname));
  await person.fillSignUp({ password: 'password123' });
  await page.getByRole('button', { name: 'Create vault' }).click();
  await expect(page.getByText(/too easy to guess/i)).toBeVisible();
  await expect(page.getByLabel('Master password', { exact: true })).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByRole('heading', { name: 'Create your vault' })).toBeVisible();
  expect(sent).not.toContain('/auth/sign-up');
});

test('the strength meter follows what is typed and knows the e-mail address', async ({ page }) => {
  await page.goto('/sign-up');
  const meter = page.getByRole('meter', { name: /strength/i });
  const password = page.getByLabel('Master password', { exact: true });
  await password.fill('abc');
  await expect(meter).toHaveAttribute('aria-valuenow', /^[01]$/);
  await password.fill('velvet harbour lantern twelve copper');
  await expect(meter).toHaveAttribute('aria-valuenow', '4');
  await page.getByLabel('E-mail (optional)').fill('velvetharbour@lantern.example');
  await password.fill('velvetharbour');
  await expect(meter).toHaveAttribute('aria-valuenow', /^[01]$/);
});

test('two different passwords are refused', async ({ page, person }) => {
  await person.fillSignUp({ repeat: `${person.password}x` });
  await page.getByRole('button', { name: 'Create vault' }).click();
  await expect(page.getByText('The two passwords differ.')).toBeVisible();
});

test('the recovery kit can be downloaded and printed, and must be saved first', async ({ page, person }) => {
  await person.createAccount({ email: 'grace@example.org' });
  expect(person.setupCode).toMatch(SETUP_CODE);
  const open = page.getByRole('button', { name: 'Open my vault' });
  await open.click();
  await expect(page.getByText(/save it first/i)).toBeVisible();

  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download' }).click();
  const download = await downloading;
  const kit = readFileSync(await download.path(), 'utf8');
  expect(kit).toContain(person.setupCode);
  expect(kit).toContain('grace@example.org');
  expect(kit).not.toContain(person.password);

  const printed = page.evaluate(
    () => new Promise((resolve) => (window.print = () => resolve('printed'))),
  );
  await page.getByRole('button', { name: 'Print' }).click();
  expect(await printed).toBe('printed');
  await page.emulateMedia({ media: 'print' });
  await expect(page.getByTestId('setup-code')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Print' })).toBeHidden();
  await page.emulateMedia({ media: null });

  await page.getByRole('checkbox', { name: 'I have saved my recovery kit' }).check();
  await open.click();
  await expect(page).toHaveURL(/\/vault/);
});

test('an e-mail address that another account has is answered alike, and its owner hears of it', async ({
  browser,
  guard,
  person,
  server,
}) => {
  const email = `taken-${Date.now()}@example.org`;
  await person.signUp({ email });

  const elsewhere = await browser.newContext({ baseURL: server.origin });
  guard.watch(elsewhere);
  const stranger = new Person(await elsewhere.newPage());
  const answered = stranger.page.waitForResponse(/\/auth\/sign-up$/);
  await stranger.signUp({ email });
  expect((await answered).status()).toBeLessThan(300);
  await elsewhere.close();

  await person.page.reload();
  await person.unlock();
  await expect(person.page.getByText(/somebody made another vault with your e-mail address/i)).toBeVisible();
});
