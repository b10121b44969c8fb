import type { Client } from 'openapi-fetch';
import { m } from '$lib/paraglide/messages.js';
import { ApiProblem, OFFLINE, problemFrom } from './problem';
import type { paths } from './schema';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * The API on our own origin, typed by its document; the session cookie goes along by itself.
 * Of openapi-fetch only the types are used: its run time would be a twentieth of all that sign-in loads.
 */
export const api = Object.fromEntries(
  (['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const).map((method) => [method, (path: string, call?: Call) => send(method, path, call)])
) as unknown as Pick<Client<paths>, Method>;

/** Longer than the server may take (29 s behind API Gateway): what is silent until then is lost. */
const PATIENCE = 35_000;

let onSignedOut: (() => void) | undefined;
let onProofNeeded: (() => Promise<boolean>) | undefined;
let onSecondFactorMissing: (() => void) | undefined;
let onAddressRefused: ((detail: string) => void) | undefined;
let onSupportEnded: (() => void) | undefined;
/** The code of an act that needs a recent proof of the person. */
const PROOF_NEEDED = 'insufficient_user_authentication';
/** The code of a tenant that requires a second factor of whoever has none. */
const SECOND_FACTOR_MISSING = 'second_factor_missing';
/** The code of a tenant that takes nothing from where the person is. */
const ADDRESS_REFUSED = 'address_not_allowed';
/** The code of a tenant that the person looked into for support, and may not any more. */
const SUPPORT_ENDED = 'support_ended';

/** Called when an answer says that the session is over. Public pages set nothing. */
export function whenSignedOut(handler: (() => void) | undefined): void {
  onSignedOut = handler;
}

/** Called when an act needs a recent proof of the person; the act goes on when it was given. */
export function whenProofNeeded(handler: (() => Promise<boolean>) | undefined): void {
  onProofNeeded = handler;
}

/** Called when the tenant keeps the person out until they have a second factor. */
export function whenSecondFactorMissing(handler: (() => void) | undefined): void {
  onSecondFactorMissing = handler;
}

/** Called with what the server says when the tenant takes nothing from where the person is. */
export function whenAddressRefused(handler: ((detail: string) => void) | undefined): void {
  onAddressRefused = handler;
}

/** Called when the person may not look into the tenant any more that they support. */
export function whenSupportEnded(handler: (() => void) | undefined): void {
  onSupportEnded = handler;
}

interface Call {
  params?: {
    path?: Record<string, string>;
    query?: Record<string, string | number | boolean>;
    header?: Record<string, string>;
  };
  body?: unknown;
}

async function send(method: Method, path: string, call: Call = {}): Promise<Answer<unknown>> {
  const answer = await sendOnce(method, path, call);
  const { code, detail } = (answer.error ?? {}) as { code?: unknown; detail?: unknown };
  if (answer.response.status === 403 && code === SECOND_FACTOR_MISSING) onSecondFactorMissing?.();
  if (answer.response.status === 403 && code === ADDRESS_REFUSED) onAddressRefused?.(String(detail));
  if (code === SUPPORT_ENDED) onSupportEnded?.();
  if (answer.response.status !== 401 || path === '/v1/auth/login') return answer;
  if (code !== PROOF_NEEDED) onSignedOut?.();
  else if (await onProofNeeded?.()) return sendOnce(method, path, call);
  return answer;
}

async function sendOnce(method: Method, path: string, { params = {}, body }: Call): Promise<Answer<unknown>> {
  const address = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params.path?.[name] ?? ''));
  const query = new URLSearchParams(Object.entries(params.query ?? {}).map(([name, value]) => [name, String(value)]));
  const response = await fetch(query.size > 0 ? `${address}?${query}` : address, {
    method,
    credentials: 'same-origin',
    signal: AbortSignal.timeout(PATIENCE),
    // The server takes cookie-authenticated writes only as JSON (a form of another site cannot send that).
    headers: { ...params.header, ...(method === 'GET' ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined && method !== 'POST' ? {} : { body: JSON.stringify(body ?? {}) })
  });
  const text = await response.text();
  const document = parsed(text);
  return response.ok ? { data: document, text, response } : { error: document, text, response };
}

/** A gateway's own answer may be anything. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  text?: string;
  response: Response;
}

/** The body of a success; everything else is thrown as an `ApiProblem`. */
export async function unwrap<T>(call: Promise<Answer<T>>): Promise<T> {
  return (await answered(call)).data as T;
}

/** As `unwrap`, with the version (ETag) that a later edit must name. */
export async function unwrapVersioned<T>(
  call: Promise<Answer<T>>
): Promise<{ value: T; etag: string | null }> {
  const answer = await answered(call);
  return { value: answer.data as T, etag: answer.response.headers.get('etag') };
}

/** What is a file and no JSON, at an address of the API: its text as it came, and the headers beside it. */
export async function unwrapFile(address: string): Promise<{ text: string; headers: Headers }> {
  const { text = '', response } = await answered(send('GET', address));
  return { text, headers: response.headers };
}

async function answered<T>(call: Promise<Answer<T>>): Promise<Answer<T>> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (cause) {
    const problem = new ApiProblem(0, OFFLINE, m.problem_offline());
    problem.cause = cause;
    throw problem;
  }
  if (!answer.response.ok) {
    throw problemFrom(answer.response.status, answer.error, m.problem_unknown());
  }
  return answer;
}
