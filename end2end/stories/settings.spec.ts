import { createHash } from 'node:crypto';

import { expect, test } from '../support/fixtures.ts';

test('the theme follows the system until it is chosen, on public pages as well', async ({ page, vault }) => {
  await vault.isOpen();
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await background();
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(background).not.toBe(light);

  await vault.go('Settings');
  await page.getByRole('group', { name: 'Theme' }).getByRole('radio', { name: 'Light' }).check();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  await expect.poll(background).toBe(light);

  // No flash: the server already renders it.
  const html = await (await page.request.get('/')).text();
  expect(html).toContain('data-theme="light"');
});

test('the sessions of other devices are listed, and end at their next request', async ({
  browser,
  guard,
  page,
  person,
  server,
  vault,
}) => {
  guard.allowStatus(401);
  const device = await browser.newContext({ baseURL: server.origin });
  guard.watch(device);
  const there = person.at(await device.newPage());
  const other = await there.logIn();

  await vault.go('Settings');
  const sessions = page.getByRole('region', { name: 'Sessions' });
  await expect(sessions.getByRole('listitem')).toHaveCount(2);
  await expect(sessions.getByText('this one')).toHaveCount(1);
  await expect(sessions.getByText('from this machine')).toHaveCount(2);
  await sessions.getByRole('button', { name: /^End session/ }).click();
  await expect(vault.toast.filter({ hasText: /was ended/ })).toBeVisible();
  await expect(sessions.getByRole('listitem')).toHaveCount(1);

  await other.startNew();
  await other.fillKey({ name: 'Too late', secret: 'too-late' });
  await other.save();
  await expect(there.page.getByText(/session|log in/i).first()).toBeVisible();
  await expect(other.row('Too late')).toHaveCount(0);
  await device.close();
});

test('all other sessions end at once', async ({ browser, guard, page, person, server, vault }) => {
  guard.allowStatus(401);
  const device = await browser.newContext({ baseURL: server.origin });
  guard.watch(device);
  const there = person.at(await device.newPage());
  const other = await there.logIn();

  await vault.go('Settings');
  const sessions = page.getByRole('region', { name: 'Sessions' });
  await sessions.getByRole('button', { name: 'End all others' }).click();
  await expect(vault.toast.filter({ hasText: '1 other session' })).toBeVisible();
  await expect(sessions.getByRole('listitem')).toHaveCount(1);
  await expect(sessions.getByRole('button', { name: /^End/ })).toHaveCount(0);
  await page.reload();
  await person.unlock();
  await expect(sessions.getByRole('listitem')).toHaveCount(1);

  await other.startNew();
  await other.fillKey({ name: 'Too late', secret: 'too-late' });
  await other.save();
  await expect(there.page.getByText(/session|log in/i).first()).toBeVisible();
  await device.close();
});

test('sessions that cannot be fetched say so, and come on a second try', async ({ guard, page, vault }) => {
  guard.allowOffline();
  await page.route('**/rpc/sessions/list', (route) => route.abort());
  await vault.go('Settings');
  const sessions = page.getByRole('region', { name: 'Sessions' });
  await expect(sessions.getByText('The server cannot be reached.')).toBeVisible();
  await page.unroute('**/rpc/sessions/list');
  await sessions.getByRole('button', { name: 'Try again' }).click();
  await expect(sessions.getByText('this one')).toBeVisible();
});

test('settings name the account and this device', async ({ page, person }) => {
  const vault = await person.signUp({ email: 'linus@example.org' });
  await vault.go('Settings');
  await expect(page.getByText('linus@example.org').first()).toBeVisible();
  await expect(page.getByLabel('Lock after')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Forget this device' })).toBeVisible();
});

test('the settings tell which code runs, as the browser checked it', async ({ page, vault }) => {
  await vault.go('Settings');
  const about = page.getByRole('region', { name: 'About' }).or(page.locator('section', { hasText: 'About' }));
  const shown = (await about.locator('code').textContent()) ?? '';
  // What the page loads, fetched and hashed by somebody else.
  const wasm = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map(({ name }) => name)
      .find((name) => /\/pkg\/[^/]+\/keyarc\.wasm$/.test(name)),
  );
  const body = await (await page.request.get(wasm ?? '')).body();
  expect(shown).toBe(createHash('sha256').update(body).digest('hex'));
});
