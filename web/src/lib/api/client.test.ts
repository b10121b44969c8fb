import { afterEach, describe, expect, it, vi } from 'vitest';
import { api, unwrap, unwrapVersioned, whenAddressRefused, whenSignedOut } from './client';
import { ApiProblem } from './problem';

/** What the server answers next, and what it was sent. */
function answer(status: number, body: string | null, headers: Record<string, string> = {}) {
  const fetch = vi.fn((_address: string, _request: RequestInit) => Promise.resolve(new Response(body, { status, headers })));
  vi.stubGlobal('fetch', fetch);
  return {
    get address() { return fetch.mock.lastCall?.[0]; },
    get request() { return fetch.mock.lastCall?.[1]; }
  };
}

async function problemOf(call: Promise<unknown>): Promise<ApiProblem> {
  const problem = await call.catch((error: unknown) => error);
  expect(problem).toBeInstanceOf(ApiProblem);
  return problem as ApiProblem;
}

afterEach(() => {
  vi.unstubAllGlobals();
  whenAddressRefused(undefined);
  whenSignedOut(undefined);
});

describe('a request', () => {
  it('request_with_parameters_puts_them_into_path_and_query', async () => {
    const server = answer(200, '{}');
    await unwrap(api.GET('/v1/posts/{id}', { params: { path: { id: 'post/1' } } }));
    expect(server.address).toBe('/v1/posts/post%2F1');
    await unwrap(api.GET('/v1/posts', { params: { query: { limit: 50, state: 'draft' } } }));
    expect(server.address).toBe('/v1/posts?limit=50&state=draft');
    expect(server.request).not.toHaveProperty('body');
  });

  it('write_is_json_even_without_a_body', async () => {
    const server = answer(204, null);
    await unwrap(api.POST('/v1/auth/logout'));
    expect(server.request).toMatchObject({ method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
    await unwrap(api.DELETE('/v1/posts/{id}', { params: { path: { id: 'post_1' } } }));
    expect(server.request).toMatchObject({ method: 'DELETE', headers: { 'content-type': 'application/json' } });
    expect(server.request).not.toHaveProperty('body');
  });

  it('edit_names_the_version_that_it_changes', async () => {
    const server = answer(200, '{"id":"post_1"}', { etag: '"2"' });
    const { value, etag } = await unwrapVersioned(
      api.PATCH('/v1/posts/{id}', { params: { path: { id: 'post_1' }, header: { 'If-Match': '"1"' } }, body: { base: { text: 'new' } } })
    );
    expect(server.request).toMatchObject({ body: '{"base":{"text":"new"}}', headers: { 'If-Match': '"1"' } });
    expect([value, etag]).toEqual([{ id: 'post_1' }, '"2"']);
  });
});

describe('an answer', () => {
  it('refusal_of_an_address_is_told_in_the_words_of_the_server', async () => {
    const told: string[] = [];
    whenAddressRefused((detail) => void told.push(detail));
    answer(403, JSON.stringify({ code: 'address_not_allowed', detail: 'Not from 198.51.100.7.' }));
    const problem = await problemOf(unwrap(api.GET('/v1/posts')));
    expect([problem.code, told]).toEqual(['address_not_allowed', ['Not from 198.51.100.7.']]);
  });

  it('refusal_is_thrown_with_its_code_and_fields', async () => {
    answer(422, JSON.stringify({ code: 'invalid_request', detail: 'No.', errors: [{ pointer: '/name', code: 'needed', message: 'This field is needed.' }] }));
    const problem = await problemOf(unwrap(api.POST('/v1/auth/logout')));
    expect([problem.status, problem.code, problem.at('/name')]).toEqual([422, 'invalid_request', ['This field is needed.']]);
  });

  it('refusal_of_something_in_front_of_the_api_is_thrown_with_its_status', async () => {
    answer(503, '<h1>Service Unavailable</h1>');
    expect((await problemOf(unwrap(api.GET('/v1/me')))).code).toBe('http_503');
  });

  it('silence_of_the_server_is_thrown_as_offline', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    const problem = await problemOf(unwrap(api.GET('/v1/me')));
    expect([problem.status, problem.code]).toEqual([0, 'offline']);
  });

  it('end_of_the_session_is_told_but_not_a_wrong_password', async () => {
    const ended = vi.fn();
    whenSignedOut(ended);
    answer(401, '{"code":"unauthenticated"}');
    await problemOf(unwrap(api.POST('/v1/auth/login', { body: { email: 'ada@example.com', password: 'wrong', mode: 'cookie' } })));
    expect(ended).not.toHaveBeenCalled();
    await problemOf(unwrap(api.GET('/v1/me')));
    expect(ended).toHaveBeenCalledTimes(1);
  });
});
