import { afterEach, describe, expect, it, vi } from 'vitest';
import { clock, day, distance, lateness, whenInWords } from './words';

const at = (text: string) => new Date(text);

describe('whenInWords', () => {
  it('names day, wall time, city and distance', () => {
    const now = at('2026-03-01T10:00:00Z');
    expect(whenInWords(at('2026-03-03T08:00:00Z'), 'Europe/Berlin', now)).toBe('Tue 3 March 09:00 Berlin, in 2 days');
  });

  it('names the year when it is another one', () => {
    const now = at('2026-11-27T10:00:00Z');
    expect(whenInWords(at('2027-01-05T23:30:00Z'), 'Asia/Bangkok', now)).toBe('Wed, 6 January 2027 06:30 Bangkok, in 40 days');
  });
});

describe('clock', () => {
  it('shows seconds only when there are some', () => {
    expect(clock(at('2026-03-03T08:00:00Z'), 'UTC')).toBe('08:00');
    expect(clock(at('2026-03-03T08:00:07Z'), 'UTC')).toBe('08:00:07');
  });

  it('shows midnight as 00, not 24', () => {
    expect(clock(at('2026-03-03T00:05:00Z'), 'UTC')).toBe('00:05');
  });
});

describe('distance', () => {
  const now = at('2026-03-01T22:00:00Z');

  it.each([
    ['2026-03-01T22:00:03Z', 'now'],
    ['2026-03-01T22:00:40Z', 'in 40 seconds'],
    ['2026-03-01T21:55:00Z', '5 minutes ago'],
    ['2026-03-02T01:00:00Z', 'in 3 hours'],
    ['2026-03-02T20:00:00Z', 'tomorrow'],
    ['2026-02-27T20:00:00Z', '2 days ago']
  ])('%s is "%s"', (instant, words) => {
    expect(distance(at(instant), now, 'UTC')).toBe(words);
  });

  it('counts days of the zone, not spans of 24 hours', () => {
    // 14 hours away, but already the day after in Auckland.
    expect(distance(at('2026-03-02T12:00:00Z'), now, 'Pacific/Auckland')).toBe('tomorrow');
  });

  it('counts days of where people are when no zone is named', () => {
    vi.stubEnv('TZ', 'Pacific/Auckland');
    // Half past eleven in the evening there.
    expect(distance(at('2026-03-01T23:30:00Z'), at('2026-03-01T10:30:00Z'))).toBe('tomorrow');
  });
  afterEach(() => vi.unstubAllEnvs());
});

describe('day', () => {
  it('is the day of the zone', () => {
    const now = at('2026-03-01T00:00:00Z');
    expect(day(at('2026-03-03T23:30:00Z'), 'Asia/Tokyo', now)).toBe('Wed 4 March');
  });
});

describe('lateness', () => {
  it.each([
    [0, 'on time'],
    [999, 'on time'],
    [2400, '2.4 s late'],
    [180_000, '3 min late'],
    [7_200_000, '2 h late']
  ])('%d ms is "%s"', (milliseconds, words) => {
    expect(lateness(milliseconds)).toBe(words);
  });
});
