// Calendar days without a time or a zone, as `YYYY-MM-DD`.

import { dates } from '$lib/text/locale';
import { instantToWall } from '$lib/time/zones';

export type View = 'month' | 'week' | 'list';

/** A day of the week as `Date` counts it: Sunday is 0. */
export type Weekday = 0 | 1 | 6;
export const MONDAY: Weekday = 1;

export function today(zone: string, now: Date = new Date()): string {
  return instantToWall(now, zone).slice(0, 10);
}

/** The day that "next" (1) or "previous" (-1) leads to. */
export function step(day: string, view: View, by: 1 | -1): string {
  const date = new Date(`${day}T00:00:00Z`);
  if (view === 'week') date.setUTCDate(date.getUTCDate() + 7 * by);
  else date.setUTCMonth(date.getUTCMonth() + by, 1);
  return iso(date);
}

/** First day shown and first day not shown any more. A month fills its weeks. */
export function span(day: string, view: View, weekStart: Weekday = MONDAY): { from: string; to: string } {
  const date = new Date(`${day}T00:00:00Z`);
  if (view === 'week') {
    const from = weekOf(date, weekStart);
    return { from: iso(from), to: iso(addDays(from, 7)) };
  }
  const first = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1));
  const next = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1));
  if (view === 'list') return { from: iso(first), to: iso(next) };
  return { from: iso(weekOf(first, weekStart)), to: iso(weekOf(addDays(next, 6), weekStart)) };
}

/** "November 2026" or "23 – 29 Nov 2026". */
export function title(day: string, view: View, weekStart: Weekday = MONDAY): string {
  const date = new Date(`${day}T00:00:00Z`);
  if (view !== 'week') {
    return dates({ timeZone: 'UTC', month: 'long', year: 'numeric' }).format(date);
  }
  const from = weekOf(date, weekStart);
  return dates({ timeZone: 'UTC', day: 'numeric', month: 'short', year: 'numeric' }).formatRange(from, addDays(from, 6));
}

/** The first day of the week of a day. */
function weekOf(date: Date, weekStart: Weekday): Date {
  return addDays(date, -((date.getUTCDay() - weekStart + 7) % 7));
}

function addDays(date: Date, days: number): Date {
  return new Date(date.getTime() + days * 86_400_000);
}

function iso(date: Date): string {
  return date.toISOString().slice(0, 10);
}
