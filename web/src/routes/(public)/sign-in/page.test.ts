// @vitest-environment happy-dom
import { cleanup, fireEvent, render } from '@testing-library/svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import Page from './+page.svelte';

vi.mock('$app/navigation', () => ({ goto: vi.fn() }));
vi.mock('$app/state', () => ({ page: { state: {}, url: new URL('https://app.example/sign-in') } }));

const refusal = (status: number, code: string, detail: string) => Response.json({ status, code, detail }, { status });

/** Somebody whose address is not proven; `resend` answers who asks for another link. */
async function unproven(resend: () => Promise<Response>) {
  const asked = vi.fn(resend);
  vi.stubGlobal('fetch', (path: string) =>
    path.endsWith('/login') ? Promise.resolve(refusal(401, 'invalid_credentials', 'wrong, or open the link')) : asked()
  );
  const shown = render(Page);
  await fireEvent.input(shown.getByLabelText('E-mail address'), { target: { value: 'ada@example.com' } });
  const password = shown.getByLabelText('Password');
  await fireEvent.input(password, { target: { value: 'seven looms weave flowers' } });
  await fireEvent.submit(password.closest('form') as HTMLFormElement);
  return { ...shown, asked, button: await shown.findByRole('button', { name: 'Send a new link' }) };
}

describe('another link for an address that is not proven', () => {
  afterEach(() => {
    cleanup();
    vi.unstubAllGlobals();
  });

  it.each([
    ['too many were asked for', () => Promise.resolve(refusal(429, 'rate_limited', 'ask again later'))],
    ['the server rests', () => Promise.resolve(refusal(503, 'unavailable', 'ask again later'))],
    ['nobody answers', () => Promise.reject(new TypeError('offline'))]
  ])('says that it was not sent while %s', async (_, resend) => {
    const { button, getAllByRole, queryByText } = await unproven(resend);
    const before = getAllByRole('alert').length;

    await fireEvent.click(button);

    await vi.waitFor(() => expect(getAllByRole('alert').length).toBe(before + 1));
    expect(queryByText(/a new link is on its way/)).toBeNull();
  });

  it('is asked for once by two presses', async () => {
    let answer: (answer: Response) => void = () => {};
    const { asked, button, findByText } = await unproven(() => new Promise((resolve) => (answer = resolve)));

    await fireEvent.click(button);
    await fireEvent.click(button);
    answer(Response.json({ status: 'accepted' }, { status: 202 }));

    await findByText(/a new link is on its way/);
    expect(asked).toHaveBeenCalledTimes(1);
  });
});
