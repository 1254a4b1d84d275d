// Every test fails when the browser complains: script errors, policy violations, console errors.

import type { BrowserContext, Page } from '@playwright/test';

export class Guard {
  private readonly complaints: string[] = [];
  private readonly expected: RegExp[] = [];

  /** Listens to all pages of a context, workers included. */
  watch(context: BrowserContext): void {
    for (const page of context.pages()) this.listen(page);
    context.on('page', (page) => this.listen(page));
  }

  /** This test provokes such a message. */
  allow(pattern: RegExp): void {
    this.expected.push(pattern);
  }

  /** This test stops the server or cuts the connection. */
  allowOffline(): void {
    this.allow(/net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|INTERNET_DISCONNECTED|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING|ABORTED|FAILED)/);
    // A part of the page that was on its way.
    this.allow(/^error: TypeError: Failed to fetch\s+at \S*__wasm_split/);
    this.allow(/^page error: Failed to fetch$/);
  }

  /** This test provokes a refusal with that status. */
  allowStatus(status: number): void {
    this.allow(new RegExp(`responded with a status of ${status}`));
  }

  unexpected(): string[] {
    return this.complaints.filter((text) => !this.expected.some((pattern) => pattern.test(text)));
  }

  private listen(page: Page): void {
    page.on('console', (message) => {
      const serious = message.type() === 'error' || message.type() === 'warning';
      if (serious) this.complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => this.complaints.push(`page error: ${error.message}`));
    page.on('crash', () => this.complaints.push('the page crashed'));
  }
}
