import { api, unwrap } from '$lib/api/client';
import { createQuery } from '$lib/query/query.svelte';
import { session } from '$lib/session/session.svelte';

export const supportKey = ['support'] as const;

/** Whether support may look into the workspace. */
export function consentQuery() {
  return createQuery(() => {
    const id = session.me?.tenant_id ?? '';
    return {
      queryKey: [...supportKey, id],
      queryFn: () => unwrap(api.GET('/v1/tenants/{id}/support-consent', { params: { path: { id } } }))
    };
  });
}

/** Who looked, when and why: the newest entries of the audit log about it. */
export function visitsQuery(enabled: () => boolean) {
  return createQuery(() => ({
    queryKey: ['audit', 'support'],
    enabled: enabled(),
    refetchInterval: 15_000,
    queryFn: () => unwrap(api.GET('/v1/audit', { params: { query: { kind: 'support', limit: 50 } } }))
  }));
}
