import { browserZone, zoneCity } from './zones';

const LOCALE = 'en-GB';
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const words = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto' });

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
  const year = (date: Date) => part(date, zone, { year: 'numeric' });
  return [
    part(instant, zone, { weekday: 'short' }),
    part(instant, zone, { day: 'numeric' }),
    part(instant, zone, { month: 'long' }),
    ...(year(instant) === year(now) ? [] : [year(instant)])
  ].join(' ');
}

/** "09:00", or "09:00:07" when there are seconds. */
export function clock(instant: Date, zone: string): string {
  return part(instant, zone, {
    hour: '2-digit',
    minute: '2-digit',
    ...(Math.floor(instant.getTime() / SECOND) % 60 === 0 ? {} : { second: '2-digit' }),
    hourCycle: 'h23'
  });
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
  if (milliseconds < MINUTE) return `${(milliseconds / SECOND).toFixed(1)} s late`;
  if (milliseconds < HOUR) return `${Math.round(milliseconds / MINUTE)} min late`;
  return `${Math.round(milliseconds / HOUR)} h late`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a formatter is a hundred times as dear as using it, and every card says its time anew each second. */
function format(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([locale, options]);
  const known = formats.get(key) ?? new Intl.DateTimeFormat(locale, options);
  formats.set(key, known);
  return known;
}

function part(instant: Date, zone: string, options: Intl.DateTimeFormatOptions): string {
  return format(LOCALE, { ...options, timeZone: zone }).format(instant);
}

function startOfDay(instant: Date, zone: string): number {
  const [year, month, date] = format('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' })
    .format(instant)
    .split('-')
    .map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, date ?? 1);
}
