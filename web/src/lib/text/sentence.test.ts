import { describe, expect, it } from 'vitest';
import { sentence } from './sentence';

describe('sentence', () => {
  it.each([['shorten it', 'Shorten it.'], ['Done!', 'Done!'], ['  ', '']])('%j becomes %j', (text, expected) => {
    expect(sentence(text)).toBe(expected);
  });
});
