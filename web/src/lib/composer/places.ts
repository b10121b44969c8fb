import type { ProblemField } from '$lib/api/problem';
import type { Violation } from '$lib/api/types';

/** The part of the composer that a JSON pointer of the request belongs to. */
export type Place = 'accounts' | 'text' | 'media' | 'when' | `override:${string}`;

export interface Remark {
  place: Place;
  message: string;
  fix: string;
}

export function placeOf(pointer: string, accounts: readonly string[]): Place {
  const [, first, second, third] = pointer.split('/');
  if (first === 'when') return 'when';
  if (first === 'base') return second === 'media' ? 'media' : 'text';
  if (first === 'targets' && third === 'override') {
    const account = accounts[Number(second)];
    return account ? `override:${account}` : 'text';
  }
  if (first === 'targets') return 'accounts';
  return 'text';
}

/** The id of the control to focus for a place. */
export function controlOf(place: Place): string {
  if (place.startsWith('override:')) return `text-${place.slice('override:'.length)}`;
  return { accounts: 'accounts', text: 'text', media: 'media', when: 'at' }[place as 'accounts'];
}

/** Violations and refused fields as remarks beside their controls, each said once. */
export function remarks(
  violations: readonly Violation[],
  fields: readonly ProblemField[],
  accounts: readonly string[]
): Remark[] {
  const all = [
    ...violations.map(({ pointer, message, fix }) => ({
      place: placeOf(pointer, accounts),
      message,
      fix: fix ?? ''
    })),
    ...fields.map(({ pointer, message }) => ({ place: placeOf(pointer, accounts), message, fix: '' }))
  ];
  return all.filter(
    (each, index) =>
      all.findIndex((other) => other.place === each.place && other.message === each.message) === index
  );
}
