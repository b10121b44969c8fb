import { describe, expect, it } from 'vitest';
import { ApiProblem } from '$lib/api/problem';
import { canBeLetIn } from './let-in';

const refused = (status: number, code: string) => new ApiProblem(status, code, 'Not now.');

describe('canBeLetIn', () => {
  it('is so for refusals of browsers that the account does not know', () => {
    expect(canBeLetIn(refused(429, 'sign_ins_held_back'))).toBe(true);
    expect(canBeLetIn(refused(429, 'sign_in_delayed'))).toBe(true);
    expect(canBeLetIn(refused(403, 'sign_in_blocked'))).toBe(true);
  });

  it('is not so for a wrong password, a limit of the client and no refusal', () => {
    expect(canBeLetIn(refused(401, 'invalid_credentials'))).toBe(false);
    expect(canBeLetIn(refused(429, 'rate_limited'))).toBe(false);
    expect(canBeLetIn(null)).toBe(false);
  });
});
