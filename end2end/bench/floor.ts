// The least that a browser does for the same picture: a page of its own, without KeyArc.

import { chromium, type Page } from '@playwright/test';

import { launchOptions } from '../support/browser.ts';
import { dearestFrame } from './probe.ts';

const ROWS = 18;
const RUNS = 5;
const LETTERS = 'stripe';

/**
 * Rows as those of the vault, of plain elements with a plain style. Each key that is pressed puts
 * other words into all of them, with the ten lines of script that this takes.
 */
const PLAIN = `<!doctype html>
<title>Plain</title>
<style>
  * { box-sizing: border-box; margin: 0; }
  body { font: 14px/1.4 system-ui, sans-serif; background: #fff; color: #222; }
  #list { width: 420px; height: 900px; overflow-y: auto; padding: 6px; }
  .row { position: relative; height: 56px; margin-bottom: 1px; padding: 9px 97px 0 55px; border-radius: 8px; contain: strict; }
  .row:first-child { background: #e8eefc; }
  .mark { position: absolute; top: 11px; left: 10px; width: 34px; height: 34px; border: 1px solid #ddd; border-radius: 9px; line-height: 32px; text-align: center; }
  .name, .sub { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .name { font-weight: 500; }
  .sub { color: #777; font-size: 13px; }
  .hint { margin-inline-start: 6px; font-family: monospace; font-size: 12px; }
  .when { position: absolute; top: 20px; right: 10px; color: #777; font-size: 12px; }
</style>
<div id="list">${'<div class="row"><span class="mark"></span><span class="name"></span><span class="sub"><span></span><span class="hint"></span></span><span class="when"></span></div>'.repeat(ROWS)}</div>
<script>
  let round = 0;
  const show = () => {
    round += 1;
    document.querySelectorAll('.row').forEach((row, at) => {
      const number = round * 37 + at * 11;
      const [mark, name, , kind, hint, when] = row.querySelectorAll('span');
      mark.textContent = String.fromCharCode(65 + (number % 26), 65 + (at % 26));
      name.textContent = 'Account ' + number + ' of the shop';
      kind.textContent = ['Login', 'API key', 'Note'][number % 3] + ' · Folder ' + (number % 40);
      hint.textContent = 'sk-…' + number;
      when.textContent = (number % 50) + ' days ago';
    });
  };
  show();
  addEventListener('keydown', show);
</script>`;

/** Milliseconds of main-thread work in the dearest frame of it; the least of several times after a first. */
export async function plainFrame(): Promise<number> {
  // In a browser of its own: a trace tells of all pages of one.
  const browser = await chromium.launch(launchOptions);
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.setContent(PLAIN);
    const found: number[] = [];
    for (let run = 0; run <= RUNS; run += 1) {
      found.push(await dearestFrame(page, () => type(page)));
    }
    return Math.min(...found.slice(1));
  } finally {
    await browser.close();
  }
}

async function type(page: Page): Promise<void> {
  for (const letter of LETTERS) {
    await page.keyboard.press(letter);
    await page.waitForTimeout(250);
  }
}
