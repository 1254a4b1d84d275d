import { readFileSync } from 'node:fs';

import { isAccessible } from '../support/axe.ts';
import { expect, test } from '../support/fixtures.ts';

/** A file of the samples, byte by byte. */
function sample(name: string, called = name) {
  const file = new URL(`../../crates/vault/fixtures/import/${name}`, import.meta.url);
  return { name: called, mimeType: 'application/octet-stream', buffer: readFileSync(file) };
}

test('a KeePass database opens with its password and key file, and tells what stays behind', async ({ page, vault }) => {
  await vault.go('Import');
  await page.locator('#import-file').setInputFiles(sample('keepass/chacha20-argon2id-key.kdbx', 'shop.kdbx'));
  await expect(page.getByLabel('Read as')).toHaveValue('keepass');
  const password = page.getByLabel('Password of the file');
  await expect(password).toBeFocused();
  await vault.button('Open').click();
  await expect(page.getByText('Enter the password of the file.')).toBeVisible();
  await isAccessible(page, 'a protected database');

  // The password alone is not enough, and a file that is no key file is told from one.
  await password.fill('correct horse');
  await vault.button('Open').click();
  await expect(page.getByText('This password and key file do not open the file')).toBeVisible();
  await password.fill('correct horse');
  await page.getByLabel('Key file').setInputFiles({
    name: 'large.bin',
    mimeType: 'application/octet-stream',
    buffer: Buffer.alloc(2 * 1024 * 1024),
  });
  await vault.button('Open').click();
  await expect(page.getByText('This is larger than a key file is.')).toBeVisible();
  await page.getByLabel('Key file').setInputFiles(sample('keepass/key.keyx', 'key.keyx'));
  await vault.button('Open').click();

  await expect(page.getByText(/^5 items found/)).toBeVisible();
  const rows = page.getByRole('table', { name: 'What will be imported' });
  await expect(rows.getByText('Stripe', { exact: true }).first()).toBeVisible();
  await expect(rows.getByText('pässwörd')).toHaveCount(0);
  await expect(page.getByText('has an attachment, which is not imported')).toBeVisible();
  await expect(page.getByText('2 entries left out')).toBeVisible();
  await page.getByRole('button', { name: 'Import 5 items' }).click();
  await expect(vault.toast.filter({ hasText: '5 items imported.' })).toBeVisible();
  const detail = await vault.open('Stripe');
  await vault.reveal(detail);
  for (const text of ['Work-Shop', 'Payments', 'ada@example.org', 'Webhook secret', 'acct_1']) {
    await expect(detail.getByText(text).first()).toBeVisible();
  }
});

test('files for programs become keys, folders and environments', async ({ page, vault }) => {
  for (const [name, called, format, count] of [
    ['aws-credentials', 'credentials', 'aws', 3],
    ['kubeconfig.yaml', 'config', 'kubeconfig', 7],
    ['doppler.json', 'doppler.json', 'doppler', 3],
    ['bundle.pem', 'bundle.pem', 'pem', 4],
  ] as const) {
    await vault.go('Import');
    await page.locator('#import-file').setInputFiles(sample(name, called));
    await expect(page.getByLabel('Read as')).toHaveValue(format);
    await page.getByRole('button', { name: `Import ${count} items`, exact: true }).click();
    await expect(vault.toast.filter({ hasText: `${count} items imported.` }).first()).toBeVisible();
    await expect(page.getByRole('heading', { name: 'All items' })).toBeVisible();
  }
  const detail = await vault.open('AWS default');
  await detail.getByRole('button', { name: 'Reveal', exact: true }).first().click();
  await expect(detail.getByText('AKIAIOSFODNN7EXAMPLE').first()).toBeVisible();
});
