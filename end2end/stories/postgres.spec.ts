import { expect, test } from '../support/fixtures.ts';
import { Person } from '../support/person.ts';
import { Server } from '../support/server.ts';

test('the same journey on Postgres', async ({ browser, guard }) => {
  const database = process.env['KEYARC_TEST_POSTGRES_URL'];
  if (database === undefined) throw new Error('KEYARC_TEST_POSTGRES_URL names no server; `cargo x test e2e` starts one');
  const server = await Server.start({ database });
  const context = await browser.newContext({ baseURL: server.origin });
  guard.watch(context);
  guard.allowOffline();
  try {
    const person = new Person(await context.newPage());
    const vault = await person.signUp();
    const lines = Array.from({ length: 120 }, (_, index) => `POSTGRES_${index}_KEY=value-${index}-abcdefgh`);
    await vault.previewImport(lines.join('\n'));
    await person.page.getByRole('button', { name: 'Import 120 items' }).click();
    await expect(vault.toast.filter({ hasText: '120 items imported.' })).toBeVisible();
    await vault.go('All items');
    await vault.addKey({ name: 'Kept in Postgres', secret: 'sk_live_51Hx9TqLmNoPqRsTuVwXyZ0123456789' });

    await server.stop();
    await server.run();
    const device = await browser.newContext({ baseURL: server.origin });
    guard.watch(device);
    const there = person.at(await device.newPage());
    const found = await there.logIn();
    const detail = await found.open('Kept in Postgres');
    await found.reveal(detail);
    await expect(detail.getByText('sk_live_51Hx9TqLmNoPqRsTuVwXyZ0123456789')).toBeVisible();
    await detail.getByRole('button', { name: 'Delete' }).click();
    await expect(found.row('Kept in Postgres')).toHaveCount(0);
    await device.close();
  } finally {
    await context.close();
    await server.dispose();
  }
});
