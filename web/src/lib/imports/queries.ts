import { api, unwrap } from '$lib/api/client';
import { createQuery } from '$lib/query/query.svelte';

export const importsKey = ['imports'] as const;

/** While one is checked or made, a page that shows it looks every two seconds. */
const FAST = 2_000;
const CALM = 60_000;

export function importsQuery() {
  return createQuery(() => ({
    queryKey: importsKey,
    queryFn: () => unwrap(api.GET('/v1/imports')),
    refetchInterval: (known) => (known?.items.some((each) => each.state === 'checking' || each.state === 'importing') ? FAST : CALM)
  }));
}
