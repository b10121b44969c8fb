import { dates, numbers } from '$lib/text/locale';
import { browserZone, instantToWall, zoneCity } from './zones';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TENTHS = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
const words = new Intl.RelativeTimeFormat('en-GB', { numeric: 'auto' });

/** "Tue 3 March 09:00", with the year when it is not this year, with seconds when they matter. */
export function dayAndTime(instant: Date, zone: string, now: Date = new Date()): string {
  return `${day(instant, zone, now)} ${clock(instant, zone)}`;
}

/** "Tue 3 March 09:00 Berlin, in 2 days": what will happen, in words. */
export function whenInWords(instant: Date, zone: string, now: Date = new Date()): string {
  return `${dayAndTime(instant, zone, now)} ${zoneCity(zone)}, ${distance(instant, now, zone)}`;
}

/** "Tue 3 March", with the year when it is not this year. */
export function day(instant: Date, zone: string, now: Date = new Date()): string {
  const year = { year: 'numeric' } as const;
  const isThisYear = part(instant, zone, year) === part(now, zone, year);
  return part(instant, zone, { weekday: 'short', day: 'numeric', month: 'long', ...(isThisYear ? {} : year) });
}

/** "09:00", or "09:00:07" when there are seconds. */
export function clock(instant: Date, zone: string): string {
  const isFull = Math.floor(instant.getTime() / SECOND) % 60 === 0;
  return part(instant, zone, { hour: '2-digit', minute: '2-digit', ...(isFull ? {} : { second: '2-digit' }) });
}

/** "in 2 days", "tomorrow", "5 minutes ago", "now". Days are calendar days of the zone: this browser's where none is named. */
export function distance(instant: Date, now: Date = new Date(), zone = browserZone()): string {
  const left = instant.getTime() - now.getTime();
  const size = Math.abs(left);
  if (size < 5 * SECOND) return 'now';
  if (size < MINUTE) return words.format(Math.round(left / SECOND), 'second');
  if (size < HOUR) return words.format(Math.round(left / MINUTE), 'minute');
  if (size < 12 * HOUR) return words.format(Math.round(left / HOUR), 'hour');
  const days = Math.round((startOfDay(instant, zone) - startOfDay(now, zone)) / DAY);
  if (days === 0) return words.format(Math.round(left / HOUR), 'hour');
  if (Math.abs(days) < 60) return words.format(days, 'day');
  return words.format(Math.round(days / 30.44), 'month');
}

/** Lateness as people say it: "on time", "2.4 s late", "3 min late". */
export function lateness(milliseconds: number): string {
  if (milliseconds < 1000) return 'on time';
  if (milliseconds < MINUTE) return `${numbers(TENTHS).format(milliseconds / SECOND)} s late`;
  if (milliseconds < HOUR) return `${Math.round(milliseconds / MINUTE)} min late`;
  return `${Math.round(milliseconds / HOUR)} h late`;
}

function part(instant: Date, zone: string, options: Intl.DateTimeFormatOptions): string {
  return dates({ ...options, timeZone: zone }).format(instant);
}

function startOfDay(instant: Date, zone: string): number {
  return Date.parse(`${instantToWall(instant, zone).slice(0, 10)}T00:00:00Z`);
}
