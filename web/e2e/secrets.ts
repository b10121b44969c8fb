import { appendFileSync } from 'node:fs';
import type { BrowserContext, Request, Response } from '@playwright/test';

// What secrets people typed and were given, for tests/look-for-secrets.py: where it does not say, nobody asks.
const file = process.env['M1A_SECRETS'];
const watched = new WeakSet<BrowserContext>();

/** Members of requests that are secrets, and of answers, with their kinds. */
const TYPED: Record<string, string> = {
  password: 'password',
  current_password: 'password',
  new_password: 'password',
  app_password: 'app_password',
  code: 'code',
  state: 'state',
  token: 'link'
};
const GIVEN: Record<string, string> = { secret: 'seed', recovery_codes: 'recovery_codes', access_token: 'token', refresh_token: 'token', challenge: 'challenge' };
/** What people think up themselves: everything else is made of a few signs. */
const PEOPLES = new Set(['password', 'app_password']);
/** An API key says what it is; answers name it like the seed of an authenticator app. */
const API_KEY = /^m1_/;

/** From now on this may be nowhere; a `mark` is no secret and must be in the table. */
export function note(kind: string, secret: string): void {
  if (file) appendFileSync(file, `${JSON.stringify([kind, secret])}\n`);
}

/** Notes the secrets of all requests and answers of a browser, and its cookies. */
export function watch(context: BrowserContext): void {
  if (!file || watched.has(context)) return;
  watched.add(context);
  context.on('request', (request) => sent(request));
  context.on('response', (response) => void given(response));
}

function sent(request: Request): void {
  if (!isOurs(request.url())) return;
  try {
    noteMembers(request.postDataJSON(), TYPED);
  } catch {
    // Not every body is JSON.
  }
}

async function given(response: Response): Promise<void> {
  if (!isOurs(response.url())) return;
  // A page that is left takes its answers with it.
  const headers = await response.headersArray().catch(() => []);
  for (const { name, value } of headers) {
    if (name.toLowerCase() === 'set-cookie') for (const cookie of value.split('\n')) note('cookie', cookie.replace(/^[^=]*=/, '').split(/[.;]/)[0] ?? '');
  }
  noteMembers(await response.json().catch(() => null), GIVEN);
}

const isOurs = (url: string) => new URL(url).pathname.startsWith('/v1/');

function noteMembers(value: unknown, kinds: Record<string, string>, kind?: string): void {
  if (typeof value === 'string') {
    // The hostile texts of the tests, which stand everywhere, come in links and states, too.
    if (kind && (PEOPLES.has(kind) || /^[\w.~-]+$/.test(value))) note(API_KEY.test(value) ? 'api_key' : kind, value);
  } else if (Array.isArray(value)) {
    for (const item of value) noteMembers(item, kinds, kind);
  } else if (value && typeof value === 'object') {
    for (const [name, member] of Object.entries(value)) noteMembers(member, kinds, kinds[name]);
  }
}
