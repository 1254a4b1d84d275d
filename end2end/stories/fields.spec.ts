import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { Page } from '@playwright/test';

import { isAccessible } from '../support/axe.ts';
import { expect, test } from '../support/fixtures.ts';

/** "12345678901234567890", as RFC 6238 has it. */
const SETUP_KEY = 'GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ';

/** The code of a moment, computed here and not by KeyArc (RFC 4226, RFC 6238). */
function codeAt(unixMs: number): string {
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(unixMs / 30_000)));
  const tag = createHmac('sha1', '12345678901234567890').update(step).digest();
  const number = tag.readUInt32BE(tag[19]! & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

/** Codes that are good about now: a step may end while the page is read. */
const codesNow = () => [-30_000, 0, 30_000].map((shift) => codeAt(Date.now() + shift));

const field = (page: Page, name: string) => page.getByRole('group', { name: `Field ${name}`, exact: true });

async function addField(page: Page, name: string, type: string, value: string): Promise<void> {
  await page.getByRole('button', { name: 'Add a field' }).click();
  const added = page.getByRole('group', { name: 'New field', exact: true });
  await expect(added.getByLabel('Field name')).toBeFocused();
  await page.keyboard.type(name);
  await field(page, name).getByLabel('Type').selectOption({ label: type });
  await field(page, name).getByLabel('Value', { exact: true }).fill(value);
}

test('fields of one’s own stand beside the secret, are found by name, and can be taken away @phone', async ({
  page,
  vault,
}) => {
  await vault.startNew();
  await vault.fillKey({ name: 'Bank', secret: 'the-bank-secret' });
  await addField(page, 'Account number', 'Text', '12345678');
  await addField(page, 'Telephone PIN', 'Secret', '80 64');
  await addField(page, 'Branch', 'Several lines', 'High Street\nSpringfield');
  await isAccessible(page, 'a form with fields of one’s own');
  await vault.save();
  const bank = vault.detail('Bank');
  await expect(bank.getByText('Telephone PIN')).toBeVisible();
  await expect(bank.getByText('80 64')).toHaveCount(0);
  await vault.reveal(bank);
  await expect(bank.getByText('12345678')).toBeVisible();
  await expect(bank.getByText('80 64')).toBeVisible();
  await expect(bank.getByText(/Springfield/)).toBeVisible();
  await isAccessible(page, 'an item with fields of one’s own');
  await bank.getByRole('button', { name: 'Copy Telephone PIN' }).click();
  await expect(vault.toast.filter({ hasText: 'Telephone PIN of Bank' })).toBeVisible();
  expect(await vault.clipboard()).toBe('80 64');

  await bank.getByRole('button', { name: 'Edit' }).click();
  await field(page, 'Branch').getByRole('button', { name: 'Remove field Branch' }).click();
  await expect(page.getByRole('button', { name: 'Add a field' })).toBeFocused();
  await vault.save();
  await expect(bank.getByText('Account number')).toBeVisible();
  await expect(bank.getByText('Branch')).toHaveCount(0);
});

test('a field is found by its name', async ({ page, vault }) => {
  await vault.addKey({ name: 'Other', secret: 'x-secret' });
  await vault.startNew();
  await vault.fillKey({ name: 'Registrar', secret: 'y-secret' });
  await addField(page, 'Nameserver', 'Address', 'https://ns.example.org');
  await vault.save();
  await expect(vault.detail('Registrar')).toBeVisible();
  await vault.filter.fill('nameserver');
  await expect(vault.rows).toHaveCount(1);
  await expect(vault.row('Registrar')).toBeVisible();
});

test('a field that cannot be saved says why, and nothing is lost', async ({ page, vault }) => {
  await vault.startNew();
  await vault.fillKey({ name: 'Half done', secret: 'kept' });
  await addField(page, 'One', 'Text', '1');
  await addField(page, 'Two', 'Text', '2');
  await field(page, 'Two').getByLabel('Field name').fill('one');
  await vault.save();
  const second = page.getByRole('group', { name: 'Field one', exact: true });
  await expect(second.getByText('Is the name of another field')).toBeVisible();
  await expect(second.getByLabel('Field name')).toBeFocused();
  await second.getByLabel('Field name').fill('');
  await vault.save();
  await expect(page.getByText('Needs a name')).toBeVisible();
  const nameless = page.getByRole('group', { name: 'New field', exact: true });
  await nameless.getByLabel('Field name').fill('Code');
  await field(page, 'Code').getByLabel('Type').selectOption({ label: 'One-time code' });
  await vault.save();
  await expect(field(page, 'Code').getByText(/Is neither letters and digits of Base32/)).toBeVisible();
  await field(page, 'Code').getByLabel('Value', { exact: true }).fill(SETUP_KEY);
  await vault.save();
  await expect(vault.detail('Half done')).toBeVisible();
});

test('a setup key gives the code of now, which counts down and is copied', async ({ page, vault }) => {
  await vault.startNew();
  await page.getByLabel('Kind', { exact: true }).selectOption({ label: 'One-time code' });
  await page.getByLabel('Name', { exact: true }).fill('Registry');
  await page.getByLabel('Setup key', { exact: true }).fill('otpauth://hotp/x?secret=GEZDGNBV&counter=1');
  await vault.save();
  await expect(page.getByText('Is for codes that count, not for codes that change with the time')).toBeVisible();
  const address = `otpauth://totp/Registry:ada@example.org?secret=${SETUP_KEY.replaceAll(' ', '')}`;
  await page.getByLabel('Setup key', { exact: true }).fill(address);
  await vault.save();
  const item = vault.detail('Registry');
  await expect(item).toBeVisible();
  await expect(vault.row('Registry')).toContainText('ada@example.org');
  await vault.reveal(item);
  const code = item.locator('.live-code');
  await expect.poll(async () => codesNow().includes(((await code.textContent()) ?? '').replace(/\s/g, ''))).toBe(true);
  await expect(item.getByText(/^Good for another \d+ s$/)).toBeVisible();
  await expect(item.getByText('GEZD')).toHaveCount(0);
  await isAccessible(page, 'a code that counts down');
  await item.getByRole('button', { name: 'Copy', exact: true }).click();
  await expect(vault.toast.filter({ hasText: 'Registry copied' })).toBeVisible();
  expect(codesNow()).toContain(await vault.clipboard());
});

test('a setup key is read from a picture of its QR code, chosen or pasted @phone', async ({ page, vault }) => {
  const picture = (name: string) => fileURLToPath(new URL(`../../crates/vault/fixtures/qr/${name}`, import.meta.url));
  await vault.startNew();
  await page.getByLabel('Kind', { exact: true }).selectOption({ label: 'One-time code' });
  const input = page.getByLabel('Picture of the QR code');
  await input.setInputFiles(picture('address.png'));
  await expect(page.getByRole('alert').filter({ hasText: 'is not one for an authenticator app' })).toBeVisible();
  await input.setInputFiles({ name: 'not.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
  await expect(page.getByRole('alert').filter({ hasText: 'cannot read the file as a picture' })).toBeVisible();
  await input.setInputFiles(picture('setup-key.png'));
  await expect(page.getByText('The setup key was read.')).toBeVisible();
  await expect(page.getByLabel('Setup key', { exact: true })).toHaveValue(/^otpauth:\/\/totp\/Example/);
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Example (ada@example.org)');
  await isAccessible(page, 'a setup key that was read');

  // A screenshot from the clipboard, light on dark as a dark page shows it.
  await page.getByLabel('Setup key', { exact: true }).fill('');
  const pasted = readFileSync(picture('setup-key-dark.png')).toString('base64');
  await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': new Blob([bytes], { type: 'image/png' }) })]);
  }, pasted);
  await page.getByLabel('Name', { exact: true }).focus();
  await page.keyboard.press('ControlOrMeta+v');
  await expect(page.getByLabel('Setup key', { exact: true })).toHaveValue(/^otpauth:\/\/totp\/Example/);
  await vault.save();
  const item = vault.detail('Example (ada@example.org)');
  await vault.reveal(item);
  await expect(item.locator('.live-code')).toHaveText(/^\d{4}\u202f\d{4}$/);
});
