// @vitest-environment happy-dom
import { cleanup, render } from '@testing-library/svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import MediaPicker from './MediaPicker.svelte';

const picture = (id: string, alt: string) => ({ id, name: '', alt, state: 'ready' as const, progress: 1, preview: null });

describe('the pictures of a post that is edited', () => {
  afterEach(() => {
    cleanup();
    vi.unstubAllGlobals();
  });

  it('leave the draft once they are gone, not where the server cannot tell just now', async () => {
    const answers = (path: string) => Promise.resolve(Response.json({ code: 'any', detail: 'no' }, { status: path.endsWith('gone') ? 404 : 503 }));
    vi.stubGlobal('fetch', vi.fn(answers));
    const { getAllByLabelText } = render(MediaPicker, { media: [picture('med_there', 'A loom'), picture('med_gone', 'A flower')] });

    await vi.waitFor(() => expect(getAllByLabelText('Alt text')).toHaveLength(1));
    expect((getAllByLabelText('Alt text')[0] as HTMLTextAreaElement).value).toBe('A loom');
  });
});
