// What every story begins with: a server of the worker's own, a watched browser, a person.

import { test as base, expect } from '@playwright/test';

import { Guard } from './guard.ts';
import { Person } from './person.ts';
import { Server } from './server.ts';
import { Vault } from './vault.ts';

interface Fixtures {
  guard: Guard;
  person: Person;
  vault: Vault;
}

interface WorkerFixtures {
  server: Server;
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  server: [
    async ({}, use) => {
      const server = await Server.start();
      await use(server);
      await server.dispose();
    },
    { scope: 'worker' },
  ],

  baseURL: async ({ server }, use) => use(server.origin),

  guard: [
    async ({ context }, use) => {
      const guard = new Guard();
      guard.watch(context);
      await use(guard);
      expect(guard.unexpected(), 'the browser complained').toEqual([]);
    },
    { auto: true },
  ],

  /** Somebody who has no account yet. */
  person: async ({ page }, use) => use(new Person(page)),

  /** The vault of somebody who has just signed up. */
  vault: async ({ person }, use) => use(await person.signUp()),
});

export { expect };
