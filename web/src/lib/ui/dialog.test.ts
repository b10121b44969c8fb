// @vitest-environment happy-dom
import { render } from '@testing-library/svelte';
import { createRawSnippet, tick } from 'svelte';
import { describe, expect, it } from 'vitest';
import Dialog from './Dialog.svelte';

const children = createRawSnippet(() => ({ render: () => '<p>Anything</p>' }));

describe('Dialog', () => {
  it('stays open when the news comes late that it had closed before', async () => {
    const { container, rerender, queryByText } = render(Dialog, { open: true, title: 'A title', children });
    const element = container.querySelector('dialog');
    await rerender({ open: false });
    await rerender({ open: true });

    // The browser tells of a closing in a task of its own, which may come late.
    element?.dispatchEvent(new Event('close'));
    await tick();

    expect(queryByText('Anything')).not.toBeNull();
    element?.close();
    await tick();
    expect(queryByText('Anything')).toBeNull();
  });

  it('is closed at Escape before the browser tells that it has closed, and by no field within', async () => {
    const { container, queryByText } = render(Dialog, { open: true, title: 'A title', children });
    const element = container.querySelector('dialog');

    container.querySelector('p')?.dispatchEvent(new Event('cancel', { bubbles: true }));
    await tick();
    expect(queryByText('Anything')).not.toBeNull();

    element?.dispatchEvent(new Event('cancel'));
    await tick();
    expect(queryByText('Anything')).toBeNull();
  });
});
