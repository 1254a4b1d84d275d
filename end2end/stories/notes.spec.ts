// Notes with markup: read as they are meant, harmless whatever is in them.

import { isAccessible } from '../support/axe.ts';
import { expect, test } from '../support/fixtures.ts';

const NOTE = `# How to rotate

Ask **ops** first, at <https://ops.example/rota>.

- [x] new key made
- [ ] old key revoked

| where | key |
|---|---|
| staging | \`STRIPE_KEY\` |

<img src=x onerror="document.title='taken'"> [here](javascript:document.title='taken')
![plan](https://pictures.example/plan.png)
`;

test('a note is shown as it is meant, and as it was written @phone', async ({ page, vault }) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await vault.startNew();
  await page.getByLabel('Kind', { exact: true }).selectOption({ label: 'Note' });
  await page.getByLabel('Name', { exact: true }).fill('Rotation');
  await page.getByLabel('Text', { exact: true }).fill(NOTE);
  await vault.save();
  const note = vault.detail('Rotation');
  await vault.reveal(note);
  await expect(note.getByRole('heading', { name: 'How to rotate' })).toBeVisible();
  await expect(note.getByRole('link', { name: 'https://ops.example/rota' })).toHaveAttribute('rel', /noreferrer/);
  await expect(note.getByRole('listitem')).toHaveText([/Done: .*new key made/, /To do: .*old key revoked/]);
  await expect(note.getByRole('cell', { name: 'STRIPE_KEY' })).toBeVisible();
  await isAccessible(page, 'a note');

  // Markup that is no Markdown is text, and what leads nowhere good is no link.
  await expect(note.getByText('onerror=')).toBeVisible();
  await expect(note.getByRole('link', { name: 'here' })).toHaveCount(0);
  await expect(note.locator('img')).toHaveCount(0);
  await expect(note.getByRole('link', { name: 'plan' })).toHaveAttribute('href', 'https://pictures.example/plan.png');
  expect(asked.filter((url) => url.includes('.example'))).toEqual([]);
  expect(await page.title()).not.toBe('taken');

  await note.getByRole('button', { name: 'As written' }).click();
  await expect(note.getByText('# How to rotate')).toBeVisible();
  await note.getByRole('button', { name: 'Formatted' }).click();
  await expect(note.getByRole('heading', { name: 'How to rotate' })).toBeVisible();
});

test('the notes of a key are read so too, and plain ones stay as they are', async ({ vault }) => {
  await vault.addKey({ name: 'One', secret: 'value-one-0123456789', notes: 'Owner: **Ada**' });
  const one = vault.detail('One');
  await vault.reveal(one);
  await expect(one.locator('strong')).toHaveText('Ada');
  await vault.addKey({ name: 'Two', secret: 'value-two-0123456789', notes: 'pin 12_34_56\nbox 7' });
  const two = vault.detail('Two');
  await vault.reveal(two);
  await expect(two.getByText('pin 12_34_56')).toBeVisible();
  await expect(two.getByRole('button', { name: 'As written' })).toHaveCount(0);
});
