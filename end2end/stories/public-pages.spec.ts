import { expect, test } from '../support/fixtures.ts';
import { PUBLIC_PAGES } from '../support/pages.ts';

for (const path of PUBLIC_PAGES) {
  test(`${path} has no script, no inline style and nothing from elsewhere @phone`, async ({ page, server }) => {
    const requested: string[] = [];
    page.on('request', (request) => requested.push(request.url()));
    const response = await page.goto(path);
    expect(response?.status()).toBe(200);
    const html = (await response?.text()) ?? '';
    expect(html).not.toMatch(/<script/i);
    expect(html).not.toMatch(/\sstyle="/i);
    expect(html).not.toMatch(/\son[a-z]+="/i);
    expect(response?.headers()['content-security-policy']).toContain("script-src 'none'");
    expect(requested.every((url) => url.startsWith(server.origin) || url.startsWith('data:'))).toBe(true);
    await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
    expect(await page.title()).not.toBe('');
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wide, 'the page scrolls sideways').toBeLessThanOrEqual(0);
  });
}

test('every link of the public pages leads somewhere', async ({ page, request }) => {
  const seen = new Set<string>();
  for (const path of PUBLIC_PAGES) {
    await page.goto(path);
    const links = await page.locator('a[href^="/"]').evaluateAll((all) => all.map((a) => a.getAttribute('href') ?? ''));
    for (const link of links) seen.add(link.split('#')[0] ?? '');
  }
  for (const link of seen) {
    const response = await request.get(link);
    expect(response.status(), link).toBe(200);
  }
});

test('the page of the API leads to an operation, to its fields by the keyboard, and to their types @phone', async ({ page }) => {
  await page.goto('/docs/api');
  await page.getByRole('navigation', { name: 'On this page' }).getByRole('link', { name: 'Write and delete items' }).click();
  await expect(page).toHaveURL(/#writeItems$/);
  const heading = page.getByRole('heading', { name: 'Write and delete items' });
  await expect(heading).toBeInViewport();
  const fields = page.locator('section', { has: heading }).last().locator('details');
  const type = fields.getByRole('link', { name: 'WriteItemsRequest' });
  await expect(type).toBeHidden();
  await fields.locator('summary').focus();
  await page.keyboard.press('Enter');
  await type.click();
  await expect(page.getByRole('heading', { name: 'WriteItemsRequest' })).toBeInViewport();
});

test('the description of the API is for programs, and the same as its page', async ({ page, request }) => {
  const response = await request.get('/api/openapi.json');
  expect(response.headers()['content-type']).toBe('application/json');
  expect(response.headers()['etag']).toBeDefined();
  const description = await response.json();
  expect(description.openapi).toMatch(/^3\.1\./);
  const ids = Object.values<Record<string, { operationId?: string }>>(description.paths).flatMap((path) =>
    Object.values(path).flatMap((operation) => operation.operationId ?? []),
  );
  await page.goto('/docs/api');
  const shown = await page.locator('h3[id]:not([id^=type-])').evaluateAll((all) => all.map((heading) => heading.id));
  expect(shown.toSorted()).toEqual(ids.toSorted());
});

test('a page that is not there says so, with status 404', async ({ guard, page }) => {
  guard.allowStatus(404);
  const response = await page.goto('/no-such-page');
  expect(response?.status()).toBe(404);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page.getByRole('link', { name: /home|start|back|landing|keyarc/i }).first()).toBeVisible();
  expect(await response?.text()).not.toMatch(/<script/i);
});

test('an unknown API path answers in JSON', async ({ request }) => {
  const response = await request.get('/api/nothing');
  expect([401, 404]).toContain(response.status());
  expect(response.headers()['content-type']).toContain('json');
});

test('every answer carries the security headers', async ({ request }) => {
  for (const path of ['/', '/sign-up', '/no-such-page', '/health/live', '/favicon.svg']) {
    const headers = (await request.get(path)).headers();
    expect(headers['content-security-policy'], path).toBeDefined();
    expect(headers['x-content-type-options'], path).toBe('nosniff');
    expect(headers['referrer-policy'], path).toMatch(/no-referrer|same-origin/);
    expect(headers['cross-origin-opener-policy'], path).toBe('same-origin');
    expect(headers['cross-origin-resource-policy'], path).toBe('same-origin');
    expect(headers['server'], path).toBeUndefined();
  }
});
