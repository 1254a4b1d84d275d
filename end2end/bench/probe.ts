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

    const asked = new Map<string, number>();
    const Native = window.Worker;
    window.Worker = class extends Native {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        this.addEventListener('message', ({ data }) => {
          if (typeof data !== 'string') return;
          const now = performance.now();
          if (data.includes('"Deriving","percent":100')) noted.derived = now;
          const id = /^\{"Reply":\[(\d+)/.exec(data)?.[1];
          const since = id === undefined ? undefined : asked.get(id);
          if (since !== undefined) noted.lists.push(now - since);
        });
      }

      override postMessage(message: unknown, options?: StructuredSerializeOptions | Transferable[]): void {
        if (typeof message === 'string' && message.includes('"List"')) {
          const id = /"id":(\d+)/.exec(message)?.[1];
          if (id !== undefined) asked.set(id, performance.now());
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
