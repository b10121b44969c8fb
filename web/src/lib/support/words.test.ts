import { describe, expect, it } from 'vitest';
import { reasonWord } from './words';

describe('reasonWord', () => {
  it('reason_of_a_look_is_as_it_was_given', () => {
    expect(reasonWord('support.begun', { reason: 'expired' })).toBe('expired');
  });

  it('reason_of_an_end_has_words', () => {
    expect(reasonWord('support.ended', { reason: 'expired' })).toBe('The time was over.');
  });

  it('reason_that_is_unknown_or_missing_has_none', () => {
    expect(reasonWord('support.ended', { reason: 'of_tomorrow' })).toBeUndefined();
    expect(reasonWord('support.ended', null)).toBeUndefined();
  });
});
