import { describe, expect, it } from 'vitest';
import { contentOf, size, stateOf } from './words';

describe('the size of a file', () => {
  it('is told in the unit that fits', () => {
    expect([0, 999, 16_777_216, 2_000_000_000, 5e12].map(size)).toEqual(['0 byte', '999 byte', '16.8 MB', '2 GB', '5,000 GB']);
  });
});

describe('an export', () => {
  it('says how far it is and what is in it', () => {
    expect(stateOf({ state: 'running' })).toBe('Being made');
    expect(stateOf({ state: 'ready' })).toBe('Ready');
    const counts = { accounts: 2, account_groups: 0, roles: 0, members: 1, media: 3, posts: 1200 };
    expect(contentOf({ counts })).toBe('Posts: 1,200 · media: 3 · accounts: 2 · members: 1');
  });
});
