import { expect, test } from '../support/fixtures.ts';
import { repositoryFile } from '../support/server.ts';

test('a real-shaped .env file with a hundred keys is recognised and imported', async ({ page, vault }) => {
  const text = repositoryFile('crates/vault/fixtures/hundred.env');
  await vault.previewImport(text);
  await expect(page.getByRole('table', { name: 'What will be imported' }).getByText('OpenAI').first()).toBeVisible();
  const go = page.getByRole('button', { name: /^Import \d+ items$/ });
  const count = Number(/\d+/.exec(await go.innerText())?.[0]);
  expect(count).toBeGreaterThanOrEqual(100);
  await go.click();
  await expect(vault.toast.filter({ hasText: `${count} items imported.` })).toBeVisible();
  for (const provider of ['Anthropic', 'AWS', 'GitHub', 'Stripe', 'Slack', 'Twilio', 'SendGrid', 'Hugging Face']) {
    await vault.filter.fill(provider);
    await expect(vault.rows.filter({ hasText: provider }).first()).toBeVisible();
  }
  await vault.filter.fill('');

  // Importing the same file again adds nothing.
  await vault.previewImport(text);
  await expect(page.getByRole('button', { name: /^Import 0 items$/ })).toBeDisabled();
});

test('malformed lines are told one by one, and the rest can be imported', async ({ page, vault }) => {
  const lines = [
    'GOOD_KEY=sk_test_4eC39HqLyjWDarjtT1zdp7dc',
    'this line is not an assignment',
    'UNCLOSED="no end',
    '=no name',
    'ANOTHER=value-number-two',
  ];
  await vault.previewImport(lines.join('\n'));
  await expect(page.getByText(/line 2\b/i)).toBeVisible();
  await expect(page.getByText(/line 4\b/i)).toBeVisible();
  await expect(page.getByText('this line is not an assignment')).toHaveCount(0);
  await page.getByRole('button', { name: /^Import \d+ items$/ }).click();
  await expect.poll(() => vault.rows.count()).toBeGreaterThanOrEqual(2);
});

test('a file of 20 MB is refused without freezing the page', async ({ page, vault }) => {
  await vault.go('Import');
  const file = { name: 'big.env', mimeType: 'text/plain', buffer: Buffer.alloc(20 * 1024 * 1024, 'x') };
  await page.locator('input[type=file]').setInputFiles(file);
  await expect(page.getByText(/larger than/i).first()).toBeVisible();
});

test('a paste of 20 MB is refused without being laid out', async ({ page, vault }) => {
  await vault.go('Import');
  await page.evaluate(() => navigator.clipboard.writeText('KEY=value\n'.repeat(2 * 1024 * 1024)));
  await page.getByLabel('Paste a .env file').focus();
  await page.keyboard.press('ControlOrMeta+v');
  await expect(page.getByText(/larger than/i).first()).toBeVisible();
  await expect(page.getByLabel('Paste a .env file')).toHaveValue('');

  // An item's own fields refuse it as well, and keep what they hold.
  await vault.go('All items');
  await vault.startNew();
  await vault.fillKey({ name: 'Kept', secret: 'kept', notes: 'kept' });
  for (const label of ['Secret', 'Notes']) {
    await page.getByLabel(label, { exact: true }).focus();
    await page.keyboard.press('ControlOrMeta+v');
    await expect(vault.toast.filter({ hasText: 'more than the megabyte' }).first()).toBeVisible();
    await expect(page.getByLabel(label, { exact: true })).toHaveValue('kept');
  }
  await vault.save();
  await expect(vault.detail('Kept')).toBeVisible();
});

test('a file is imported by choosing it, and nothing is written before confirming', async ({ page, vault }) => {
  await vault.go('Import');
  await page.locator('input[type=file]').setInputFiles({
    name: 'production.env',
    mimeType: 'text/plain',
    buffer: Buffer.from('NPM_TOKEN=npm_aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5\n'),
  });
  await expect(page.getByText('NPM_TOKEN').first()).toBeVisible();
  await vault.go('All items');
  await expect(vault.rows).toHaveCount(0);
});
