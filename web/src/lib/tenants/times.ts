import { m } from '$lib/paraglide/messages.js';

/** What is offered; a program may have chosen anything between. */
export const HOURS = [1, 2, 4, 8, 12, 24, 7 * 24, 30 * 24];
export const MINUTES = [15, 20, 30, 45, 60];

/** What is offered beside what is chosen now. */
export function choices(offered: readonly number[], chosen: number | null | undefined): number[] {
  const all = chosen == null || offered.includes(chosen) ? offered : [...offered, chosen];
  return [...all].sort((one, other) => one - other);
}

/** Whole days as days. */
export function hoursText(hours: number): string {
  if (hours > 24 && hours % 24 === 0) return m.times_days({ count: hours / 24 });
  return hours === 1 ? m.times_hour() : m.times_hours({ count: hours });
}

export function minutesText(minutes: number): string {
  return m.times_minutes({ count: minutes });
}
