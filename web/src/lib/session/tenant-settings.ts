import { api, unwrap } from '$lib/api/client';
import { MONDAY, type Weekday } from '$lib/calendar/months';
import { createQuery } from '$lib/query/query.svelte';
import { browserZone } from '$lib/time/zones';
import { session } from './session.svelte';

const WEEKDAYS: Record<string, Weekday> = { sunday: 0, monday: MONDAY, saturday: 6 };

/** The tenant of the session. Settings change rarely: they are read once, and again after an edit. */
export function tenantQuery() {
  return createQuery(() => {
    const id = session.me?.tenant_id ?? '';
    return {
      queryKey: ['tenant', id],
      enabled: id !== '',
      staleTime: Number.POSITIVE_INFINITY,
      queryFn: () => unwrap(api.GET('/v1/tenants/{id}', { params: { path: { id } } }))
    };
  });
}

/** How the tenant shows time; until it is known, as the browser does and with weeks from Monday. */
export function tenantCalendar(): { readonly zone: string; readonly weekStart: Weekday } {
  const query = tenantQuery();
  return {
    get zone() {
      return query.data?.time_zone ?? browserZone();
    },
    get weekStart() {
      return WEEKDAYS[query.data?.week_start ?? ''] ?? MONDAY;
    }
  };
}
