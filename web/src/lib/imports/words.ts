import type { Import } from '$lib/api/types';
import { m } from '$lib/paraglide/messages.js';

const STATES: Record<string, () => string> = {
  uploading: m.import_uploading_state,
  checking: m.import_checking,
  checked: m.import_checked,
  importing: m.import_importing,
  done: m.import_done,
  failed: m.import_failed
};

export function stateOf({ state }: Pick<Import, 'state'>): string {
  return STATES[state]?.() ?? state;
}

/** Codes that a person can do something about, in words; the others as they are. */
const CODES: Record<string, () => string> = {
  volume_missing: m.import_volume_missing,
  volume_changed: m.import_volume_changed,
  volume_compressed: m.import_volume_changed,
  volume_order: m.import_volume_order,
  export_incomplete: m.import_volume_order,
  plan_limit: m.import_plan_limit,
  name_taken: m.import_name_taken,
  second_factor_missing: m.import_second_factor_missing,
  wrong_network: m.import_wrong_network,
  failed_repeatedly: m.import_failed_repeatedly,
  cancelled: m.import_cancelled
};

/** What keeps an import from going on; of one that is checked, what would. */
export function faultOf({ state, fault }: Pick<Import, 'state' | 'fault'>): string | undefined {
  if (!fault) return undefined;
  return state === 'checked' && fault === 'plan_limit' ? m.import_exceeds_plan() : codeInWords(fault);
}

/** What another check may get over: the files are in order, and what was made is found again. */
const PASSING = ['cancelled', 'plan_limit', 'failed_repeatedly', 'importer_lacks_rights'];

export function mayBeCheckedAgain({ state, fault }: Pick<Import, 'state' | 'fault'>): boolean {
  return state === 'failed' && PASSING.includes(fault ?? '');
}

export function codeInWords(code: string): string {
  return CODES[code]?.() ?? m.import_code({ code });
}
