// A server that knows the code of a device link, and one that stands in the middle of it.

import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';

import type { Page } from '@playwright/test';

import { everyJson } from '../support/liar.ts';
import { expect, isTrusted, sent, story } from '../support/lying.ts';
import type { Vault } from '../support/vault.ts';

const part = (page: Page) => page.getByRole('region', { name: 'Link a new device' });
const words = (page: Page) => page.getByTestId('link-words').getByRole('listitem');

/** A half of a link, as whoever stands in the middle makes it: what is said of it, and at last itself. */
function half(): { offer: string; answer: string; reveal: string } {
  const key = Buffer.from(generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' }).x!, 'base64url');
  const own = Buffer.concat([key, randomBytes(32)]);
  const commitment = createHash('sha256').update('keyarc/v1/link/commit').update(own).digest();
  const message = (kind: number, body: Buffer) =>
    Buffer.concat([Buffer.from('KL'), Buffer.from([1, kind]), body]).toString('base64url');
  return { offer: message(0, commitment), answer: message(1, own), reveal: message(2, own) };
}

/** A device that knows nobody shows its code. */
async function shows(page: Page): Promise<string> {
  await page.goto('/log-in');
  await page.getByRole('button', { name: 'Link with another device' }).click();
  const code = page.getByTestId('link-code');
  await expect(code).toHaveText(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  return code.innerText();
}

async function types(vault: Vault, code: string): Promise<void> {
  await part(vault.page).getByLabel('Code of the new device').fill(code);
  await part(vault.page).getByRole('button', { name: 'Link' }).click();
}

story('a server in the middle of a link cannot show the same words on both screens', async ({ browser, guard, liar, page, there, vault }) => {
  story.slow();
  guard.allowStatus(404);
  await vault.isLocked();
  const open = await isTrusted(there);
  await open.go('Settings');
  const context = await browser.newContext({ baseURL: liar.origin });
  guard.watch(context);
  const device = await context.newPage();
  // It takes the part of the new device against the unlocked one, and the other way round.
  const [forKnown, forNew] = [half(), half()];
  liar.lie = everyJson((path, answer) => {
    if (path === '/api/link/join' && answer.offer !== undefined) answer.offer = forKnown.offer;
    if (path === '/api/link' && answer.reveal !== undefined) answer.reveal = forKnown.reveal;
    if (path === '/auth/link' && answer.answer !== undefined) answer.answer = forNew.answer;
  });
  await types(open, await shows(device));
  await expect(words(page)).toHaveCount(6);
  await expect(words(device)).toHaveCount(6);
  expect(await words(page).allInnerTexts()).not.toEqual(await words(device).allInnerTexts());
  // Even if one of the two people does not look.
  await device.getByRole('button', { name: 'They are the same' }).click();
  await page.getByRole('button', { name: 'They differ' }).click();
  await expect(part(page).getByText('Somebody may stand between')).toBeVisible();
  await expect(device.getByText('The link is over')).toBeVisible();

  // One that passes the first message on and reveals another half is found out by the client.
  liar.lie = everyJson((path, answer) => {
    if (path === '/api/link' && answer.reveal !== undefined) answer.reveal = forKnown.reveal;
  });
  await device.getByRole('button', { name: 'New code' }).click();
  const code = device.getByTestId('link-code');
  await expect(code).toBeVisible();
  await types(open, await code.innerText());
  await expect(part(page).getByText(/does not verify/)).toBeVisible();
  await expect(words(page)).toHaveCount(0);
  for (const step of sent<{ sealed?: string | null }>(liar, '/api/link')) expect(step.sealed ?? null).toBeNull();
  await context.close();
});

story('a code of a link is worth nothing after five guesses', async ({ browser, guard, liar, page, there, vault }) => {
  guard.allowStatus(404);
  await vault.isLocked();
  const open = await isTrusted(there);
  await open.go('Settings');
  const context = await browser.newContext({ baseURL: liar.origin });
  guard.watch(context);
  const device = await context.newPage();
  const code = await shows(device);
  const others = [...'0123456789'].filter((digit) => !code.endsWith(digit)).slice(0, 5);
  const guesses = others.map((digit) => `${code.slice(0, -1)}${digit}`);
  for (const [at, guess] of [...guesses, code].entries()) {
    await types(open, guess);
    await expect.poll(() => liar.count('POST', '/api/link/join')).toBe(at + 1);
    await expect(part(page).getByText('No device is waiting with this code.')).toBeVisible();
  }
  await expect(words(page)).toHaveCount(0);
  await expect(words(device)).toHaveCount(0);
  await context.close();
});
