import { describe, expect, it } from 'vitest';
import { nextOf } from './export';

describe('nextOf', () => {
  it('finds the address of the next part', () => {
    expect(nextOf('</v1/audit/export?after=200>; rel="next"')).toBe('/v1/audit/export?after=200');
  });

  it('finds none at the end', () => {
    expect(nextOf(null)).toBeUndefined();
    expect(nextOf('</docs>; rel="help"')).toBeUndefined();
  });
});
