import { api, unwrap } from '$lib/api/client';
import { createQuery } from '$lib/query/query.svelte';

export const sessionsKey = ['me', 'sessions'] as const;
export const secondFactorKey = ['me', 'second-factor'] as const;

export const passkeysKey = ['me', 'passkeys'] as const;

export function passkeysQuery() {
  return createQuery(() => ({ queryKey: passkeysKey, queryFn: () => unwrap(api.GET('/v1/me/passkeys')) }));
}

export function sessionsQuery() {
  return createQuery(() => ({ queryKey: sessionsKey, queryFn: () => unwrap(api.GET('/v1/me/sessions')) }));
}

export function secondFactorQuery() {
  return createQuery(() => ({ queryKey: secondFactorKey, queryFn: () => unwrap(api.GET('/v1/me/second-factor')) }));
}
