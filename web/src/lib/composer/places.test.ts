import { describe, expect, it } from 'vitest';
import { controlOf, placeOf, remarks } from './places';

const written = { accounts: ['acc_a', 'acc_b'], overrides: { acc_b: 'own' } };

describe('placeOf', () => {
  it.each([
    ['/base/text', 'text'],
    ['/base/media/1', 'media'],
    ['/when/at', 'when'],
    ['/targets', 'accounts'],
    ['/targets/0/account_id', 'accounts'],
    ['/targets/0/text', 'text'],
    ['/targets/1/text', 'override:acc_b'],
    ['/targets/1/override/text', 'override:acc_b'],
    ['/targets/9/override/text', 'text'],
    ['/targets/0/media/0', 'media']
  ])('%s belongs to %s', (pointer, place) => {
    expect(placeOf(pointer, written)).toBe(place);
  });
});

describe('controlOf', () => {
  it('is the id of a control', () => {
    expect(['text', 'media', 'accounts', 'when', 'override:acc_b'].map((place) => controlOf(place as 'text'))).toEqual(['text', 'media', 'accounts', 'at', 'text-acc_b']);
  });
});

describe('remarks', () => {
  it('names the account of a rule, says each thing once and puts the fix into words', () => {
    const violation = { target: 'acc_a', pointer: '/base/text', rule: 'text_length', message: 'the text may have 300 characters', fix: 'shorten it', measured: 310, limit: 300 };
    const found = remarks([violation, violation], [{ pointer: '/when/at', code: 'in_past', message: 'too late' }], written, () => 'ada');
    expect(found).toEqual([
      { place: 'text', message: 'ada: the text may have 300 characters', fix: 'Shorten it.' },
      { place: 'when', message: 'Too late.', fix: '' }
    ]);
  });
});
