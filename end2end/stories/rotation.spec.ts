import type { Page } from '@playwright/test';

import { isAccessible } from '../support/axe.ts';
import { expect, test } from '../support/fixtures.ts';
import type { Vault } from '../support/vault.ts';

const OLD = 'sk-proj-old0Hx9TqLmNoPqRsTuVwXyZ0123456789abcdefghij';
const NEW = 'sk-proj-new0Hx9TqLmNoPqRsTuVwXyZ0123456789abcdefghij';

/** A day from today on, in the person's own time zone. */
function dayFromNow(days: number): string {
  const day = new Date();
  day.setDate(day.getDate() + days);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

interface Plan {
  name: string;
  secret: string;
  every?: string;
  rotated?: string;
  places?: string;
  expires?: string;
}

async function addPlanned(page: Page, vault: Vault, plan: Plan): Promise<void> {
  await vault.startNew();
  const { name, secret, expires } = plan;
  await vault.fillKey(expires === undefined ? { name, secret } : { name, secret, expires });
  if (plan.every) await page.getByLabel('Rotate', { exact: true }).selectOption({ label: plan.every });
  if (plan.rotated) await page.getByLabel('Last rotated', { exact: true }).fill(plan.rotated);
  if (plan.places) await page.getByLabel('Where it is used', { exact: true }).fill(plan.places);
  await vault.save();
  await expect(vault.detail(plan.name)).toBeVisible();
}

/** On a phone the item covers the list. */
async function toList(page: Page): Promise<void> {
  const back = page.getByRole('button', { name: 'Back to the list' });
  if (await back.isVisible()) await back.click();
}

const step = (page: Page, words: string) => page.getByRole('heading', { name: `Rotate: ${words}`, exact: true });
const go = (page: Page) => page.getByRole('button', { name: 'Continue', exact: true }).click();

test('a rotation from the first step to the next item, by keyboard where it begins @phone', async ({ page, vault }) => {
  await addPlanned(page, vault, {
    name: 'Also due',
    secret: 'another-secret-of-its-own',
    expires: dayFromNow(20),
  });
  await toList(page);
  await addPlanned(page, vault, {
    name: 'OpenAI of the shop',
    secret: OLD,
    every: 'Every 30 days',
    rotated: dayFromNow(-40),
    places: 'CI of the shop\nhttps://shop.example.org',
  });
  const item = vault.detail('OpenAI of the shop');
  await expect(item.getByText('rotate now')).toBeVisible();
  await expect(item.getByText('Every 30 days')).toBeVisible();

  await page.keyboard.press('Shift+R');
  await expect(step(page, 'make it')).toBeFocused();
  const link = page.getByRole('link', { name: 'Open its page in a new tab' });
  await expect(link).toHaveAttribute('href', 'https://platform.openai.com/api-keys');
  await expect(link).toHaveAttribute('rel', /noreferrer/);
  await isAccessible(page, 'where the new value is made');
  await go(page);

  await expect(step(page, 'new value')).toBeFocused();
  const value = page.getByLabel('New secret', { exact: true });
  await go(page);
  await expect(page.getByText('Paste the new value, or have one made.')).toBeVisible();
  await value.fill(OLD);
  await expect(page.getByText('This is the value that the item has already.')).toBeVisible();
  await value.fill('another-secret-of-its-own');
  await expect(page.getByText(/1 other item has this value already/)).toBeVisible();
  await isAccessible(page, 'a value that another item has');
  await value.fill(NEW);
  await expect(page.getByText(/other item has this value/)).toHaveCount(0);
  await go(page);

  await expect(page.getByText('2 places left.')).toBeVisible();
  await page.getByRole('button', { name: 'Copy the new value' }).click();
  await expect.poll(() => vault.clipboard()).toBe(NEW);
  await page.getByLabel('CI of the shop').check();
  await page.getByLabel('Another place').fill('laptop');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(page.getByText('2 places left.')).toBeVisible();
  await page.getByLabel('https://shop.example.org').check();
  await page.getByLabel('laptop', { exact: true }).check();
  await expect(page.getByText('Every place has the new value.')).toBeVisible();
  await isAccessible(page, 'the places');
  await go(page);

  await expect(page.getByText(/next rotation is due in 30 days/)).toBeVisible();
  await page.getByRole('button', { name: 'Save the new value' }).click();
  await expect(page.getByRole('heading', { name: 'OpenAI of the shop rotated' })).toBeVisible();
  await isAccessible(page, 'a rotation that is done');
  await page.getByRole('button', { name: 'Next: Also due' }).click();
  await expect(step(page, 'make it')).toBeVisible();
  await page.keyboard.press('Escape');

  const again = vault.detail('Also due');
  await expect(again).toBeVisible();
  await toList(page);
  await vault.open('OpenAI of the shop');
  await expect(item.getByText('rotate in 30 days')).toBeVisible();
  await vault.reveal(item);
  await expect(item.getByText(NEW)).toBeVisible();
  await expect(item.getByText('laptop')).toBeVisible();
});

test('a half-done rotation survives a lock, and can be given up', async ({ page, person, vault }) => {
  await addPlanned(page, vault, { name: 'Shared key', secret: OLD, places: 'CI' });
  await page.getByRole('button', { name: 'Rotate…' }).click();
  await go(page);
  await page.getByLabel('New secret', { exact: true }).fill(NEW);
  await go(page);
  await page.getByLabel('CI', { exact: true }).check();
  await vault.lock();
  expect(await page.content()).not.toContain(NEW);
  const again = await person.unlock();
  await expect(step(page, 'where it is used')).toBeVisible();
  await expect(page.getByLabel('CI', { exact: true })).toBeChecked();
  await page.getByRole('button', { name: 'Back', exact: true }).click();
  await expect(page.getByLabel('New secret', { exact: true })).toHaveValue(NEW);

  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await expect(page.getByText('Changes discarded.')).toBeVisible();
  const item = again.detail('Shared key');
  await again.reveal(item);
  await expect(item.getByText(OLD)).toBeVisible();
});

test('somebody who saved first is not written over', async ({ context, page, person, vault }) => {
  await addPlanned(page, vault, { name: 'Contested', secret: OLD });
  const other = person.at(await context.newPage());
  await other.page.goto('/vault');
  const second = await other.unlock();
  await page.getByRole('button', { name: 'Rotate…' }).click();
  await go(page);
  await page.getByLabel('New secret', { exact: true }).fill(NEW);
  await go(page);
  await go(page);
  const theirs = await second.open('Contested');
  await theirs.getByRole('button', { name: 'Edit' }).click();
  await other.page.getByLabel('Notes', { exact: true }).fill('written meanwhile');
  await second.save();
  await expect(second.detail('Contested')).toBeVisible();
  await page.getByRole('button', { name: 'Save the new value' }).click();
  await expect(page.getByRole('heading', { name: 'Two versions' })).toBeVisible();
  await expect(page.getByText('written meanwhile')).toBeVisible();
  await page.getByRole('button', { name: 'Keep mine' }).click();
  await expect(page.getByRole('heading', { name: 'Contested rotated' })).toBeVisible();
});

test('a plan that cannot be is refused, and what is due reminds once a day', async ({ page, person, vault }) => {
  await vault.startNew();
  await vault.fillKey({ name: 'Planned', secret: OLD });
  await page.getByLabel('Rotate', { exact: true }).selectOption({ label: 'Another number of days' });
  const days = page.getByLabel('Days between two rotations');
  await days.fill('0');
  await vault.save();
  await expect(page.getByText('Is a number of days from 1 to 3650')).toBeVisible();
  await expect(days).toBeFocused();
  await days.fill('7');
  await vault.save();
  await expect(vault.detail('Planned').getByText('rotate in 7 days')).toBeVisible();

  const reminder = page.getByText(/1 item has expired or is due within 30 days/);
  await expect(reminder).toBeVisible();
  await page.getByRole('note').filter({ has: reminder }).getByRole('button', { name: 'Dismiss' }).click();
  await expect(reminder).toHaveCount(0);
  await vault.lock();
  const again = await person.unlock();
  await expect(again.row('Planned')).toBeVisible();
  await expect(reminder).toHaveCount(0);
  // As if it were the day after.
  await page.evaluate(() => localStorage.setItem('keyarc.reminded-on', '2020-01-01'));
  await again.lock();
  await person.unlock();
  await expect(reminder).toBeVisible();
  await expect(page).toHaveTitle('Vault · KeyArc');
  await page.getByRole('link', { name: 'Look at them' }).click();
  await expect(page).toHaveURL(/\/vault\/reminders$/);
  await expect(page.getByRole('list', { name: 'Due', exact: true }).getByRole('listitem')).toHaveCount(1);
});
