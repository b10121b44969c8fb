import { describe, expect, it } from 'vitest';
import { faultOf, mayBeCheckedAgain } from './words';

describe('an import', () => {
  it('that was stopped, or met a limit, may be checked again; one of broken files may not', () => {
    expect(mayBeCheckedAgain({ state: 'failed', fault: 'cancelled' })).toBe(true);
    expect(mayBeCheckedAgain({ state: 'failed', fault: 'plan_limit' })).toBe(true);
    expect(mayBeCheckedAgain({ state: 'failed', fault: 'volume_changed' })).toBe(false);
    expect(mayBeCheckedAgain({ state: 'checked', fault: 'plan_limit' })).toBe(false);
  });

  it('that is checked says what would stop it', () => {
    expect(faultOf({ state: 'checked', fault: 'plan_limit' })).toContain('would stop half-way');
    expect(faultOf({ state: 'failed', fault: 'plan_limit' })).toBe('Your plan allows no more of this.');
    expect(faultOf({ state: 'done', fault: null })).toBeUndefined();
  });
});
