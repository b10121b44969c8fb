import type { AccountGroup, Role } from '$lib/api/types';
import { m } from '$lib/paraglide/messages.js';

const ROLES: Record<string, () => string> = {
  owner: m.role_owner,
  admin: m.role_admin,
  editor: m.role_editor,
  author: m.role_author,
  viewer: m.role_viewer
};

/** What people call a role, by its id. */
export function roleName(id: string, roles: readonly Role[]): string {
  return ROLES[id]?.() ?? roles.find((role) => role.id === id)?.name ?? m.role_unknown();
}

/** The roles that somebody with these permissions can give, and the one that is there already. */
export function givable(roles: readonly Role[], own: readonly string[], present?: string): Role[] {
  return roles.filter((role) => role.id === present || role.permissions.every((permission) => own.includes(permission)));
}

/** The accounts of a member or an invitation: all, or the names of groups. */
export function accountsOf(ids: readonly string[] | null | undefined, groups: readonly AccountGroup[]): string {
  if (!ids) return m.all_accounts();
  return ids.map((id) => groups.find((group) => group.id === id)?.name ?? m.group_hidden()).join(', ');
}

/** Permissions in the order in which people think of them, with their words. Owners' own are not offered. */
export const PERMISSIONS: readonly { name: string; label: () => string }[] = [
  { name: 'read_tenant', label: m.permission_read_tenant },
  { name: 'read_posts', label: m.permission_read_posts },
  { name: 'write_drafts', label: m.permission_write_drafts },
  { name: 'schedule_posts', label: m.permission_schedule_posts },
  { name: 'read_media', label: m.permission_read_media },
  { name: 'write_media', label: m.permission_write_media },
  { name: 'read_accounts', label: m.permission_read_accounts },
  { name: 'manage_accounts', label: m.permission_manage_accounts },
  { name: 'read_members', label: m.permission_read_members },
  { name: 'manage_members', label: m.permission_manage_members },
  { name: 'manage_roles', label: m.permission_manage_roles },
  { name: 'manage_api_keys', label: m.permission_manage_api_keys },
  { name: 'read_audit', label: m.permission_read_audit },
  { name: 'manage_tenant', label: m.permission_manage_tenant },
  { name: 'export_tenant', label: m.permission_export_tenant }
];

/** What no role of a workspace can be given. */
const RESERVED: readonly { name: string; label: () => string }[] = [
  { name: 'allow_support', label: m.permission_allow_support },
  { name: 'support_tenants', label: m.permission_support_tenants }
];

/** Words for a permission; its name where it is newer than this page. */
export function permissionLabel(name: string): string {
  return [...PERMISSIONS, ...RESERVED].find((permission) => permission.name === name)?.label() ?? name;
}
