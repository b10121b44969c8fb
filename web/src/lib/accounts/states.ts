import { m } from '$lib/paraglide/messages.js';
import type { Tone } from '$lib/posts/states';
import type { IconName } from '$lib/ui/icons';

export interface AccountLook {
  word: () => string;
  icon: IconName;
  tone: Tone;
  /** Posts of this account wait until a person has reconnected it. */
  broken: boolean;
}

/** Every state but "connected" and "disconnected" means that a person has to sign in again. */
export function accountLook(state: string): AccountLook {
  if (state === 'connected') {
    return { word: m.account_connected, icon: 'check', tone: 'success', broken: false };
  }
  if (state === 'disconnected') {
    return { word: m.account_disconnected, icon: 'stop', tone: 'neutral', broken: false };
  }
  return { word: m.account_needs_reconnect, icon: 'alert', tone: 'danger', broken: true };
}
