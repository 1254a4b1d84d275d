// The files of the item that is open.

import { readFileSync } from 'node:fs';

import { expect, type FileChooser, type Locator, type Page } from '@playwright/test';

/** What stands about them. */
export const files = (page: Page): Locator => page.getByRole('region', { name: 'Files', exact: true });

/** Those that the item has. */
export const attached = (page: Page): Locator =>
  files(page).getByRole('list', { name: 'Attached files' }).getByRole('listitem');

/** What a file chooser takes. */
export type Chosen = Parameters<FileChooser['setFiles']>[0];

/** Chooses files as a person does: by a button that opens the system's chooser. */
export async function chooseBy(button: Locator, chosen: Chosen): Promise<void> {
  const opened = button.page().waitForEvent('filechooser');
  await button.click();
  await (await opened).setFiles(chosen);
}

/** Attaches files to the item that is open. */
export async function attach(page: Page, chosen: Chosen): Promise<void> {
  await chooseBy(files(page).getByRole('button', { name: 'Attach files…', exact: true }), chosen);
}

/** Fetches one by its button. */
export async function download(page: Page, name: string): Promise<Buffer> {
  const waiting = page.waitForEvent('download');
  await files(page).getByRole('button', { name: `Download ${name}`, exact: true }).click();
  const fetched = await waiting;
  expect(fetched.suggestedFilename()).toBe(name);
  return readFileSync(await fetched.path());
}
