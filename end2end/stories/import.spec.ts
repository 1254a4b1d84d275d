import { isAccessible } from '../support/axe.ts';
import { expect, test } from '../support/fixtures.ts';
import { Person } from '../support/person.ts';
import { repositoryFile } from '../support/server.ts';

/** A file as if it were on the disk. */
function file(name: string, text = repositoryFile(`crates/vault/fixtures/import/${name}`)) {
  return { name, mimeType: 'application/octet-stream', buffer: Buffer.from(text) };
}

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
  await page.getByLabel('Or paste its content').focus();
  await page.keyboard.press('ControlOrMeta+v');
  await expect(page.getByText(/larger than/i).first()).toBeVisible();
  await vault.button('Back').click();
  await expect(page.getByLabel('Or paste its content')).toHaveValue('');

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

test('a Bitwarden export comes whole, adds nothing twice, and can be taken back', async ({ page, vault }) => {
  const choose = async () => {
    await vault.go('Import');
    await page.locator('input[type=file]').setInputFiles(file('bitwarden.json'));
    await expect(page.getByLabel('Read as')).toHaveValue('bitwarden-json');
  };
  await choose();
  await expect(page.getByText('6 items found.')).toBeVisible();
  const rows = page.getByRole('table', { name: 'What will be imported' });
  await expect(rows.getByText('Build server')).toBeVisible();
  await expect(rows.getByText('horse')).toHaveCount(0);
  // One is taken out by hand, and comes by the second import.
  await page.getByRole('checkbox', { name: 'Import Door codes' }).uncheck();
  await page.getByLabel('Folder').fill('From Bitwarden');
  await page.getByLabel('Tags').fill('moved');
  await page.getByRole('button', { name: 'Import 5 items' }).click();
  await expect(vault.toast.filter({ hasText: '5 items imported.' })).toBeVisible();
  await expect(vault.rows).toHaveCount(5);
  const detail = await vault.open('Build server');
  await detail.getByRole('button', { name: 'Reveal', exact: true }).first().click();
  for (const text of ['From Bitwarden', 'moved', 'Rack', 'B-12', 'https://build.example.net']) {
    await expect(detail.getByText(text).first()).toBeVisible();
  }

  await choose();
  await expect(page.getByText('6 items found, 5 already in the vault.')).toBeVisible();
  await page.getByRole('radio', { name: 'In the vault' }).check();
  await expect(rows.getByText('Build server')).toBeVisible();
  await expect(rows.getByText('Door codes')).toHaveCount(0);
  await page.getByRole('button', { name: 'Import 1 item', exact: true }).click();
  await vault.toast.filter({ hasText: '1 item imported.' }).getByRole('button', { name: 'Undo' }).click();
  await expect(vault.toast.filter({ hasText: '1 item moved to the trash.' })).toBeVisible();
  await vault.go('Trash');
  await expect(vault.row('Door codes')).toBeVisible();
});

test('an encrypted export asks for its password until it is right', async ({ page, vault }) => {
  await vault.go('Import');
  await page.locator('input[type=file]').setInputFiles(file('bitwarden-pbkdf2.json'));
  const password = page.getByLabel('Password of the file');
  await expect(password).toBeFocused();
  await password.fill('wrong');
  await vault.button('Open').click();
  await expect(page.getByText('This password does not open the file')).toBeVisible();
  await isAccessible(page, 'a protected file');
  await password.fill('correct horse battery staple');
  await vault.button('Open').click();
  await expect(page.getByText('2 items found.')).toBeVisible();
  await page.getByRole('button', { name: 'Import 2 items' }).click();
  await expect(vault.row('Build server')).toBeVisible();

  // What only the account there can open is refused with what to do.
  await vault.go('Import');
  await page.locator('input[type=file]').setInputFiles(file('bitwarden-account.json'));
  await expect(page.getByText('with “password protected” chosen')).toBeVisible();
});

test('a person says what the columns of a table are @phone', async ({ page, person, vault }) => {
  await vault.isOpen();
  await page.goto('/vault/import');
  await new Person(page, { password: person.password }).unlock();
  const text = 'GitHub;work;hunter-2\nForum;private;hunter-3\nBroken;row\n';
  await page.locator('input[type=file]').setInputFiles(file('table.csv', text));
  await expect(page.getByText('2 items found, 1 line could not be read.')).toBeVisible();
  await expect(page.getByText('has 2 values where 3 belong')).toBeVisible();
  await expect(page.getByText('xxxxxx-0').first()).toBeVisible();
  await expect(page.getByText('hunter')).toHaveCount(0);
  await page.getByLabel('Column 2', { exact: true }).selectOption('Folder');
  await expect(page.getByLabel('Column 2', { exact: true })).toHaveValue('Folder');
  await isAccessible(page, 'the columns of a table');
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, 'the page scrolls sideways').toBeLessThanOrEqual(0);
  await page.getByLabel('The first row holds titles').check();
  await expect(page.getByText('1 item found, 1 line could not be read.')).toBeVisible();
  await page.getByLabel('The first row holds titles').uncheck();
  await page.getByLabel('Column 2', { exact: true }).selectOption('Folder');
  await page.getByRole('button', { name: 'Import 2 items' }).click();
  await expect(vault.toast.filter({ hasText: '2 items imported.' })).toBeVisible();
});

test('a file that was cut off, and one that is something else, are told', async ({ page, vault }) => {
  await vault.go('Import');
  const whole = repositoryFile('crates/vault/fixtures/import/bitwarden.json');
  await page.locator('input[type=file]').setInputFiles(file('cut.json', whole.slice(0, 2_000)));
  await expect(page.getByText('it was cut off')).toBeVisible();
  await page.getByLabel('Read as').selectOption('lastpass-csv');
  await expect(page.getByText('does not hold the titles of this product')).toBeVisible();
  await vault.button('Back').click();

  // Dropped instead of chosen.
  const dropped = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(['DROPPED_KEY=1'], 'some.env'));
    return data;
  });
  await page.locator('form.import-source').dispatchEvent('drop', { dataTransfer: dropped });
  await expect(page.getByRole('checkbox', { name: 'Import DROPPED_KEY' })).toBeChecked();
  await vault.button('Back').click();
  await vault.go('All items');
  await expect(vault.rows).toHaveCount(0);
});

test('an import can be stopped while it is on its way', async ({ page, vault }) => {
  const lines = Array.from({ length: 600 }, (_, at) => `KEY_${at}=secret-${at}`);
  await vault.previewImport(lines.join('\n'));
  let send = () => {};
  const pressed = new Promise<void>((resolve) => {
    send = resolve;
  });
  await page.context().route('**/api/vaults/*/items', async (route) => {
    await pressed;
    await route.continue();
  });
  await page.getByRole('button', { name: 'Import 600 items' }).click();
  await expect(page.getByText('Sending')).toBeVisible();
  await vault.button('Cancel').click();
  await expect(vault.button('Stopping…')).toBeVisible();
  send();
  await expect(vault.toast.filter({ hasText: 'all of it is in the trash' })).toBeVisible();
  await vault.go('All items');
  await expect(vault.rows).toHaveCount(0);
});
