import { m } from '$lib/paraglide/messages.js';

const WORDS: Record<string, () => string> = {
  key_not_enabled: m.key_not_enabled,
  key_wrong_region: m.key_wrong_region,
  key_not_found: m.key_not_found,
  key_access_denied: m.key_access_denied,
  key_disabled: m.key_disabled,
  key_wrong_usage: m.key_wrong_usage
};

/** Why the workspace's own key cannot be used, and what to do; of a reason that a newer server has, that there is one. */
export function keyProblem(code: string): string {
  return (WORDS[code] ?? m.key_unusable)();
}
