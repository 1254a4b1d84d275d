import { cpSync, rmSync } from 'node:fs';

import { isAccessible } from '../support/axe.ts';
import { expect, test } from '../support/fixtures.ts';
import { Server } from '../support/server.ts';

const LOST = /version 2, although version 3 was saved/;

const story = test.extend<{ own: Server }>({
  own: async ({}, use) => {
    const own = await Server.start();
    await use(own);
    await own.dispose();
  },
  baseURL: async ({ own }, use) => use(own.origin),
});

story('a restored backup is for reading, until somebody who knows of it goes on from it', async ({
  guard,
  own,
  page,
  person,
}) => {
  guard.allowOffline();
  const vault = await person.signUp();
  await vault.addKey({ name: 'First key', secret: 'the-first-secret' });
  await vault.addKey({ name: 'Second key', secret: 'the-second-secret' });
  await vault.lock();
  await own.stop();
  const backup = `${own.folder}/backup`;
  cpSync(own.dataDir, backup, { recursive: true });
  await own.run();
  await page.reload();
  const open = await person.unlock();
  await open.addKey({ name: 'Third key', secret: 'the-third-secret' });
  await open.lock();

  await own.stop();
  rmSync(own.dataDir, { recursive: true });
  cpSync(backup, own.dataDir, { recursive: true });
  await own.run();
  await page.reload();
  const back = await person.unlock();
  const alarm = page.getByRole('alert').filter({ hasText: LOST });
  await expect(alarm).toBeVisible();
  await isAccessible(page, 'an older state');

  // Nothing is decided by looking at the question.
  const goOn = page.getByRole('button', { name: 'Go on from this state' });
  await goOn.click();
  const question = page.getByRole('dialog', { name: 'Go on from what the server shows?' });
  await expect(question).toContainText('is not there any more');
  await isAccessible(page, 'the question whether to go on');
  await question.getByRole('button', { name: 'Cancel' }).click();
  await expect(goOn).toBeFocused();
  await expect(alarm).toBeVisible();
  await back.lock();
  await person.unlock();
  await expect(alarm).toBeVisible();

  await goOn.click();
  await question.getByRole('button', { name: 'Go on from it' }).click();
  await expect(back.toast.filter({ hasText: 'goes on from what the server shows' })).toBeVisible();
  await expect(alarm).toHaveCount(0);
  await back.addKey({ name: 'Fourth key', secret: 'the-fourth-secret' });
  await expect(back.row('Third key')).toHaveCount(0);

  // It is this device's history from now on.
  await back.lock();
  await person.unlock();
  await expect(back.row('Fourth key')).toBeVisible();
  await expect(alarm).toHaveCount(0);
  await expect(page.getByText('Freshness unverified')).toHaveCount(0);
});
