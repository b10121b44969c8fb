import { api, unwrap } from '$lib/api/client';
import { createQuery } from '$lib/query/query.svelte';

export const exportsKey = ['exports'] as const;

/** While one is made, a page that shows it looks every two seconds. */
const FAST = 2_000;
const CALM = 60_000;

export function exportsQuery() {
  return createQuery(() => ({
    queryKey: exportsKey,
    queryFn: () => unwrap(api.GET('/v1/exports')),
    refetchInterval: (known) => (known?.items.some((each) => each.state === 'running') ? FAST : CALM)
  }));
}
