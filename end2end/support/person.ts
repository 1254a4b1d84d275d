// Somebody who uses KeyArc: their password, their setup code, and how they get in.

import { randomBytes } from 'node:crypto';

import { expect, type Locator, type Page } from '@playwright/test';

import { Vault } from './vault.ts';

export class Person {
  readonly password: string;
  setupCode = '';
  /** The kit's other codes, known to whoever signed up here. */
  recoveryKey = '';
  checkpoint = '';

  constructor(
    readonly page: Page,
    known: { password?: string; setupCode?: string } = {},
  ) {
    this.password = known.password ?? `velvet-${randomBytes(6).toString('hex')}-harbour-lantern`;
    this.setupCode = known.setupCode ?? '';
  }

  /** The same person at another page: a new device or another tab. */
  at(page: Page): Person {
    const same = new Person(page, { password: this.password, setupCode: this.setupCode });
    same.recoveryKey = this.recoveryKey;
    same.checkpoint = this.checkpoint;
    return same;
  }

  /** Fills the sign-up form without sending it. */
  async fillSignUp(options: { email?: string; password?: string; repeat?: string } = {}): Promise<void> {
    const { page } = this;
    await page.goto('/sign-up');
    await expect(page.getByRole('heading', { name: 'Create your vault' })).toBeVisible();
    const password = options.password ?? this.password;
    if (options.email !== undefined) {
      await page.getByLabel('E-mail (optional)').fill(options.email);
    }
    await page.getByLabel('Master password', { exact: true }).fill(password);
    await page.getByLabel('Repeat master password', { exact: true }).fill(options.repeat ?? password);
    await page.getByRole('checkbox', { name: /agree to the terms/ }).check();
  }

  /** Signs up as far as the recovery kit. */
  async createAccount(options: { email?: string } = {}): Promise<void> {
    const { page } = this;
    await this.fillSignUp(options);
    await page.getByRole('button', { name: 'Create vault' }).click();
    await expect(page.getByRole('heading', { name: 'Save your recovery kit' })).toBeVisible();
    const codes = await readKit(page.locator('.kit'));
    this.setupCode = codes.setupCode;
    this.recoveryKey = codes.recoveryKey;
    this.checkpoint = codes.checkpoint;
  }

  /** Signs up and opens the new, empty vault. */
  async signUp(options: { email?: string } = {}): Promise<Vault> {
    const { page } = this;
    await this.createAccount(options);
    await page.getByRole('checkbox', { name: 'I have saved my recovery kit' }).check();
    await page.getByRole('button', { name: 'Open my vault' }).click();
    return this.arrive();
  }

  /** Unlocks at a device that knows the account. */
  async unlock(): Promise<Vault> {
    const { page } = this;
    await expect(page.getByRole('heading', { name: 'Unlock your vault' })).toBeVisible();
    await page.getByLabel('Master password', { exact: true }).fill(this.password);
    await page.getByRole('button', { name: 'Unlock' }).click();
    return this.arrive();
  }

  /** Fills the log-in form of a device that knows nobody. */
  async fillLogIn(options: { remember?: boolean } = {}): Promise<void> {
    await this.page.goto('/log-in');
    await this.typeLogIn(options);
  }

  /** Fills that form where it stands already. */
  async typeLogIn(options: { remember?: boolean } = {}): Promise<void> {
    const { page } = this;
    await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
    await page.getByLabel('Setup code').fill(this.setupCode);
    await page.getByLabel('Master password', { exact: true }).fill(this.password);
    await page.getByRole('checkbox', { name: 'Remember this device' }).setChecked(options.remember ?? true);
  }

  /** Logs in at a new device. */
  async logIn(options: { remember?: boolean } = {}): Promise<Vault> {
    await this.fillLogIn(options);
    await this.page.getByRole('button', { name: 'Log in' }).click();
    return this.arrive();
  }

  private async arrive(): Promise<Vault> {
    const vault = new Vault(this.page);
    await vault.isOpen();
    return vault;
  }
}

/** The codes of a recovery kit that is shown. */
export async function readKit(kit: Locator): Promise<{ setupCode: string; recoveryKey: string; checkpoint: string }> {
  const code = async (id: string) => (await kit.getByTestId(id).innerText()).replaceAll(/\s/g, '');
  return {
    setupCode: await code('setup-code'),
    recoveryKey: await code('recovery-key'),
    checkpoint: await code('checkpoint'),
  };
}
