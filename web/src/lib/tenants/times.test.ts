import { describe, expect, it } from 'vitest';
import { choices, HOURS, hoursText } from './times';

describe('the time of a sign-in', () => {
  it('choice_of_a_program_is_offered_in_its_place', () => {
    expect(choices(HOURS, 36)).toEqual([1, 2, 4, 8, 12, 24, 36, 168, 720]);
    expect(choices(HOURS, 24)).toEqual(HOURS);
    expect(choices(HOURS, null)).toEqual(HOURS);
  });

  it('whole_days_are_said_as_days', () => {
    expect([1, 24, 36, 168].map(hoursText)).toEqual(['1 hour', '24 hours', '36 hours', '7 days, for programs']);
  });
});
