import { expect, it } from 'vitest';
import { initials } from './initials';

it.each([
  ['Ada Lovelace', 'AL'],
  ['Augusta Ada King', 'AK'],
  ['ada', 'A'],
  ['  grace   hopper ', 'GH'],
  // One letter outside of the first plane, which two units of UTF-16 stand for.
  ['\u{10400}da', '\u{10400}'],
  ['', '?']
])('initials_of_%s_are_%s', (name, expected) => {
  expect(initials(name)).toBe(expected);
});
