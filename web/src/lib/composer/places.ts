import type { ProblemField } from '$lib/api/problem';
import type { Violation } from '$lib/api/types';
import { sentence } from '$lib/text/sentence';

/** The part of the composer that a JSON pointer of the request belongs to. */
export type Place = 'accounts' | 'text' | 'media' | 'when' | `override:${string}`;

export interface Remark {
  place: Place;
  message: string;
  fix: string;
}

/** What the pointers of a request are about: its accounts in order, and which of them have their own text. */
export interface Written {
  accounts: readonly string[];
  overrides: Readonly<Record<string, string>>;
}

export function placeOf(pointer: string, { accounts, overrides }: Written): Place {
  const [, first, second, ...rest] = pointer.split('/');
  if (first === 'when') return 'when';
  if (first === 'base') return second === 'media' ? 'media' : 'text';
  if (first !== 'targets') return 'text';
  if (rest.includes('media')) return 'media';
  if (!rest.includes('text') && !rest.includes('override')) return 'accounts';
  const account = accounts[Number(second)];
  return account !== undefined && overrides[account] !== undefined ? `override:${account}` : 'text';
}

/** The id of the control to focus for a place. */
export function controlOf(place: Place): string {
  if (place === 'when') return 'at';
  return place.startsWith('override:') ? `text-${place.slice('override:'.length)}` : place;
}

/**
 * Violations and refused fields as remarks beside their controls, each said once. `handleOf` names the
 * account whose network has the rule, where the control belongs to several.
 */
export function remarks(
  violations: readonly Violation[],
  fields: readonly ProblemField[],
  written: Written,
  handleOf: (account: string) => string | undefined
): Remark[] {
  const all = [
    ...violations.map(({ pointer, message, fix, target }) => {
      const place = placeOf(pointer, written);
      const handle = target && !place.startsWith('override:') ? handleOf(target) : undefined;
      return { place, message: handle ? `${handle}: ${message}` : sentence(message), fix: sentence(fix ?? '') };
    }),
    ...fields.map(({ pointer, message }) => ({
      place: placeOf(pointer, written),
      message: sentence(message),
      fix: ''
    }))
  ];
  return all.filter(
    (each, index) =>
      all.findIndex((other) => other.place === each.place && other.message === each.message) === index
  );
}
