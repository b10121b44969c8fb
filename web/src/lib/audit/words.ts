import { m } from '$lib/paraglide/messages.js';
import { sentence } from '$lib/text/sentence';

const WORDS: Record<string, () => string> = {
  'access.denied': m.audit_access_denied,
  'account.checked': m.audit_account_checked,
  'account.connected': m.audit_account_connected,
  'account.disconnected': m.audit_account_disconnected,
  'account.reconnect_needed': m.audit_account_reconnect_needed,
  'account.reconnected': m.audit_account_reconnected,
  'account.imported': m.audit_account_imported,
  'account.sign_out_given_up': m.audit_account_sign_out_given_up,
  'account.signed_out': m.audit_account_signed_out,
  'account_group.changed': m.audit_account_group_changed,
  'account_group.created': m.audit_account_group_created,
  'account_group.deleted': m.audit_account_group_deleted,
  'api_key.created': m.audit_api_key_created,
  'api_key.replaced': m.audit_api_key_replaced,
  'api_key.revoked': m.audit_api_key_revoked,
  'audit.exported': m.audit_audit_exported,
  'export.downloaded': m.audit_export_downloaded,
  'export.requested': m.audit_export_requested,
  'import.cancelled': m.audit_import_cancelled,
  'import.checked': m.audit_import_checked,
  'import.requested': m.audit_import_requested,
  'import.started': m.audit_import_started,
  'invitation.created': m.audit_invitation_created,
  'invitation.resent': m.audit_invitation_resent,
  'invitation.withdrawn': m.audit_invitation_withdrawn,
  'media.completed': m.audit_media_completed,
  'media.created': m.audit_media_created,
  'media.deleted': m.audit_media_deleted,
  'media.edited': m.audit_media_edited,
  'member.changed': m.audit_member_changed,
  'member.factor_reset_approved': m.audit_member_factor_reset_approved,
  'member.factor_reset_withdrawn': m.audit_member_factor_reset_withdrawn,
  'member.joined': m.audit_member_joined,
  'member.removed': m.audit_member_removed,
  'post.cancelled': m.audit_post_cancelled,
  'post.created': m.audit_post_created,
  'post.deleted': m.audit_post_deleted,
  'post.edited': m.audit_post_edited,
  'post.held': m.audit_post_held,
  'post.rescheduled': m.audit_post_rescheduled,
  'post.resumed': m.audit_post_resumed,
  'post.retried': m.audit_post_retried,
  'post.scheduled': m.audit_post_scheduled,
  'post.unscheduled': m.audit_post_unscheduled,
  'role.changed': m.audit_role_changed,
  'role.created': m.audit_role_created,
  'role.deleted': m.audit_role_deleted,
  'support.allowed': m.audit_support_allowed,
  'support.begun': m.audit_support_begun,
  'support.ended': m.audit_support_ended,
  'support.withdrawn': m.audit_support_withdrawn,
  'target.cancelled': m.audit_target_cancelled,
  'target.held': m.audit_target_held,
  'target.resolved': m.audit_target_resolved,
  'target.resumed': m.audit_target_resumed,
  'target.retried': m.audit_target_retried,
  'target.scheduled': m.audit_target_scheduled,
  'target.unscheduled': m.audit_target_unscheduled,
  'tenant.changed': m.audit_tenant_changed,
  'tenant.created': m.audit_tenant_created,
  'tenant.defaults_changed': m.audit_tenant_defaults_changed,
  'tenant.deleted': m.audit_tenant_deleted,
  'tenant.encryption_key_changed': m.audit_tenant_encryption_key_changed,
  'tenant.restored': m.audit_tenant_restored,
  'tenant.security_changed': m.audit_tenant_security_changed,
  'tenant_key.rotated': m.audit_tenant_key_rotated
};

/** What a filter offers: an object, whose kinds of events begin with its name. */
export const OBJECTS: readonly { kind: string; word: () => string }[] = [
  { kind: 'post', word: m.audit_of_posts },
  { kind: 'target', word: m.audit_of_targets },
  { kind: 'account', word: m.audit_of_accounts },
  { kind: 'account_group', word: m.audit_of_account_groups },
  { kind: 'media', word: m.audit_of_media },
  { kind: 'member', word: m.audit_of_members },
  { kind: 'invitation', word: m.audit_of_invitations },
  { kind: 'role', word: m.audit_of_roles },
  { kind: 'api_key', word: m.audit_of_api_keys },
  { kind: 'tenant', word: m.audit_of_workspace },
  { kind: 'tenant_key', word: m.audit_of_tenant_keys },
  { kind: 'support', word: m.audit_of_support },
  { kind: 'access', word: m.audit_of_refusals },
  { kind: 'audit', word: m.audit_of_exports },
  { kind: 'export', word: m.audit_of_transfers_out },
  { kind: 'import', word: m.audit_of_transfers_in }
];

/** What happened. A kind that is newer than this page is told by its own name. */
export function eventWord(kind: string): string {
  return WORDS[kind]?.() ?? sentence(kind.replace(/[._]/g, ' '));
}

/** Who did it. */
export function actorWord(actor: string, me: { id: string; name: string } | undefined, members: readonly { user_id: string; name?: string | null }[]): string {
  if (actor.startsWith('system:')) return m.audit_by_system();
  if (actor.startsWith('support:')) return m.audit_by_support({ id: actor.slice('support:'.length) });
  if (actor === me?.id) return me.name;
  return members.find((member) => member.user_id === actor)?.name ?? actor;
}
