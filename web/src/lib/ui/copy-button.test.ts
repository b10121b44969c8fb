// @vitest-environment happy-dom
import { cleanup, fireEvent, render } from '@testing-library/svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import NewKey from '$lib/keys/NewKey.svelte';
import RecoveryCodes from '$lib/person/RecoveryCodes.svelte';
import { announcer } from './announcer.svelte';

const FAILED = /could not copy/i;
const key = () => render(NewKey, { made: { name: 'Newsroom', secret: 'm1_live_abc' } as never, done: () => {} });

describe('a secret that is shown once', () => {
  afterEach(() => {
    cleanup();
    vi.unstubAllGlobals();
    getSelection()?.removeAllRanges();
  });

  it.each([
    ['refuses to copy', { writeText: () => Promise.reject(new DOMException('no', 'NotAllowedError')) }],
    ['knows no clipboard', undefined]
  ])('is selected, and says so, where the browser %s', async (_, clipboard) => {
    vi.stubGlobal('navigator', { clipboard });
    const { getByRole, findByText } = key();

    await fireEvent.click(getByRole('button', { name: 'Copy the key' }));

    expect(await findByText(FAILED)).not.toBeNull();
    expect(getSelection()?.toString()).toBe('m1_live_abc');
  });

  it('may be many: all recovery codes are selected', async () => {
    vi.stubGlobal('navigator', {});
    const { getByRole, findByText } = render(RecoveryCodes, { codes: ['aaaa', 'bbbb'], done: () => {} });

    await fireEvent.click(getByRole('button', { name: 'Copy' }));

    expect(await findByText(FAILED)).not.toBeNull();
    expect(getSelection()?.toString()).toMatch(/aaaa\s*bbbb/);
  });

  it('is copied, and says so, where the browser can', async () => {
    const writeText = vi.fn(() => Promise.resolve());
    vi.stubGlobal('navigator', { clipboard: { writeText } });
    const { getByRole, queryByText } = key();

    await fireEvent.click(getByRole('button', { name: 'Copy the key' }));

    await vi.waitFor(() => expect(announcer.notice?.text).toBe('Copied.'));
    expect(writeText).toHaveBeenCalledWith('m1_live_abc');
    expect(queryByText(FAILED)).toBeNull();
  });
});
