// What is noted inside a page while it is measured.

import { readFileSync } from 'node:fs';

import type { CDPSession, Page } from '@playwright/test';

export interface Noted {
  /** When the key was derived, in the page's milliseconds. */
  derived: number | null;
  /** When the worker began to check what it fetched against what was signed. */
  verifying: number | null;
  /** When that had held, and it began to open it. */
  opening: number | null;
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
    const noted: Noted = { derived: null, verifying: null, opening: null, firstRow: null, longTasks: [], lists: [] };
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
    const [REPLY, EVENT, PROGRESS, DERIVING, OPENING, VERIFYING, LIST] = [1, 2, 1, 0, 2, 5, 7];
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
          if (kind === EVENT && rest[0] === PROGRESS) {
            const [, stage, percent] = rest;
            if (stage === DERIVING && percent === 100) noted.derived = now;
            if (stage === VERIFYING && percent === 0) noted.verifying = now;
            if (stage === OPENING && percent === 0) noted.opening = now;
          }
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

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  /** What of it the thread ran, in microseconds. */
  tdur?: number;
  args: { name?: string };
}

/** A frame, in microseconds. */
const FRAME = 16_000;

/**
 * Milliseconds of main-thread work in the dearest frame while something is done: all tasks from
 * one picture that was handed to the compositor, or from the end of a whole frame in which there
 * was nothing to do, to the next picture. Work is time of the thread: what else the machine does
 * meanwhile is none of the page's.
 */
export async function dearestFrame(page: Page, act: () => Promise<void>): Promise<number> {
  const browser = page.context().browser();
  if (browser === null) throw new Error('the page has no browser');
  await browser.startTracing(page, { categories: ['devtools.timeline', 'disabled-by-default-devtools.timeline'] });
  await act();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const main = traceEvents.find(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
  const own = traceEvents.filter(({ ph, pid, tid }) => ph === 'X' && pid === main?.pid && tid === main.tid);
  const tasks = own.filter(({ name }) => name === 'RunTask').sort((a, b) => a.ts - b.ts);
  const commits = own.filter(({ name }) => name === 'Commit').map(({ ts }) => ts);
  if (!tasks.some(({ tdur }) => tdur !== undefined) || commits.length === 0) throw new Error('the trace tells nothing');
  const frames = [0];
  let end = tasks[0]!.ts;
  for (const { ts, dur = 0, tdur = 0 } of tasks) {
    if (ts - end >= FRAME) frames.push(0);
    frames[frames.length - 1]! += tdur / 1_000;
    end = ts + dur;
    if (commits.some((commit) => ts <= commit && commit <= end)) frames.push(0);
  }
  return Math.max(...frames);
}

/** Resident memory of the largest process that renders pages, in MiB, the worker included. */
export async function rendererMib(browser: CDPSession): Promise<number> {
  const { processInfo } = await browser.send('SystemInfo.getProcessInfo');
  const sizes = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]);
  return Math.max(...sizes.map((kibibytes) => Number(kibibytes) / 1_024));
}

/** Linear memory of the vault worker, where keys and items are, in MiB. It never shrinks. */
export async function workerMib(page: Page): Promise<number> {
  const script = await page.locator('link[rel=modulepreload]').first().getAttribute('href');
  const [worker] = page.workers();
  if (script === null || worker === undefined) throw new Error('there is no worker');
  const bytes = await worker.evaluate(async (path) => {
    // Initialising a second time only gives what the first one made.
    const module = (await import(path)) as { default: () => Promise<{ memory: WebAssembly.Memory }> };
    return (await module.default()).memory.buffer.byteLength;
  }, script);
  return bytes / 1_024 / 1_024;
}
