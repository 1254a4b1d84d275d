import { expect, test } from '../support/fixtures.ts';
import { type Answer, grade } from '../support/observatory.ts';
import { Server } from '../support/server.ts';

const HOST = 'keyarc.example';

test('every page gets an A+ at the HTTP Observatory', async () => {
  const server = await Server.start({
    env: {
      KEYARC_ENV: 'production',
      PUBLIC_ORIGIN: `https://${HOST}`,
      JWT_SECRET: 'only-for-this-test-and-long-enough-to-be-taken',
    },
  });
  try {
    for (const path of ['/', '/security', '/log-in', '/vault']) {
      const page = await answer(`${server.origin}${path}`);
      const preflight = await answer(`${server.origin}${path}`, {
        method: 'OPTIONS',
        headers: { origin: 'https://elsewhere.example', 'access-control-request-method': 'GET' },
      });
      expect(await grade(HOST, page, preflight), path).toEqual({ grade: 'A+', failed: [] });
    }
  } finally {
    await server.dispose();
  }
});

async function answer(url: string, request: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, request);
  return { headers: Object.fromEntries(response.headers), body: await response.text() };
}
