import { api, unwrap } from '$lib/api/client';
import { createQuery } from '$lib/query/query.svelte';

export const accountsKey = ['accounts'] as const;

export function accountsQuery() {
  return createQuery(() => ({
    queryKey: accountsKey,
    queryFn: () => unwrap(api.GET('/v1/accounts')),
    refetchInterval: 30_000
  }));
}

export function networksQuery() {
  return createQuery(() => ({
    queryKey: ['networks'],
    queryFn: () => unwrap(api.GET('/v1/networks')),
    staleTime: Number.POSITIVE_INFINITY
  }));
}
