import { expect, test } from '../support/fixtures.ts';

test('the whole day without a mouse', async ({ page, vault }) => {
  await page.keyboard.press('n');
  await expect(page.getByRole('heading', { name: 'New item' })).toBeVisible();
  await vault.fillKey({ name: 'Alpha', secret: 'value-alpha' });
  await page.keyboard.press('Control+Enter');
  await expect(vault.detail('Alpha')).toBeVisible();
  await vault.addKey({ name: 'Beta', secret: 'value-beta' });

  await vault.list.focus();
  await page.keyboard.press('Home');
  await expect(vault.list.locator('.is-active')).toHaveAttribute('aria-posinset', '1');
  const selected = vault.list.locator('[aria-current=true]');
  const first = await selected.first().innerText();
  await page.keyboard.press('j');
  await expect(selected.first()).not.toHaveText(first);
  await page.keyboard.press('k');
  await page.keyboard.press('Enter');
  await page.keyboard.press('c');
  await expect.poll(() => vault.clipboard()).toMatch(/^value-(alpha|beta)$/);

  await page.keyboard.press('e');
  await expect(page.getByRole('heading', { name: 'Edit item' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('heading', { name: 'Edit item' })).toBeHidden();

  await page.keyboard.press('?');
  const help = page.getByRole('dialog');
  await expect(help).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(help).toBeHidden();
});

test('letters typed into a field are letters', async ({ page, vault }) => {
  await vault.startNew();
  const name = page.getByLabel('Name', { exact: true });
  await name.click();
  await page.keyboard.type('jknec?/');
  await expect(name).toHaveValue('jknec?/');
});

test('focus returns to where a dialog was opened from', async ({ page, vault }) => {
  await vault.isOpen();
  const opener = page.getByRole('button', { name: /Find anything/ });
  await opener.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(opener).toBeFocused();
});

test('Enter in the palette means what was typed, not what is shown for fewer letters', async ({ page, vault }) => {
  await vault.addKey({ name: 'Alpha', secret: 'alpha-value' });
  await vault.addKey({ name: 'Beta', secret: 'beta-value' });
  /** Types at once, and presses Enter before anything was found for it. */
  const type = (texts: string[], enterAfter: number) =>
    page.evaluate(
      async ([texts, enterAfter]) => {
        const input = document.querySelector<HTMLInputElement>('dialog[open] input');
        if (input === null) throw new Error('no palette is open');
        for (const [at, text] of texts.entries()) {
          input.value = text;
          input.dispatchEvent(new Event('input', { bubbles: true }));
          // Effects run before the next event, answers of the worker come after it.
          for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
          if (at === enterAfter) input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
        }
      },
      [texts, enterAfter] as const,
    );
  const palette = page.getByRole('dialog', { name: 'Find anything' });
  await page.keyboard.press('Control+k');
  await expect(palette.getByRole('option').first()).toBeVisible();
  await type(['beta'], 0);
  await expect.poll(() => vault.clipboard()).toBe('beta-value');
  await expect(palette).toBeHidden();

  // More was typed after it: nothing is chosen of either.
  await page.keyboard.press('Control+k');
  await expect(palette.getByRole('option').first()).toBeVisible();
  await type(['be', 'alpha'], 0);
  await expect(palette.getByRole('option').first()).toContainText('Alpha');
  await expect(palette).toBeVisible();
  await page.keyboard.press('Enter');
  await expect.poll(() => vault.clipboard()).toBe('alpha-value');
});
