// @vitest-environment happy-dom
import { cleanup, render } from '@testing-library/svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import Page from './+page.svelte';

vi.mock('$app/navigation', () => ({ goto: vi.fn() }));
vi.mock('$app/state', () => ({ page: { url: new URL('https://app.example/verify-email?token=abc') } }));

/** Confirms with a password; the API answers, or nobody does. */
async function confirmed(answer: () => Promise<Response>) {
  const calls = vi.fn(answer);
  vi.stubGlobal('fetch', calls);
  const shown = render(Page);
  const field = shown.getByLabelText('Password') as HTMLInputElement;
  field.value = 'seven looms weave flowers';
  field.dispatchEvent(new Event('input', { bubbles: true }));
  const form = field.closest('form');
  form?.dispatchEvent(new SubmitEvent('submit', { bubbles: true, cancelable: true }));
  await shown.findByRole('alert');
  return { ...shown, calls };
}

const problem = (status: number, code: string) => async () => Response.json({ status, code, detail: 'no' }, { status });

describe('the page of a link that proves an address', () => {
  afterEach(() => {
    cleanup();
    vi.unstubAllGlobals();
  });

  it.each([
    ['nobody answers', () => Promise.reject(new TypeError('offline'))],
    ['there were too many tries', problem(429, 'rate_limited')],
    ['the server rests', problem(503, 'unavailable')],
    ['the password is wrong', problem(422, 'invalid_request')]
  ])('keeps its form while %s', async (_, answer) => {
    const { queryByLabelText } = await confirmed(answer);

    expect(queryByLabelText('Password')).not.toBeNull();
    expect(queryByLabelText('E-mail address')).toBeNull();
  });

  it.each([
    [404, 'not_found'],
    [410, 'token_used']
  ])('asks for the address after a %i', async (status, code) => {
    const { queryByLabelText } = await confirmed(problem(status, code));

    expect(queryByLabelText('Password')).toBeNull();
    expect(queryByLabelText('E-mail address')).not.toBeNull();
  });

  it('sends the password with what the link has', async () => {
    const { calls } = await confirmed(problem(422, 'invalid_request'));

    const sent = calls.mock.calls[0] as unknown as [string, RequestInit];
    expect(sent[0]).toContain('/v1/auth/verify-email');
    expect(JSON.parse(String(sent[1].body))).toEqual({ token: 'abc', password: 'seven looms weave flowers' });
  });
});
