import { expect, test } from '../support/fixtures.ts';

const KEY = { name: 'Stripe live', secret: 'sk_live_51Hx9TqLmNoPqRsTuVwXyZ0123456789' };

test('on a phone one pane at a time, and back @phone @phone-only', async ({ page, vault }) => {
  await vault.addKey(KEY);
  const detail = vault.detail(KEY.name);
  await expect(detail).toBeVisible();
  await expect(vault.list).toBeHidden();
  await page.goBack();
  await expect(vault.list).toBeVisible();
  await expect(detail).toBeHidden();
  await vault.row(KEY.name).tap();
  await expect(detail).toBeVisible();
  await vault.reveal(detail);
  await expect(detail.getByText(KEY.secret)).toBeVisible();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, 'the page scrolls sideways').toBeLessThanOrEqual(0);
});

test('targets are large enough for a finger @phone @phone-only', async ({ page, vault }) => {
  await vault.isOpen();
  const small = await page.getByRole('button').evaluateAll((all) =>
    all
      // Within a sentence the line's height is enough (WCAG 2.2, 2.5.8).
      .filter((element) => element.closest('p') === null)
      .map((element) => ({ text: element.textContent, box: element.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0 && (box.width < 24 || box.height < 24))
      .map(({ text }) => text),
  );
  expect(small).toEqual([]);
});
