import { describe, expect, it } from 'vitest';
import { span, step, title, today } from './months';

describe('span', () => {
  it.each([
    ['2026-11-27', 'month', '2026-10-26', '2026-12-07'],
    ['2026-06-10', 'month', '2026-06-01', '2026-07-06'],
    ['2026-02-10', 'month', '2026-01-26', '2026-03-02'],
    ['2026-11-27', 'week', '2026-11-23', '2026-11-30'],
    ['2026-11-29', 'week', '2026-11-23', '2026-11-30'],
    ['2026-12-31', 'list', '2026-12-01', '2027-01-01']
  ] as const)('%s as %s is from %s to %s', (day, view, from, to) => {
    expect(span(day, view)).toEqual({ from, to });
  });
});

describe('span of weeks that begin on another day', () => {
  it.each([
    ['2026-11-27', 'month', 0, '2026-11-01', '2026-12-06'],
    ['2026-11-29', 'week', 0, '2026-11-29', '2026-12-06'],
    ['2026-11-27', 'week', 6, '2026-11-21', '2026-11-28'],
    ['2026-08-10', 'month', 6, '2026-08-01', '2026-09-05']
  ] as const)('%s as %s from weekday %s is from %s to %s', (day, view, weekStart, from, to) => {
    expect(span(day, view, weekStart)).toEqual({ from, to });
  });
});

describe('step', () => {
  it('does not skip a short month', () => {
    expect(step('2026-01-31', 'month', 1)).toBe('2026-02-01');
  });
  it('goes by weeks', () => {
    expect(step('2026-01-01', 'week', -1)).toBe('2025-12-25');
  });
});

describe('title', () => {
  it('names the month or the days of the week', () => {
    expect(title('2026-11-27', 'month')).toBe('November 2026');
    expect(title('2026-11-27', 'week')).toMatch(/^23\s?–\s?29 Nov 2026$/u);
  });
});

describe('today', () => {
  it('is the day of the zone', () => {
    expect(today('Asia/Tokyo', new Date('2026-03-03T20:00:00Z'))).toBe('2026-03-04');
  });
});
