import assert from 'node:assert/strict';
import { test } from 'node:test';

import { connect, SessionError } from '../dist/index.js';

const VAULT = '5a'.repeat(16);

/** A server that remembers what it was asked. */
function server(answers) {
  const asked = [];
  const fetch = async (request) => {
    const { pathname, search } = new URL(request.url);
    const body = request.method === 'GET' ? '' : await request.text();
    const header = (name) => request.headers.get(name);
    const [bearer, key, version] = ['authorization', 'idempotency-key', 'keyarc-api-version'].map(header);
    asked.push({ method: request.method, path: pathname + search, bearer, key, version, body });
    const answer = answers[pathname];
    if (answer === undefined) throw new Error(`not expected: ${pathname}`);
    return answer(asked.filter((one) => one.path === pathname).length);
  };
  return { asked, fetch };
}

const json = (body, status = 200) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' },
  });

const problem = (code, status) => json({ code, message: 'No.', action: 'Do something else.' }, status);

function tokens(count) {
  return json({ access_token: `access-${count}`, expires_at_ms: count * 900_000 });
}

test('access tokens are made of the session token, shared, and renewed before they end', async () => {
  const { asked, fetch } = server({
    '/auth/token/refresh': tokens,
    '/api/account': () => json({ id: VAULT }),
  });
  let now = 0;
  const keyarc = connect({ origin: 'https://keyarc.test', sessionToken: 'kas1_x', fetch, now: () => now });
  await Promise.all([keyarc.GET('/api/account'), keyarc.GET('/api/account')]);
  now = 839_999;
  await keyarc.GET('/api/account');
  now = 840_000;
  await Promise.all([keyarc.GET('/api/account'), keyarc.GET('/api/account')]);
  const sent = (path) => asked.filter((one) => one.path === path).map((one) => one.bearer);
  assert.deepEqual(sent('/auth/token/refresh'), ['Bearer kas1_x', 'Bearer kas1_x']);
  const [first, second] = ['Bearer access-1', 'Bearer access-2'];
  assert.deepEqual(sent('/api/account'), [first, first, first, second, second]);
});

test('the session token goes nowhere but where it is taken', async () => {
  const { asked, fetch } = server({
    '/auth/challenge': () => json({ nonce: 'A'.repeat(43), expires_at_ms: 1 }),
    '/auth/logout': () => new Response(null, { status: 204 }),
  });
  const keyarc = connect({ origin: 'https://keyarc.test', sessionToken: 'kas1_x', fetch });
  const { data } = await keyarc.POST('/auth/challenge', { body: { handle: '010203040506' } });
  assert.equal(data?.expires_at_ms, 1);
  const { response } = await keyarc.POST('/auth/logout');
  assert.equal(response.status, 204);
  assert.deepEqual(asked.map((one) => one.bearer), [null, 'Bearer kas1_x']);
  assert.deepEqual(asked.map((one) => one.version), ['1', '1']);
});

test('a refusal is told with its code', async () => {
  const { fetch } = server({ [`/api/vaults/${VAULT}/details`]: () => problem('not_found', 404) });
  const keyarc = connect({ origin: 'https://keyarc.test', fetch });
  const { data, error } = await keyarc.POST('/api/vaults/{vault_id}/details', {
    params: { path: { vault_id: VAULT } },
    body: { item_ids: [VAULT] },
  });
  assert.equal(data, undefined);
  assert.equal(error?.code, 'not_found');
});

test('a write that is sent again has the same key', async () => {
  const { asked, fetch } = server({ '/api/account/notices/dismiss': () => new Response(null, { status: 204 }) });
  const keyarc = connect({ origin: 'https://keyarc.test', fetch });
  const once = { params: { header: { 'Idempotency-Key': 'one-request' } } };
  for (const _ of [1, 2]) await keyarc.POST('/api/account/notices/dismiss', once);
  await keyarc.POST('/api/account/notices/dismiss');
  assert.deepEqual(asked.map((one) => one.key), ['one-request', 'one-request', null]);
});

test('a session that has ended is told, and asked for again the next time', async () => {
  const { asked, fetch } = server({
    '/auth/token/refresh': (count) => (count === 1 ? problem('unauthenticated', 401) : tokens(count)),
    '/api/account': () => json({ id: VAULT }),
  });
  const keyarc = connect({ origin: 'https://keyarc.test', sessionToken: 'kas1_x', fetch, now: () => 0 });
  await assert.rejects(
    keyarc.GET('/api/account'),
    (error) => error instanceof SessionError && error.refusal?.code === 'unauthenticated' && !String(error).includes('kas1_x'),
  );
  await keyarc.GET('/api/account');
  assert.deepEqual(asked.map((one) => one.path), ['/auth/token/refresh', '/auth/token/refresh', '/api/account']);
});

test('a server that does not answer is told with the cause', async () => {
  const fetch = async () => {
    throw new TypeError('fetch failed');
  };
  const keyarc = connect({ origin: 'https://keyarc.test', sessionToken: 'kas1_x', fetch });
  await assert.rejects(
    keyarc.GET('/api/account'),
    (error) => error instanceof SessionError && error.refusal === undefined && error.cause instanceof TypeError,
  );
});

test('bytes go out and come in as they are', async () => {
  const envelope = new Uint8Array([75, 65, 1, 1, 0, 255]);
  const path = `/api/vaults/${VAULT}/attachments/${VAULT}/chunks/0`;
  let received;
  const fetch = async (request) => {
    assert.equal(new URL(request.url).pathname, path);
    if (request.method === 'GET') {
      return new Response(envelope, { headers: { 'content-type': 'application/octet-stream' } });
    }
    assert.equal(request.headers.get('content-type'), 'application/octet-stream');
    received = new Uint8Array(await request.arrayBuffer());
    return new Response(null, { status: 204 });
  };
  const keyarc = connect({ origin: 'https://keyarc.test', fetch });
  const params = { path: { vault_id: VAULT, attachment_id: VAULT, number: 0 } };
  const CHUNK = '/api/vaults/{vault_id}/attachments/{attachment_id}/chunks/{number}';
  await keyarc.PUT(CHUNK, {
    params,
    body: envelope,
    bodySerializer: (bytes) => bytes,
    headers: { 'content-type': 'application/octet-stream' },
  });
  assert.deepEqual(received, envelope);
  const { data } = await keyarc.GET(CHUNK, { params, parseAs: 'arrayBuffer' });
  assert.deepEqual(new Uint8Array(data), envelope);
});
