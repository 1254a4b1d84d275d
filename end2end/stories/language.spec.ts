import type { Page } from '@playwright/test';

import { isAccessible } from '../support/axe.ts';
import { catalogue } from '../support/catalogue.ts';
import { expect, test } from '../support/fixtures.ts';
import { PUBLIC_PAGES } from '../support/pages.ts';
import type { Person } from '../support/person.ts';

const german = catalogue('de');

function de(english: string): string {
  const found = german.get(english);
  if (found === undefined) throw new Error(`no German for “${english}”`);
  return found;
}

/** What people read on a page, and hear: texts and labels, each once. */
async function said(page: Page): Promise<Set<string>> {
  const texts = await page.evaluate(() => {
    const found: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement;
      const silent = parent?.closest('script, style, code, pre, kbd, samp, noscript, [translate=no], [data-untranslated]');
      if (silent === null) found.push(walker.currentNode.textContent ?? '');
    }
    for (const name of ['aria-label', 'title', 'placeholder', 'alt', 'aria-description']) {
      for (const element of document.querySelectorAll(`[${name}]`)) found.push(element.getAttribute(name) ?? '');
    }
    return found;
  });
  return new Set(texts.map((text) => text.replaceAll(/\s+/g, ' ').trim()).filter((text) => /\p{L}{2}/u.test(text)));
}

/** Everywhere in an open vault, by what is the same in every language. */
async function tour(page: Page): Promise<Map<string, Set<string>>> {
  const seen = new Map<string, Set<string>>();
  const look = async (where: string) => {
    // Parts of a page come by themselves, one after the other.
    await expect(page.locator('#main [aria-busy=true], .skeleton')).toHaveCount(0);
    await page.waitForTimeout(400);
    seen.set(where, await said(page));
  };
  await look('the list');
  await page.getByRole('option').first().click();
  await expect(page.locator('#detail-title')).toBeVisible();
  await look('an item');
  await page.keyboard.press('r');
  await look('a revealed item');
  await page.keyboard.press('h');
  await look('a history');
  await page.keyboard.press('Escape');
  await page.keyboard.press('e');
  await expect(page.locator('#form-name')).toBeVisible();
  await look('a form');
  await page.keyboard.press('Escape');
  await page.locator('#items').focus();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog')).toBeVisible();
  await look('the shortcuts');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('dialog')).toBeVisible();
  await look('the palette');
  await page.keyboard.press('Escape');
  for (const path of ['/vault/dashboard', '/vault/import', '/vault/export', '/vault/moment', '/vault/checks', '/vault/reminders', '/settings']) {
    await page.locator(`#nav a[href="${path}"]`).click();
    await page.waitForURL(`**${path}`);
    await look(path);
  }
  for (const scope of ['expiring', 'favourites', 'recent', 'trash']) {
    await page.locator(`#nav a[href="/vault?scope=${scope}"]`).click();
    await look(scope);
  }
  return seen;
}

async function unlock(page: Page, person: Person): Promise<void> {
  const password = page.locator('input[type=password]');
  await password.fill(person.password);
  await password.press('Enter');
  await expect(page.locator('.app #main:not([aria-busy])')).toBeVisible({ timeout: 30_000 });
}

/** Texts that are the same in both, and are said to be. */
function same(english: Set<string>, other: Set<string>): string[] {
  const meant = (text: string) => german.get(text) === text;
  return [...english].filter((text) => other.has(text) && !meant(text));
}

/** What people wrote themselves, and names. */
const OWN = /^(Alpha|Work|tagged|production|KeyArc|AL|Postgres|OpenAI|English|Deutsch|Chrome on Linux|Version [0-9.]+|X{4}-X{4}|https:\/\/|STRIPE_SECRET_KEY=.*|A|K|Esc|Ctrl|Del|Home|End|Tab|Enter|Shift|.*@.*|.*\.(json|csv|env|pem|xml|kdbx|1pux).*)$/;

test('the vault speaks the chosen language, and nothing of another @phone', async ({ page, person, vault }) => {
  test.slow();
  await vault.addKey({ name: 'Alpha', secret: 'sk-proj-canary-language', folder: 'Work', tags: 'tagged' });
  const english = test.info().project.name === 'desktop' ? await tour(page) : new Map<string, Set<string>>();
  if (english.size === 0) await page.goto('/settings');
  else await page.locator('#nav a[href="/settings"]').click();
  if (english.size === 0) await person.unlock();
  await page.getByLabel('Language', { exact: true }).selectOption('de');
  await expect(page.getByRole('heading', { name: de('Unlock your vault') })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await unlock(page, person);
  await expect(page.getByLabel(de('Language'), { exact: true })).toHaveValue('de');
  await isAccessible(page, 'settings in German');
  const wide = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(await wide(), 'the page scrolls sideways').toBeLessThanOrEqual(0);
  if (english.size > 0) {
    await page.locator('#nav a.nav-link[href="/vault"]').click();
    const spoken = await tour(page);
    const left = [...english].flatMap(([where, texts]) => {
      const untold = same(texts, spoken.get(where) ?? new Set()).filter((text) => !OWN.test(text));
      return untold.map((text) => `${where}: ${text}`);
    });
    expect(left, 'English among the German').toEqual([]);
    await page.locator('#nav a[href="/settings"]').click();
  }
  await page.getByLabel(de('Language'), { exact: true }).selectOption('en');
  await expect(page.getByRole('heading', { name: 'Unlock your vault' })).toBeVisible();
});

test('a browser that asks for German gets it from the first page on @phone', async ({ browser, guard, server }) => {
  const context = await browser.newContext({ baseURL: server.origin, locale: 'de-CH' });
  guard.watch(context);
  const page = await context.newPage();
  const plain = await browser.newContext({ baseURL: server.origin, locale: 'en-GB' });
  const other = await plain.newPage();
  for (const path of PUBLIC_PAGES) {
    const answer = await page.goto(path);
    expect(answer?.headers()['content-language'], path).toBe('de');
    await expect(page.locator('html')).toHaveAttribute('lang', 'de');
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wide, `${path} scrolls sideways`).toBeLessThanOrEqual(0);
    await other.goto(path);
    const left = same(await said(other), await said(page)).filter((text) => !OWN.test(text));
    expect(left, `English on ${path}`).toEqual([]);
  }
  await page.goto('/');
  await isAccessible(page, 'the landing page in German');
  await page.goto('/sign-up');
  await expect(page.getByRole('heading', { name: de('Create your vault') })).toBeVisible();
  await isAccessible(page, 'sign-up in German');
  // Chosen below a page, it stays chosen.
  await page.goto('/security');
  await page.getByRole('navigation', { name: de('Language') }).getByRole('link', { name: 'English' }).click();
  await expect(page).toHaveURL('/security');
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await page.goto('/log-in');
  await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
  const nowhere = await page.request.get('/language/de?page=https://evil.example/', { maxRedirects: 0 });
  expect(nowhere.headers()['location']).toBe('/');
  expect((await page.request.get('/language/xx')).status()).toBe(404);
  await context.close();
  await plain.close();
});

test('without its words, or with others, the app speaks English and works', async ({ browser, guard, server }) => {
  guard.allowOffline();
  const context = await browser.newContext({ baseURL: server.origin, locale: 'de-DE' });
  const page = await context.newPage();
  await context.route('**/languages/de.po', (route) => route.fulfill({ body: 'msgid "Log in"\nmsgstr "Evil"\n' }));
  await page.goto('/log-in');
  await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
  await context.close();
});
