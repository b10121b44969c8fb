import { api, unwrap } from '$lib/api/client';
import { allOf } from '$lib/api/pages';
import { createQuery } from '$lib/query/query.svelte';
import { session } from '$lib/session/session.svelte';

/** Everything about who is in the tenant; an act of one part can change another. */
export const teamKey = ['team'] as const;

export function ownQuery() {
  return createQuery(() => ({
    queryKey: [...teamKey, 'own'],
    // Whoever looks in for support is no member.
    enabled: session.writes,
    queryFn: () => unwrap(api.GET('/v1/members/me'))
  }));
}

export function membersQuery() {
  return createQuery(() => ({
    queryKey: [...teamKey, 'members'],
    queryFn: () => allOf((cursor) => unwrap(api.GET('/v1/members', { params: { query: { limit: 200, ...(cursor ? { cursor } : {}) } } })))
  }));
}

export function invitationsQuery() {
  return createQuery(() => ({
    queryKey: [...teamKey, 'invitations'],
    queryFn: () => allOf((cursor) => unwrap(api.GET('/v1/invitations', { params: { query: { limit: 200, ...(cursor ? { cursor } : {}) } } })))
  }));
}

export function rolesQuery() {
  return createQuery(() => ({
    queryKey: [...teamKey, 'roles'],
    queryFn: () => unwrap(api.GET('/v1/roles'))
  }));
}

export function groupsQuery() {
  return createQuery(() => ({
    queryKey: [...teamKey, 'groups'],
    queryFn: () => unwrap(api.GET('/v1/account-groups'))
  }));
}

export function usageQuery() {
  return createQuery(() => {
    const id = session.me?.tenant_id ?? '';
    return {
      queryKey: ['usage', id],
      queryFn: () => unwrap(api.GET('/v1/tenants/{id}/usage', { params: { path: { id } } }))
    };
  });
}
