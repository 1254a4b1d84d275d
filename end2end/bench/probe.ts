// What is noted inside a page while it is measured.

import { readFileSync } from 'node:fs';

import type { CDPSession, Page } from '@playwright/test';

export interface Noted {
  /** When the key was derived, in the page's milliseconds. */
  derived: number | null;
  /** When the first row stood in the document. */
  firstRow: number | null;
  /** Main-thread tasks over 50 ms: when and how long. */
  longTasks: { start: number; duration: number }[];
  /** How long the worker took for each window of the list. */
  lists: number[];
}

/** Installs the probe in every document that the page will load. */
export async function probe(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const noted: Noted = { derived: null, firstRow: null, longTasks: [], lists: [] };
    (window as unknown as { noted: Noted }).noted = noted;
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) noted.longTasks.push({ start: startTime, duration });
    }).observe({ type: 'longtask', buffered: true });
    new MutationObserver((_, observer) => {
      if (document.querySelector('[role=listbox] [role=option]') === null) return;
      noted.firstRow = performance.now();
      observer.disconnect();
    }).observe(document, { childList: true, subtree: true });

    // The first bytes of messages; a test beside the messages' types holds them.
    const [REPLY, EVENT, PROGRESS, DERIVING, LIST] = [1, 2, 1, 0, 7];
    /** A number in groups of seven bits, lowest first, and how many bytes it takes. */
    const number = (bytes: number[]): { value: number; length: number } => {
      const last = bytes.findIndex((byte) => byte < 128);
      const value = bytes.slice(0, last + 1).reduceRight((sum, byte) => sum * 128 + (byte % 128), 0);
      return { value, length: last + 1 };
    };
    const asked = new Map<number, number>();
    const Native = window.Worker;
    window.Worker = class extends Native {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        // First, before the page wipes what it read.
        this.addEventListener('message', ({ data }) => {
          if (!(data instanceof Uint8Array)) return;
          const now = performance.now();
          const [kind, ...rest] = data.subarray(0, 8);
          if (kind === EVENT && rest[0] === PROGRESS && rest[1] === DERIVING && rest[2] === 100) noted.derived = now;
          const since = kind === REPLY ? asked.get(number(rest).value) : undefined;
          if (since !== undefined) noted.lists.push(now - since);
        });
      }

      override postMessage(message: unknown, options?: StructuredSerializeOptions | Transferable[]): void {
        if (message instanceof Uint8Array) {
          const bytes = [...message.subarray(0, 8)];
          const { value: id, length } = number(bytes);
          if (bytes[length] === LIST) asked.set(id, performance.now());
        }
        super.postMessage(message, options as StructuredSerializeOptions);
      }
    };
  });
}

export function noted(page: Page): Promise<Noted> {
  return page.evaluate(() => (window as unknown as { noted: Noted }).noted);
}

/** Milliseconds that the page's main thread has worked. */
export async function mainThreadMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1_000;
}

/** Resident memory of the largest process that renders pages, in MiB, the worker included. */
export async function rendererMib(browser: CDPSession): Promise<number> {
  const { processInfo } = await browser.send('SystemInfo.getProcessInfo');
  const sizes = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]);
  return Math.max(...sizes.map((kibibytes) => Number(kibibytes) / 1_024));
}
