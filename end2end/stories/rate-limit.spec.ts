import { expect, test } from '../support/fixtures.ts';
import { Person } from '../support/person.ts';
import { Server } from '../support/server.ts';

test('the sixth log-in in a minute must wait, and is told how long', async ({ browser, guard }) => {
  guard.allowStatus(401);
  guard.allowStatus(429);
  const server = await Server.start({ productLimits: true });
  const context = await browser.newContext({ baseURL: server.origin });
  guard.watch(context);
  try {
    const person = new Person(await context.newPage());
    const vault = await person.signUp();
    await vault.lock();
    const { page } = person;
    const refused = page.getByText(/too many attempts/i);
    for (let attempt = 0; attempt < 7; attempt += 1) {
      await page.getByLabel('Master password', { exact: true }).fill(`wrong password ${attempt}`);
      await page.getByRole('button', { name: 'Unlock' }).click();
      await expect(refused.or(page.getByText('This is not the master password.')).first()).toBeVisible();
      await expect(page.getByRole('button', { name: 'Unlock' })).toBeEnabled();
    }
    await expect(refused).toBeVisible();
    await expect(page.getByText(/try again in \d+ s/i)).toBeVisible();
  } finally {
    await context.close();
    await server.dispose();
  }
});
