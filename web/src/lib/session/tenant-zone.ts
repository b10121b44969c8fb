import { api, unwrap } from '$lib/api/client';
import { createQuery } from '$lib/query/query.svelte';
import { browserZone } from '$lib/time/zones';
import { session } from './session.svelte';

/** The time zone of the tenant; the browser's until it is known. */
export function tenantZone(): { readonly zone: string } {
  const query = createQuery(() => {
    const id = session.me?.tenant_id ?? '';
    return {
      queryKey: ['tenant', id],
      enabled: id !== '',
      staleTime: Number.POSITIVE_INFINITY,
      queryFn: () => unwrap(api.GET('/v1/tenants/{id}', { params: { path: { id } } }))
    };
  });
  return {
    get zone() {
      return query.data?.time_zone ?? browserZone();
    }
  };
}
