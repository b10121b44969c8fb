import createClient, { type Middleware } from 'openapi-fetch';
import { m } from '$lib/paraglide/messages.js';
import { ApiProblem, OFFLINE, problemFrom } from './problem';
import type { paths } from './schema';

/** The API on our own origin; the session cookie goes along by itself. */
export const api = createClient<paths>({ baseUrl: '', credentials: 'same-origin' });

let onSignedOut: (() => void) | undefined;

/** Called when an answer says that the session is over. Public pages set nothing. */
export function whenSignedOut(handler: (() => void) | undefined): void {
  onSignedOut = handler;
}

const session: Middleware = {
  onRequest({ request }) {
    // The server takes cookie-authenticated writes only as JSON (a form of another site cannot send that).
    if (request.method !== 'GET' && !request.headers.has('content-type')) {
      return new Request(request, {
        headers: { ...Object.fromEntries(request.headers), 'content-type': 'application/json' },
        ...(request.method === 'POST' ? { body: '{}' } : {})
      });
    }
    return undefined;
  },
  onResponse({ response, request }) {
    if (response.status === 401 && !request.url.endsWith('/v1/auth/login')) onSignedOut?.();
  }
};
api.use(session);

interface Answer<T> {
  data?: T;
  error?: unknown;
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

async function answered<T>(call: Promise<Answer<T>>): Promise<Answer<T>> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    const problem = new ApiProblem(0, OFFLINE, m.problem_offline());
    problem.cause = cause;
    throw problem;
  }
  if (!answer.response.ok) {
    throw problemFrom(answer.response.status, answer.error, m.problem_unknown());
  }
  return answer;
}
