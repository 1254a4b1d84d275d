import { readFileSync } from 'node:fs';

import type { Download, Page } from '@playwright/test';

import { isAccessible } from '../support/axe.ts';
import { expect, test } from '../support/fixtures.ts';
import { repositoryFile, repositoryPath } from '../support/server.ts';
import type { Vault } from '../support/vault.ts';

const FOLDER = 'crates/vault/tests/vault/material';
const text = (name: string) => repositoryFile(`${FOLDER}/${name}`);

async function paste(page: Page, label: string, value: string): Promise<void> {
  await page.evaluate((copied) => navigator.clipboard.writeText(copied), value);
  await page.getByLabel(label, { exact: true }).focus();
  await page.keyboard.press('ControlOrMeta+v');
}

async function startKind(page: Page, vault: Vault, kind: string): Promise<void> {
  await vault.startNew();
  await page.getByLabel('Kind', { exact: true }).selectOption({ label: kind });
}

const choose = (page: Page, name: string) =>
  page.getByLabel('Choose a file, or drop it here').setInputFiles(repositoryPath(`${FOLDER}/${name}`));

async function downloaded(page: Page, press: () => Promise<void>): Promise<[string, string]> {
  const waiting: Promise<Download> = page.waitForEvent('download');
  await press();
  const download = await waiting;
  return [download.suggestedFilename(), readFileSync(await download.path(), 'utf8')];
}

test('a pasted chain and its key are read, and the expiry is taken over @phone', async ({ page, vault }) => {
  await vault.startNew();
  await paste(page, 'Secret', text('wildcard.key') + text('reversed.pem'));
  await expect(page.getByLabel('Kind', { exact: true })).toHaveValue('certificate');
  const form = page.locator('.form');
  await expect(form.getByText('O=Example Ltd, CN=*.example.com')).toBeVisible();
  await expect(form.getByText('The private key belongs to it')).toBeVisible();
  await expect(form.getByText(/stood in another order/)).toBeVisible();
  await expect(page.getByLabel('Certificates', { exact: true })).toHaveValue(text('chain.pem'));
  await expect(page.getByLabel('Private key', { exact: true })).toHaveValue(text('wildcard.key'));
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('*.example.com');
  await expect(page.getByLabel('Expires', { exact: true })).toHaveValue('2036-01-01');
  await isAccessible(page, 'the form of a certificate');
  await vault.save();

  const item = vault.detail('*.example.com');
  for (const shown of ['192.0.2.7', '2001:db8::7', 'O=Example Test, CN=Example Test Issuing', 'ECDSA with SHA-256']) {
    await expect(item.getByText(shown).first()).toBeVisible();
  }
  await expect(item.getByText(/1 January 2026 – 1 January 2036/)).toBeVisible();
  await expect(item.getByText('The private key belongs to it')).toBeVisible();
  await expect(item.getByText('BEGIN')).toHaveCount(0);
  await item.getByText('2 further certificates').click();
  await expect(item.getByText(/Example Test Root/).first()).toBeVisible();
  await isAccessible(page, 'a certificate');
  const fingerprint = /[0-9A-F:]{95}/.exec(text('fingerprints'))?.[0];
  await item.getByRole('button', { name: 'Copy the fingerprint' }).click();
  await expect(vault.toast.filter({ hasText: 'Fingerprint copied.' })).toBeVisible();
  expect(await vault.clipboard()).toBe(fingerprint);
  const [name, chain] = await downloaded(page, () => item.getByRole('button', { name: 'Download certificates' }).click());
  expect([name, chain]).toEqual(['example.com.pem', text('chain.pem')]);
  const [keyName, key] = await downloaded(page, () => item.getByRole('button', { name: 'Download private key' }).click());
  expect([keyName, key]).toEqual(['example.com-key.pem', text('wildcard.key')]);
  await expect(vault.toast.filter({ hasText: 'Nothing protects the key there' })).toBeVisible();
  await vault.reveal(item);
  await expect(item.getByText('BEGIN PRIVATE KEY')).toBeVisible();
});

test('a key of another certificate, and what cannot be read, say so and keep what was typed', async ({ page, vault }) => {
  await startKind(page, vault, 'Certificate');
  await page.getByLabel('Name', { exact: true }).fill('Shop');
  await page.getByLabel('Private key', { exact: true }).fill(text('wildcard.key'));
  await expect(page.getByText('There is a private key and no certificate.', { exact: false })).toBeVisible();
  await page.getByLabel('Certificates', { exact: true }).fill(text('expired.pem').slice(0, 300));
  await expect(page.getByText(/is cut off/)).toBeVisible();
  await expect(page.getByLabel('Private key', { exact: true })).toHaveValue(text('wildcard.key'));
  await page.getByLabel('Certificates', { exact: true }).fill(text('expired.pem'));
  await expect(page.getByText('The private key belongs to another')).toBeVisible();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Shop');
  await expect(page.getByLabel('Expires', { exact: true })).toHaveValue('2021-01-01');
  await vault.save();
  const item = vault.detail('Shop');
  await expect(item.getByText('The private key belongs to another')).toBeVisible();
  await expect(vault.row('Shop')).toContainText('old.example.com · ECDSA P-256');

  // The next certificate brings its own end, and a date of one's own stays.
  await item.getByRole('button', { name: 'Edit' }).click();
  await expect(page.locator('.form').getByText('CN=old.example.com').first()).toBeVisible();
  await page.getByLabel('Certificates', { exact: true }).fill(text('chain.pem'));
  await expect(page.getByLabel('Expires', { exact: true })).toHaveValue('2036-01-01');
  await page.getByLabel('Expires', { exact: true }).fill('2030-05-05');
  await page.getByLabel('Certificates', { exact: true }).fill(text('expired.pem'));
  await expect(page.locator('.form').getByText('CN=old.example.com').first()).toBeVisible();
  await expect(page.getByLabel('Expires', { exact: true })).toHaveValue('2030-05-05');
});

test('a PKCS#12 file opens with its password', async ({ page, vault }) => {
  await startKind(page, vault, 'Certificate');
  await choose(page, 'modern.p12');
  await expect(page.getByText('It is protected by a password.', { exact: false })).toBeVisible();
  const password = page.getByLabel('Password of the file', { exact: true });
  await password.fill('wrong');
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  await expect(page.getByText('The password does not open it.', { exact: false })).toBeVisible();
  await isAccessible(page, 'the form of a file under a password');
  await password.fill('pass wörd');
  await password.press('Enter');
  await expect(page.getByText('The private key belongs to it')).toBeVisible();
  await expect(password).toHaveCount(0);
  await expect(page.getByRole('heading', { name: 'New item' })).toBeVisible();
  await choose(page, 'legacy.p12');
  await password.fill('secret');
  await password.press('Enter');
  await expect(page.getByText(/outdated cipher/)).toBeVisible();
  await choose(page, 'make.sh');
  await expect(page.getByText('No certificate and no key was found in it.', { exact: false })).toBeVisible();
  await vault.save();
  await expect(vault.row('*.example.com')).toContainText('*.example.com · ECDSA P-256');
});

test('an SSH key is recognised, and one is made @phone', async ({ page, vault }) => {
  await vault.startNew();
  await paste(page, 'Secret', text('ssh-ed25519'));
  await expect(page.getByLabel('Kind', { exact: true })).toHaveValue('ssh-key');
  await expect(page.getByLabel('Public key', { exact: true })).toHaveValue(text('ssh-ed25519.pub').trim());
  const fingerprint = /SHA256:\S+/.exec(text('ssh-fingerprints'))?.[0] ?? '';
  await expect(page.locator('.form').getByText(fingerprint)).toBeVisible();
  await vault.save();
  const item = vault.detail('ada@example.com');
  await expect(item.getByText(fingerprint)).toBeVisible();
  await isAccessible(page, 'an SSH key');
  const [name, line] = await downloaded(page, () => item.getByRole('button', { name: 'Download public key' }).click());
  expect([name, line]).toEqual(['ada-example.com.pub', text('ssh-ed25519.pub')]);
});

test('key pairs are made of every sort', async ({ page, vault }) => {
  await startKind(page, vault, 'SSH key');
  await page.getByRole('button', { name: 'Make a key pair' }).press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Make a key pair' });
  await expect(dialog.getByRole('button', { name: 'Use it' })).toBeDisabled();
  await dialog.getByLabel('Comment').fill('ci@example.com');
  const made = async (sort: string, shape: RegExp) => {
    await dialog.getByLabel(sort, { exact: true }).check();
    await dialog.getByRole('button', { name: 'Make', exact: true }).click();
    await expect(dialog.locator('.generated')).toHaveText(shape, { timeout: 30_000 });
  };
  await made('RSA 2048', /^ssh-rsa AAAA\S+ ci@example\.com$/);
  await made('Ed25519', /^ssh-ed25519 AAAA\S+ ci@example\.com$/);
  await isAccessible(page, 'the maker of key pairs');
  await dialog.getByRole('button', { name: 'Use it' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByLabel('Private key', { exact: true })).toHaveValue(/^-----BEGIN OPENSSH PRIVATE KEY-----\n/);
  await expect(page.getByText('The private key belongs to it')).toBeVisible();
  await page.getByLabel('Kind', { exact: true }).selectOption({ label: 'Certificate' });
  await page.getByRole('button', { name: 'Make a key pair' }).click();
  await made('EC P-384', /^-----BEGIN PUBLIC KEY-----/);
  const [name, key] = await downloaded(page, () => dialog.getByRole('button', { name: 'Download public key' }).click());
  expect(name).toBe('public-key.pem');
  expect(key).toMatch(/^-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]+-----END PUBLIC KEY-----\n$/);
  await dialog.getByRole('button', { name: 'Use it' }).click();
  await expect(page.getByLabel('Private key', { exact: true })).toHaveValue(/^-----BEGIN PRIVATE KEY-----\n/);
});
