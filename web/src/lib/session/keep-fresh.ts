import { api, unwrap } from '$lib/api/client';
import { session } from './session.svelte';

const EVERY = 60_000;

/** Reads again who is signed in while somebody looks: whether support has come into the workspace, for one. Until the returned function is called. */
export function keepFresh(): () => void {
  const timer = setInterval(() => void refreshSession(), EVERY);
  return () => clearInterval(timer);
}

/** Reads it now. What cannot be read stays as it was. */
export async function refreshSession(): Promise<void> {
  const before = session.me;
  if (!before || document.visibilityState === 'hidden') return;
  const me = await unwrap(api.GET('/v1/me')).catch(() => before);
  // Somebody signed out, or went to another workspace, meanwhile; and an equal answer draws nothing anew.
  if (session.me === before && JSON.stringify(me) !== JSON.stringify(before)) session.me = me;
}
