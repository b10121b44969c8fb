import { inMotion } from './states';

const FAST = 2_000;
const CALM = 30_000;
/** Around a due time: this long before it, and this long after it while nothing has happened. */
const BEFORE = 45_000;
const AFTER = 120_000;

interface Watched {
  targets: readonly { state: string; due_at?: string | null }[];
}

/**
 * How long to wait before looking again: 2 s while something is under way or about to be, else
 * 30 s, or earlier when a due time comes closer than that.
 */
export function pollEvery(watched: readonly Watched[] | undefined, now: number = Date.now()): number {
  let next = CALM;
  for (const { state, due_at } of (watched ?? []).flatMap((each) => each.targets)) {
    if (inMotion(state)) return FAST;
    if (state !== 'scheduled' || !due_at) continue;
    const left = Date.parse(due_at) - now;
    if (left <= BEFORE && left >= -AFTER) return FAST;
    if (left > BEFORE) next = Math.min(next, left - BEFORE + FAST);
  }
  return next;
}
