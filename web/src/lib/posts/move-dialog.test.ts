// @vitest-environment happy-dom
import { render } from '@testing-library/svelte';
import { tick } from 'svelte';
import { describe, expect, it } from 'vitest';
import MoveDialog from './MoveDialog.svelte';

const card = (due_at: string) => ({ id: 'post_1', when: { due_at, zone: 'Europe/Berlin' } }) as never;

describe('MoveDialog', () => {
  it('keeps what is typed while the post is read again', async () => {
    const { getByLabelText, rerender } = render(MoveDialog, { open: true, card: card('2099-12-01T08:00:00Z') });
    const field = getByLabelText('Date and time') as HTMLInputElement;
    expect(field.value).toContain('2099-12-01T09:00');
    field.value = '2099-12-24T18:00';
    field.dispatchEvent(new Event('input', { bubbles: true }));
    await tick();

    await rerender({ card: card('2099-12-01T08:00:00Z') });

    expect(field.value).toContain('2099-12-24T18:00');
  });
});
