import { m } from '$lib/paraglide/messages.js';

const ENDS: Record<string, () => string> = {
  expired: m.support_end_expired,
  left: m.support_end_left,
  revoked: m.support_end_revoked,
  right_lost: m.support_end_right_lost,
  signed_out: m.support_end_signed_out,
  tenant_closed: m.support_end_tenant_closed
};

/** Why somebody looked in, in their own words, or why that ended. A reason that is newer than this page has no words. */
export function reasonWord(kind: string, detail: unknown): string | undefined {
  const reason = (detail as { reason?: string } | null)?.reason;
  if (kind !== 'support.ended' || reason === undefined) return reason;
  return ENDS[reason]?.();
}
