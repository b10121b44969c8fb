import { api, unwrap, unwrapVersioned } from '$lib/api/client';
import type { SecurityEdit } from '$lib/api/types';
import { queries, createQuery } from '$lib/query/query.svelte';

/** What the tenant asks of whoever acts in it, with the version that an edit names. Every edit of the tenant makes another one. */
export function securityQuery(id: string) {
  return createQuery(() => ({
    queryKey: ['tenant', id, 'security'],
    queryFn: () => unwrapVersioned(api.GET('/v1/tenants/{id}/security', { params: { path: { id } } }))
  }));
}

/** Changes it, unless somebody else changed the tenant since it was read. */
export async function secure(id: string, etag: string | null, body: SecurityEdit): Promise<void> {
  await unwrap(api.PATCH('/v1/tenants/{id}/security', { params: { path: { id }, header: etag ? { 'If-Match': etag } : {} }, body }));
  await queries.invalidate(['tenant']);
}
