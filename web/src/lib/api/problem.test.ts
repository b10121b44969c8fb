import { describe, expect, it } from 'vitest';
import { problemFrom } from './problem';

describe('problemFrom', () => {
  it('keeps code, detail and fields of a problem document', () => {
    const problem = problemFrom(422, {
      type: '/problems/invalid_request', title: 'Invalid', status: 422, detail: 'Two fields are wrong.', code: 'invalid_request',
      errors: [
        { pointer: '/when/at', code: 'in_past', message: 'This time has passed.' },
        { pointer: '/targets/0/override/text', code: 'too_long', message: 'Too long.' }
      ]
    }, 'fallback');
    expect(problem).toMatchObject({ status: 422, code: 'invalid_request', message: 'Two fields are wrong.' });
    expect(problem.at('/when')).toEqual(['This time has passed.']);
    expect(problem.at('/targets/0')).toEqual(['Too long.']);
    expect(problem.at('/base')).toEqual([]);
  });

  it('takes the words of a gateway that knows no problem documents', () => {
    expect(problemFrom(429, { message: 'Too Many Requests' }, 'fallback')).toMatchObject({ code: 'http_429', message: 'Too Many Requests', fields: [] });
  });

  it.each([undefined, null, 'text', '', { errors: 'no list' }])('survives %j', (document) => {
    expect(problemFrom(502, document, 'fallback')).toMatchObject({ status: 502, code: 'http_502', message: 'fallback', fields: [] });
  });

  it('does not mistake a pointer for another with the same beginning', () => {
    const problem = problemFrom(422, { errors: [{ pointer: '/name_of_dog', code: 'x', message: 'Dog.' }] }, '');
    expect(problem.at('/name')).toEqual([]);
  });
});
