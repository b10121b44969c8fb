import { api, unwrap } from '$lib/api/client';
import { session } from './session.svelte';

const EVERY = 60_000;

const USES = ['keydown', 'pointerdown', 'wheel'] as const;

/** Reads again who is signed in while somebody uses the page: whether support has come into the workspace, for one. A page that is only open asks nothing, or its sign-in would never end for want of use. Until the returned function is called. */
export function keepFresh(): () => void {
  let used = false;
  const use = () => void (used = true);
  for (const kind of USES) addEventListener(kind, use, { passive: true });
  const timer = setInterval(() => {
    if (used) void refreshSession();
    used = false;
  }, EVERY);
  return () => {
    clearInterval(timer);
    for (const kind of USES) removeEventListener(kind, use);
  };
}

/** Reads it now. What cannot be read stays as it was. */
export async function refreshSession(): Promise<void> {
  const before = session.me;
  if (!before || document.visibilityState === 'hidden') return;
  const me = await unwrap(api.GET('/v1/me')).catch(() => before);
  // Somebody signed out, or went to another workspace, meanwhile; and an equal answer draws nothing anew.
  if (session.me === before && JSON.stringify(me) !== JSON.stringify(before)) session.me = me;
}
