import type { Export } from '$lib/api/types';
import { m } from '$lib/paraglide/messages.js';
import { numbers } from '$lib/text/locale';

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

/** "16.8 MB". */
export function size(bytes: number): string {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const unit = UNITS[step] ?? 'byte';
  return numbers({ style: 'unit', unit, maximumFractionDigits: 1 }).format(bytes / 1000 ** step);
}

export function stateOf({ state }: Pick<Export, 'state'>): string {
  if (state === 'ready') return m.export_ready();
  return state === 'failed' ? m.export_failed() : m.export_running();
}

/** What is in it so far. */
export function contentOf({ counts }: Pick<Export, 'counts'>): string {
  const count = numbers();
  return m.export_content({
    posts: count.format(counts.posts),
    media: count.format(counts.media),
    accounts: count.format(counts.accounts),
    members: count.format(counts.members)
  });
}
