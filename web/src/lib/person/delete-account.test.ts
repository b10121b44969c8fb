// @vitest-environment happy-dom
import { cleanup, fireEvent, render } from '@testing-library/svelte';
import { afterEach, expect, it, vi } from 'vitest';
import { goto } from '$app/navigation';
import type { Me } from '$lib/api/types';
import { session } from '$lib/session/session.svelte';
import DeleteAccount from './DeleteAccount.svelte';

vi.mock('$app/navigation', () => ({ goto: vi.fn() }));

const ada = { user: { email: 'ada@example.com' }, tenants: [], tenant_id: null } as unknown as Me;

/** The dialog, with this typed into it; `answer` is the server's. */
async function asked(typed: string, answer: () => Response) {
  session.me = ada;
  const fetched = vi.fn(() => Promise.resolve(answer()));
  vi.stubGlobal('fetch', fetched);
  const shown = render(DeleteAccount, { aside: true });
  await fireEvent.click(shown.getByRole('button', { name: 'Delete your account' }));
  const field = await shown.findByLabelText('Type ada@example.com to confirm');
  await fireEvent.input(field, { target: { value: typed } });
  await fireEvent.submit(field.closest('form') as HTMLFormElement);
  return { ...shown, fetched };
}

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.mocked(goto).mockClear();
  session.me = null;
});

it('asks nothing of the server before the own address is typed', async () => {
  const { fetched } = await asked('grace@example.com', () => new Response(null, { status: 204 }));

  expect(fetched).not.toHaveBeenCalled();
  expect(session.me).toBe(ada);
});

it('forgets who was signed in and goes to the sign-in', async () => {
  const { fetched } = await asked(' ada@example.com ', () => new Response(null, { status: 204 }));

  await vi.waitFor(() => expect(goto).toHaveBeenCalledWith('/sign-in?deleted', { replaceState: true }));
  expect(fetched).toHaveBeenCalledTimes(1);
  expect(session.me).toBeNull();
});

it('says which workspaces need somebody else first', async () => {
  const detail = 'you alone own Looms: make somebody else an owner, or delete these workspaces first';
  const refusal = () => Response.json({ status: 409, code: 'owns_workspaces', detail }, { status: 409 });
  const { findByText } = await asked('ada@example.com', refusal);

  await findByText(/alone own Looms/);
  expect(goto).not.toHaveBeenCalled();
  expect(session.me).toBe(ada);
});
