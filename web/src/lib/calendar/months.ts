// Calendar days without a time or a zone, as `YYYY-MM-DD`.

const LOCALE = 'en-GB';

export type View = 'month' | 'week' | 'list';

export function today(zone: string, now: Date = new Date()): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(now);
}

/** The day that "next" (1) or "previous" (-1) leads to. */
export function step(day: string, view: View, by: 1 | -1): string {
  const date = new Date(`${day}T00:00:00Z`);
  if (view === 'week') date.setUTCDate(date.getUTCDate() + 7 * by);
  else date.setUTCMonth(date.getUTCMonth() + by, 1);
  return iso(date);
}

/** First day shown and first day not shown any more. Weeks begin on Monday; a month fills its weeks. */
export function span(day: string, view: View): { from: string; to: string } {
  const date = new Date(`${day}T00:00:00Z`);
  if (view === 'week') {
    const from = monday(date);
    return { from: iso(from), to: iso(addDays(from, 7)) };
  }
  const first = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1));
  const next = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1));
  if (view === 'list') return { from: iso(first), to: iso(next) };
  return { from: iso(monday(first)), to: iso(addDays(monday(addDays(next, 6)), 0)) };
}

/** "November 2026" or "23 – 29 Nov 2026". */
export function title(day: string, view: View): string {
  const date = new Date(`${day}T00:00:00Z`);
  if (view !== 'week') {
    return new Intl.DateTimeFormat(LOCALE, { timeZone: 'UTC', month: 'long', year: 'numeric' }).format(date);
  }
  const from = monday(date);
  return new Intl.DateTimeFormat(LOCALE, { timeZone: 'UTC', day: 'numeric', month: 'short', year: 'numeric' }).formatRange(from, addDays(from, 6));
}

function monday(date: Date): Date {
  return addDays(date, -((date.getUTCDay() + 6) % 7));
}

function addDays(date: Date, days: number): Date {
  return new Date(date.getTime() + days * 86_400_000);
}

function iso(date: Date): string {
  return date.toISOString().slice(0, 10);
}
