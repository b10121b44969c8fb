import { expect, it } from 'vitest';
import { keyProblem } from './key-problem';

it('says what to do about each reason, and that there is one where it is new', () => {
  const codes = ['key_not_enabled', 'key_wrong_region', 'key_not_found', 'key_access_denied', 'key_disabled', 'key_wrong_usage', 'key_of_tomorrow'];

  const words = codes.map(keyProblem);

  expect(new Set(words).size).toBe(codes.length);
  expect(keyProblem('key_disabled')).toContain('Enable');
});
