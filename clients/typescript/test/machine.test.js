import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { code } from '../dist/code.js';
import { KeyArcError, openMachine } from '../dist/machine.js';

const vectors = new URL('../../../crates/crypto/vectors/machine-token.json', import.meta.url);
const token = JSON.parse(readFileSync(vectors, 'utf8')).tokens[3].text;
const [, id, secret] = token.split('_');
const origin = 'https://keyarc.test';

const realFetch = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = realFetch;
});

/** What comes of opening a token where nothing may be opened: the error that says why. */
async function refused(options) {
  const error = await openMachine({ origin, token, ...options }).then(
    () => assert.fail('it was opened'),
    (error) => error,
  );
  assert.ok(error instanceof KeyArcError && error instanceof Error, String(error));
  for (const told of [String(error), error.stack, JSON.stringify(error)]) {
    assert.ok(!told.includes(secret), told);
  }
  return error;
}

function answers(response) {
  const asked = [];
  globalThis.fetch = async (url, init) => {
    asked.push({ url, init });
    return response();
  };
  return asked;
}

const problem = (body, status) =>
  new Response(JSON.stringify({ message: 'No.', action: 'Do something else.', ...body }), {
    status,
    headers: { 'content-type': 'application/problem+json' },
  });

test('what is no token and no origin is told before anybody is asked', async () => {
  const asked = answers(() => assert.fail('nobody is asked'));
  const mistyped = `${token.slice(0, 50)}${token[50] === '7' ? '8' : '7'}${token.slice(51)}`;
  for (const wrong of [undefined, '', ' ', 'kas1_of-a-session', token.slice(0, 95), `${token}\n`, mistyped]) {
    assert.equal((await refused({ token: wrong })).code, 'invalid_token', String(wrong).slice(0, 5));
  }
  for (const wrong of [
    undefined,
    '',
    'keyarc.example',
    'http://keyarc.example',
    'https://keyarc.example/',
    'https://keyarc.example/vault',
    'https://ada@keyarc.example',
    'ftp://127.0.0.1',
  ]) {
    assert.equal((await refused({ origin: wrong })).code, 'invalid_origin', wrong);
  }
  assert.equal(asked.length, 0);
});

test('the token does not leave the machine, and nothing else goes with what is asked', async () => {
  const asked = answers(() => problem({ code: 'login_refused' }, 401));
  await refused({});
  const [{ url, init }] = asked;
  assert.equal(asked.length, 1);
  assert.equal(url, `${origin}/api/machine/open`);
  assert.equal(init.method, 'POST');
  assert.equal(init.credentials, 'omit');
  assert.equal(init.redirect, 'error');
  const body = new TextDecoder().decode(init.body);
  assert.ok(!body.includes(secret));
  const { token_id, origin: signed, time_ms } = JSON.parse(body);
  assert.deepEqual([token_id, signed], [id, origin]);
  assert.ok(Math.abs(time_ms - Date.now()) < 60_000);
});

test('every refusal has a code of its own', async () => {
  const now = Date.now();
  for (const [body, status, code] of [
    [{ code: 'login_refused' }, 401, 'token_refused'],
    [{ code: 'token_expired' }, 403, 'token_expired'],
    [{ code: 'token_revoked' }, 403, 'token_revoked'],
    [{ code: 'address_refused' }, 403, 'address_refused'],
    [{ code: 'clock_skew', server_time_ms: now - 7_200_000 }, 403, 'clock_skew'],
    [{ code: 'rate_limited', retry_after_seconds: 7 }, 429, 'rate_limited'],
    [{ code: 'unavailable' }, 503, 'unreachable'],
    [{ code: 'internal' }, 500, 'refused'],
  ]) {
    answers(() => problem(body, status));
    const error = await refused({});
    assert.equal(error.code, code);
    assert.equal(error.retryAfterSeconds, code === 'rate_limited' ? 7 : undefined);
    assert.equal(error.aheadMs !== undefined, code === 'clock_skew');
    if (error.aheadMs !== undefined) {
      assert.ok(Math.abs(error.aheadMs - 7_200_000) < 60_000, String(error.aheadMs));
      assert.match(error.message, /2 h 0 min ahead/);
    }
    assert.deepEqual([error.nearest, error.candidates], [[], []]);
  }
});

test('no answer is unreachable, and an answer of another kind is not believed', async () => {
  answers(() => {
    throw new TypeError('fetch failed');
  });
  assert.equal((await refused({})).code, 'unreachable');
  const changes = { headers: { 'content-type': 'application/vnd.keyarc.changes' } };
  // Of something between here and there; and cut off.
  for (const answer of [
    () => new Response('<html>', { status: 502, headers: { 'content-type': 'text/html' } }),
    () => new Response('KAC2', changes),
    () => new Response(null, changes),
  ]) {
    answers(answer);
    assert.equal((await refused({})).code, 'unreachable');
  }
  for (const answer of [
    () => new Response('<html>', { headers: { 'content-type': 'text/html' } }),
    () => new Response('KAC2\0\0\0\0\0', changes),
    () => new Response('KAC1\0\0\0\0\0', changes),
  ]) {
    answers(answer);
    assert.equal((await refused({})).code, 'tampered');
  }
});

test('a browser is told where the WebAssembly is', () => {
  assert.ok(existsSync(fileURLToPath(code())));
});
