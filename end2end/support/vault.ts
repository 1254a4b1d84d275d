// An open vault, in the words of the interface.

import { expect, type Locator, type Page } from '@playwright/test';

export interface NewKey {
  name: string;
  secret: string;
  folder?: string;
  tags?: string;
  environment?: string;
  notes?: string;
  expires?: string;
}

export class Vault {
  readonly list: Locator;
  readonly rows: Locator;
  readonly filter: Locator;
  readonly toast: Locator;

  constructor(readonly page: Page) {
    this.list = page.getByRole('listbox', { name: 'Items' });
    this.rows = this.list.getByRole('option');
    this.filter = page.getByLabel('Search', { exact: true });
    this.toast = page.getByRole('status').locator('.toast');
  }

  /** It is open, with or without items. */
  async isOpen(): Promise<void> {
    await expect(this.page.locator('.app #main:not([aria-busy])')).toBeVisible({ timeout: 30_000 });
  }

  async isLocked(): Promise<void> {
    await expect(this.page.getByRole('heading', { name: 'Unlock your vault' })).toBeVisible();
  }

  row(name: string): Locator {
    return this.rows.filter({ hasText: name });
  }

  detail(name: string): Locator {
    return this.page.getByRole('region', { name, exact: true });
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  /** Opens an item from the list. */
  async open(name: string): Promise<Locator> {
    await this.row(name).click();
    const detail = this.detail(name);
    await expect(detail).toBeVisible();
    return detail;
  }

  /** Opens the form for a new item. */
  async startNew(): Promise<void> {
    await this.button('New').click();
    await expect(this.page.getByRole('heading', { name: 'New item' })).toBeVisible();
  }

  async fillKey(key: Partial<NewKey>): Promise<void> {
    const { page } = this;
    const fields: [string, string | undefined][] = [
      ['Name', key.name],
      ['Secret', key.secret],
      ['Folder', key.folder],
      ['Tags', key.tags],
      ['Environment', key.environment],
      ['Expires', key.expires],
      ['Notes', key.notes],
    ];
    for (const [label, value] of fields) {
      if (value !== undefined) await page.getByLabel(label, { exact: true }).fill(value);
    }
  }

  async save(): Promise<void> {
    await this.button('Save').click();
  }

  /** Adds an API key and waits until it is shown. */
  async addKey(key: NewKey): Promise<void> {
    await this.startNew();
    await this.fillKey(key);
    await this.save();
    await expect(this.detail(key.name)).toBeVisible();
  }

  /** Reveals the secret of an open item. */
  async reveal(detail: Locator): Promise<void> {
    await detail.getByRole('button', { name: 'Reveal', exact: true }).click();
    await expect(detail.getByRole('button', { name: 'Hide', exact: true })).toBeVisible();
  }

  async lock(): Promise<void> {
    await this.button('Lock').click();
    await this.isLocked();
  }

  /** Goes to the import page and asks what a text would become. */
  async previewImport(text: string): Promise<void> {
    const { page } = this;
    await this.go('Import');
    await expect(page.getByRole('heading', { name: 'Import', exact: true })).toBeVisible();
    // As a person does it: typing thousands of lines would take the browser seconds.
    await page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
    await page.getByLabel('Or paste its content').focus();
    await page.keyboard.press('ControlOrMeta+v');
    await page.getByRole('button', { name: 'Preview' }).click();
  }

  /** Follows a link of the navigation. Its count, if any, does not matter. */
  async go(place: string): Promise<void> {
    const words = new RegExp(`^${place}( ?[\\d,]+)?$`);
    // On a phone the navigation is a page of its own.
    const browse = this.page.getByRole('button', { name: 'Browse', exact: true, expanded: false });
    if (await browse.isVisible()) await browse.click();
    await this.page.locator('#nav').getByRole('link', { name: words }).click();
  }

  clipboard(): Promise<string> {
    return this.page.evaluate(() => navigator.clipboard.readText());
  }
}
