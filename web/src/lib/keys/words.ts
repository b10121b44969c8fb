import type { ApiKey } from '$lib/api/types';
import { m } from '$lib/paraglide/messages.js';
import { PERMISSIONS } from '$lib/team/words';

/** What changes the workspace, or who may do what in it, is for people: the server takes it from no key. */
const FOR_PEOPLE = ['manage_tenant', 'manage_members', 'manage_roles', 'manage_api_keys', 'export_tenant'];

/** What a key can be allowed, in the order in which people think of it. */
export const SCOPES = PERMISSIONS.filter(({ name }) => !FOR_PEOPLE.includes(name));

/** What most programs are made for. */
export const USUAL = ['read_posts', 'write_drafts', 'schedule_posts', 'read_media', 'write_media', 'read_accounts'];

/** How long a key lives, in days. */
export const LIVES = [30, 90, 180, 365] as const;

/** How long a replaced key works on, in hours. */
export const OVERLAPS: readonly { hours: number; label: () => string }[] = [
  { hours: 0, label: m.key_overlap_none },
  { hours: 1, label: m.key_overlap_hour },
  { hours: 24, label: m.key_overlap_day },
  { hours: 168, label: m.key_overlap_week }
];

/** Addresses as people write them: one on a line, or between commas. */
export function addressesIn(text: string): string[] {
  return text.split(/[\s,]+/).filter((part) => part !== '');
}

/** Whether a key works, and whether another takes its place. */
export function stateOf(key: Pick<ApiKey, 'state' | 'replaced_by'>): string {
  if (key.state === 'revoked') return m.key_revoked();
  if (key.state === 'expired') return key.replaced_by ? m.key_replaced() : m.key_expired();
  return key.replaced_by ? m.key_being_replaced() : m.key_active();
}
