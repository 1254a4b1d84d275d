// The files of the item that is open.

import { readFileSync } from 'node:fs';

import { expect, type Locator, type Page } from '@playwright/test';

/** What stands about them. */
export const files = (page: Page): Locator => page.getByRole('region', { name: 'Files', exact: true });

/** Those that the item has. */
export const attached = (page: Page): Locator =>
  files(page).getByRole('list', { name: 'Attached files' }).getByRole('listitem');

/** Fetches one by its button. */
export async function download(page: Page, name: string): Promise<Buffer> {
  const waiting = page.waitForEvent('download');
  await files(page).getByRole('button', { name: `Download ${name}`, exact: true }).click();
  const fetched = await waiting;
  expect(fetched.suggestedFilename()).toBe(name);
  return readFileSync(await fetched.path());
}
