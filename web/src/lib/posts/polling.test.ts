import { describe, expect, it } from 'vitest';
import { pollEvery } from './polling';

const now = Date.parse('2026-03-01T10:00:00Z');
const post = (state: string, due_at: string | null = null) => [{ targets: [{ state, due_at }] }];

describe('pollEvery', () => {
  it.each([
    ['nothing is known yet', undefined, 30_000],
    ['all is final', post('published', '2026-03-01T09:59:59Z'), 30_000],
    ['something is being published', post('publishing', '2026-03-01T09:59:59Z'), 2_000],
    ['a due time is near', post('scheduled', '2026-03-01T10:00:30Z'), 2_000],
    ['a due time has just passed', post('scheduled', '2026-03-01T09:59:00Z'), 2_000],
    ['a due time is hours away', post('scheduled', '2026-03-01T13:00:00Z'), 30_000],
    ['a due time comes near before the next calm look', post('scheduled', '2026-03-01T10:00:55Z'), 12_000],
    ['a draft has no time', post('draft'), 30_000]
  ])('when %s', (_, watched, every) => {
    expect(pollEvery(watched, now)).toBe(every);
  });
});
