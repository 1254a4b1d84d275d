/**
 * The REST API of a KeyArc server, typed. Vault data crosses it in sealed form only: this entry
 * carries envelopes and opens none.
 */
import createClient, { type Client, type Middleware } from 'openapi-fetch';

import type { components, operations, paths } from './generated/api.js';

export type { components, operations, paths };

/** The types of bodies, by their names in the description: `Schemas['ItemWrite']`. */
export type Schemas = components['schemas'];

/** What every refusal says. */
export type ApiError = Schemas['ApiError'];

export interface Options {
  /** Where the server is, for example `https://keyarc.example`. */
  origin: string;
  /**
   * The session token of a program, `kas1_…`. Without one there are the operations that need no
   * session, and in a browser those of its cookie.
   */
  sessionToken?: string;
  /** Another `fetch`. */
  fetch?: (request: Request) => Promise<Response>;
  /** Another clock, in Unix milliseconds. */
  now?: () => number;
}

/**
 * A client: `GET`, `POST` and `PUT` with the paths of the description. Each gives `data` or `error`,
 * and the `response`.
 */
export type KeyArc = Client<paths>;

/** The server gave no access token: the session has ended, or the server cannot be reached. */
export class SessionError extends Error {
  override readonly name = 'SessionError';
  /** What the server said, when it said something. */
  readonly refusal: ApiError | undefined;

  constructor(refusal: ApiError | undefined, options?: ErrorOptions) {
    super(refusal?.message ?? 'The server gave no access token.', options);
    this.refusal = refusal;
  }
}

/** What this client was made for. A server of another version refuses, and says so. */
const API_VERSION: components['parameters']['ApiVersion'] = 1;

/** A token is renewed this long before it ends, so that no request meets the very end of it. */
const RENEW_BEFORE_MS = 60_000;
const REFRESH = '/auth/token/refresh';

/** What takes the session token itself. */
const BY_SESSION_TOKEN: readonly string[] = [REFRESH, '/auth/logout'];

/** Makes a client of a server. Nothing is sent yet. */
export function connect({ origin, sessionToken, fetch, now = Date.now }: Options): KeyArc {
  const client = createClient<paths>({
    baseUrl: origin,
    redirect: 'error',
    headers: { 'keyarc-api-version': API_VERSION },
    ...(fetch === undefined ? {} : { fetch }),
  });
  if (sessionToken !== undefined) client.use(bearer(client, sessionToken, now));
  return client;
}

/** Sends the session token where it is taken, and access tokens made of it everywhere else. */
function bearer(client: KeyArc, sessionToken: string, now: () => number): Middleware {
  let access: Schemas['RefreshResponse'] | undefined;
  let renewal: Promise<Schemas['RefreshResponse']> | undefined;

  const renew = async (): Promise<Schemas['RefreshResponse']> => {
    let answer;
    try {
      answer = await client.POST(REFRESH);
    } catch (cause) {
      throw new SessionError(undefined, { cause });
    }
    if (answer.data === undefined) throw new SessionError(answer.error);
    access = answer.data;
    return access;
  };

  const accessToken = async (): Promise<string> => {
    if (access !== undefined && now() < access.expires_at_ms - RENEW_BEFORE_MS) return access.access_token;
    // Requests that come at the same time share one renewal.
    renewal ??= renew().finally(() => {
      renewal = undefined;
    });
    return (await renewal).access_token;
  };

  return {
    async onRequest({ schemaPath, request }) {
      if (BY_SESSION_TOKEN.includes(schemaPath)) request.headers.set('authorization', `Bearer ${sessionToken}`);
      else if (schemaPath.startsWith('/api/')) request.headers.set('authorization', `Bearer ${await accessToken()}`);
      return request;
    },
  };
}
