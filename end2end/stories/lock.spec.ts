import { expect, test } from '../support/fixtures.ts';
import { later } from '../support/later.ts';

const KEY = { name: 'Stripe live', secret: 'sk_live_51Hx9TqLmNoPqRsTuVwXyZ0123456789' };

test('locking ends the worker and leaves nothing of the vault in the page', async ({ page, person, vault }) => {
  await vault.addKey(KEY);
  await vault.reveal(vault.detail(KEY.name));
  const workers = page.workers();
  expect(workers).toHaveLength(1);
  await vault.lock();
  expect(page.workers()).not.toContain(workers[0]);
  const html = await page.content();
  expect(html).not.toContain(KEY.name);
  expect(html).not.toContain(KEY.secret);
  const again = await person.unlock();
  await expect(again.row(KEY.name)).toBeVisible();
});

test('locking in one tab locks all', async ({ context, person, vault }) => {
  const other = person.at(await context.newPage());
  await other.page.goto('/vault');
  const second = await other.unlock();
  await vault.lock();
  await second.isLocked();
});

test('a vault left alone locks itself', async ({ page, person }) => {
  await page.clock.install();
  const vault = await person.signUp();
  await vault.addKey(KEY);
  await page.clock.fastForward('09:00');
  await expect(vault.row(KEY.name)).toBeVisible();
  await page.clock.fastForward('11:00');
  await vault.isLocked();
});

test('the time until then is a setting of the device', async ({ page, person }) => {
  await page.clock.install();
  const vault = await person.signUp();
  await vault.go('Settings');
  await page.getByLabel('Lock after').selectOption({ label: '1 minute' });
  await page.clock.fastForward('01:10');
  await vault.isLocked();
  await person.unlock();
  await expect(page.getByLabel('Lock after')).toHaveValue('1');
});

test('a half-written form survives a lock', async ({ page, person, vault }) => {
  await vault.startNew();
  await vault.fillKey({ name: 'Half written', secret: 'half-a-secret', notes: 'not saved yet' });
  await vault.lock();
  const stored = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  expect(stored).not.toContain('half-a-secret');
  await person.unlock();
  await expect(page.getByText('Your unsaved form is back.')).toBeVisible();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Half written');
  await expect(page.getByLabel('Secret', { exact: true })).toHaveValue('half-a-secret');
  await vault.save();
  await expect(vault.detail('Half written')).toBeVisible();
});

test('what was done just before a lock is done', async ({ context, person, vault }) => {
  await vault.addKey(KEY);
  const [locked, lock] = later();
  await context.route('**/items', async (route) => {
    await locked;
    await route.continue().catch(() => undefined);
  });
  await vault.detail(KEY.name).getByRole('button', { name: 'Add to favourites' }).click();
  await vault.button('Lock').click();
  lock();
  await vault.isLocked();
  const again = await person.unlock();
  await again.open(KEY.name);
  await expect(again.detail(KEY.name).getByRole('button', { name: 'Remove from favourites' })).toBeVisible();
});

test('a form that is being saved when the vault is locked is saved once, and not offered again', async ({ context, page, person, vault }) => {
  await vault.startNew();
  await vault.fillKey(KEY);
  const [locked, lock] = later();
  await context.route('**/items', async (route) => {
    await locked;
    await route.continue().catch(() => undefined);
  });
  await vault.save();
  await vault.button('Lock').click();
  lock();
  await vault.isLocked();
  const again = await person.unlock();
  await expect(again.row(KEY.name)).toBeVisible();
  await expect(again.rows).toHaveCount(1);
  await expect(page.getByText('Your unsaved form is back.')).toHaveCount(0);
});

test('a server that does not answer keeps no vault open', async ({ context, page, person, vault }) => {
  await vault.addKey(KEY);
  const workers = page.workers();
  expect(workers).toHaveLength(1);
  await context.route('**/items', () => undefined);
  await vault.detail(KEY.name).getByRole('button', { name: 'Add to favourites' }).click();
  await vault.lock();
  expect(page.workers()).not.toContain(workers[0]);
  await context.unroute('**/items');
  const again = await person.unlock();
  await expect(again.row(KEY.name)).toBeVisible();
});

test('a reload locks, and the password alone opens again', async ({ page, person, vault }) => {
  await vault.addKey(KEY);
  await page.reload();
  const again = await person.unlock();
  await expect(again.row(KEY.name)).toBeVisible();
});
