import { afterEach, describe, expect, it, vi } from 'vitest';
import { title } from '$lib/calendar/months';
import { size } from '$lib/exports/words';
import { session } from '$lib/session/session.svelte';
import { clock, day, dayAndTime, distance, lateness } from '$lib/time/words';
import { localeOf, numbers } from './locale';

const DUE = new Date('2027-03-03T13:30:00Z');
const NOW = new Date('2027-03-01T10:00:00Z');

function chooses(locale: string) {
  session.me = { user: { locale } } as never;
}

describe('dates and numbers', () => {
  afterEach(() => {
    session.me = null;
    vi.unstubAllGlobals();
  });

  it.each([
    ['en-GB', 'Wed 3 March', '13:30', '1,234.5'],
    ['en-US', 'Wed, March 3', '01:30 PM', '1,234.5'],
    ['de-DE', 'Mi., 3. März', '13:30', '1.234,5'],
    ['fr-FR', 'mer. 3 mars', '13:30', '1 234,5']
  ])('are written as %s has them', (locale, date, time, number) => {
    chooses(locale);

    expect(day(DUE, 'UTC', NOW)).toBe(date);
    expect(clock(DUE, 'UTC').replace(/\s/gu, ' ')).toBe(time);
    expect(dayAndTime(DUE, 'UTC', NOW).replace(/\s/gu, ' ')).toBe(`${date} ${time}`);
    expect(numbers().format(1234.5).replace(/\s/gu, ' ')).toBe(number);
  });

  it('are written in the new way as soon as another is chosen', () => {
    chooses('en-GB');
    expect(title('2026-11-27', 'month')).toBe('November 2026');
    chooses('es-ES');
    expect(title('2026-11-27', 'month')).toBe('noviembre de 2026');
    expect(size(16_777_216).replace(/\s/gu, ' ')).toBe('16,8 MB');
  });

  it('stand among English words', () => {
    chooses('de-DE');

    expect(distance(DUE, NOW, 'UTC')).toBe('in 2 days');
    expect(lateness(2400)).toBe('2,4 s late');
  });

  it.each([
    ['en-US', 'en-US'],
    ['en', 'en'],
    ['de-DE', 'en-GB'],
    ['', 'en-GB']
  ])('are left to a browser of "%s" as %s', (language, locale) => {
    vi.stubGlobal('navigator', { language });
    expect(localeOf('en')).toBe(locale);
    expect(localeOf('de-AT')).toBe('de-AT');
  });
});
