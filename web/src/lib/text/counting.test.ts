import { describe, expect, it } from 'vitest';
import { countFor, graphemes, tightest, utf8Bytes } from './counting';

describe('graphemes', () => {
  it.each([
    ['hello', 5],
    ['', 0],
    ['👨‍👩‍👧‍👦', 1],
    ['e\u0301', 1],
    ['🇩🇪🇫🇷', 2],
    ['a\r\nb', 3],
    ['นี่', 1]
  ])('%j has %d', (text, count) => {
    expect(graphemes(text)).toBe(count);
  });
});

describe('countFor', () => {
  const limits = { max_graphemes: 300, max_bytes: 3000 };

  it.each([
    [279, 'ok'],
    [280, 'near'],
    [300, 'full'],
    [301, 'over']
  ])('%d of 300 characters is %s', (length, level) => {
    expect(countFor('x'.repeat(length), limits)).toEqual({ used: length, max: 300, left: 300 - length, level });
  });

  it('shows the byte limit when that one is broken first', () => {
    const families = '👨‍👩‍👧‍👦'.repeat(200);
    expect(countFor(families, limits)).toMatchObject({ used: utf8Bytes(families), max: 3000, level: 'over' });
  });

  it('is null without limits', () => {
    expect(countFor('text', {})).toBeNull();
  });
});

describe('tightest', () => {
  it('is the one with the least room left', () => {
    const rows = [500, 300].map((max) => ({ max, count: countFor('x'.repeat(100), { max_graphemes: max }) }));
    expect(tightest([...rows, { max: 0, count: null }])?.max).toBe(300);
  });

  it('is null when nobody has a limit', () => {
    expect(tightest([{ count: null }])).toBeNull();
  });
});
