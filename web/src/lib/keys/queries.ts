import { api, unwrap } from '$lib/api/client';
import { createQuery } from '$lib/query/query.svelte';

export const keysKey = ['api-keys'] as const;

export function keysQuery() {
  return createQuery(() => ({ queryKey: keysKey, queryFn: () => unwrap(api.GET('/v1/api-keys')) }));
}
