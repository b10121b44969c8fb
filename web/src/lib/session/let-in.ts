import type { ApiProblem } from '$lib/api/problem';

// Refusals of a browser that the account does not know, whatever the password is.
const OF_BROWSERS = ['sign_ins_held_back', 'sign_in_delayed', 'sign_in_blocked'];

/** Whether the link of a mail gets somebody on who was refused so. */
export function canBeLetIn(problem: ApiProblem | null): boolean {
  return problem !== null && OF_BROWSERS.includes(problem.code);
}
