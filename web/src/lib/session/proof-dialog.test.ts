// @vitest-environment happy-dom
import { cleanup, fireEvent, render } from '@testing-library/svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import ProofDialog from './ProofDialog.svelte';

/** The API does not say which factors there are; the proof is refused with this error. */
function refusing(error: object) {
  return vi.fn((path: string) =>
    Promise.resolve(
      path.endsWith('/second-factor')
        ? Response.json({ code: 'unavailable', detail: 'later' }, { status: 503 })
        : Response.json({ code: 'invalid_request', detail: 'no', errors: [error] }, { status: 422 })
    )
  );
}

async function proved(error: object) {
  vi.stubGlobal('fetch', refusing(error));
  const shown = render(ProofDialog, { done: () => {} });
  const field = await shown.findByLabelText('Your password');
  await fireEvent.input(field, { target: { value: 'seven looms weave flowers' } });
  await fireEvent.submit(field.closest('form') as HTMLFormElement);
  return shown;
}

describe('the dialog of a proof that does not know of a second factor', () => {
  afterEach(() => {
    cleanup();
    vi.unstubAllGlobals();
  });

  it('asks for a code once the server wants one', async () => {
    const { findByLabelText, queryByLabelText } = await proved({ pointer: '/code', code: 'second_factor_required', message: 'enter a code' });

    const field = (await findByLabelText('Confirmation code')) as HTMLInputElement;
    expect(field.value).toBe('');
    expect(queryByLabelText('Your password')).toBeNull();
  });

  it('goes on asking for the password where that was wrong', async () => {
    const { findByRole, queryByLabelText } = await proved({ pointer: '/password', code: 'wrong_password', message: 'wrong' });

    await findByRole('alert');
    expect(queryByLabelText('Your password')).not.toBeNull();
  });
});
