import { expect, test } from '../support/fixtures.ts';

const NAMES = [
  '<img src=x onerror="document.title=\'owned\'">',
  '"><script>document.title="owned"</script>',
  'zero\u200Bwidth',
  '日本語のキー 🔑 é́́',
  '{{constructor.constructor("document.title=1")()}}',
];

test('names with markup and odd characters are only text', async ({ page, vault }) => {
  const title = await page.title();
  for (const [index, name] of NAMES.entries()) {
    await vault.startNew();
    await vault.fillKey({ name, secret: `secret-${index}`, folder: `<b>Folder ${index}</b>`, tags: `<i>tag${index}</i>` });
    await vault.save();
    await expect(page.getByRole('heading', { name: 'New item' })).toBeHidden();
  }
  await expect(vault.rows).toHaveCount(NAMES.length);
  expect(await page.title()).toBe(title);
  expect(await page.locator('img[src=x], .vault b, .vault i').count()).toBe(0);
  await expect(vault.list.getByText('<img src=x', { exact: false })).toBeVisible();
});

for (const [what, name, words] of [
  ['a control character', 'rings the \u0007bell', /control character/],
  ['a right-to-left override', 'invoice\u202Efdp.exe', /turns the direction/],
] as const) {
  test(`${what} in a name is refused, and nothing typed is lost`, async ({ page, vault }) => {
    await vault.startNew();
    await vault.fillKey({ name, secret: 'kept' });
    await vault.save();
    await expect(page.getByText(words)).toBeVisible();
    await expect(page.getByLabel('Secret', { exact: true })).toHaveValue('kept');
    await expect(vault.rows).toHaveCount(0);
  });
}

test('a name that is too long is refused with its limit, and nothing typed is lost', async ({ page, vault }) => {
  await vault.startNew();
  const long = 'n'.repeat(201);
  await vault.fillKey({ name: long, secret: 'kept' });
  await vault.save();
  await expect(page.getByText(/200/).first()).toBeVisible();
  await expect(page.getByLabel('Secret', { exact: true })).toHaveValue('kept');
});
