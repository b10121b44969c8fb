import { describe, expect, it } from 'vitest';
import { ICONS } from '$lib/ui/icons';
import { FILTER_STATES, inMotion, lookOf, needsPerson } from './states';

// The states of the contract; a new one fails here until it has a word.
const STATES = [
  'draft', 'in_review', 'scheduled', 'held', 'queued', 'publishing', 'processing', 'published', 'handed_over',
  'failed', 'outcome_unknown', 'cancelled', 'missed', 'removed_remotely', 'changes_requested', 'partial', 'needs_attention'
];

describe('lookOf', () => {
  it.each(STATES)('%s has its own word and an icon', (state) => {
    const look = lookOf(state);
    expect(look.word().toLowerCase().replaceAll(' ', '_')).toBe(state);
    expect(ICONS[look.icon]).toBeTruthy();
  });

  it('shows a state that it does not know by its name', () => {
    expect(lookOf('sent_by_pigeon').word()).toBe('sent by pigeon');
  });
});

describe('the groups of states', () => {
  it('asks a person only where nothing moves by itself', () => {
    expect(STATES.filter((state) => needsPerson(state) && inMotion(state))).toEqual([]);
  });

  it('offers only states of the contract as filters', () => {
    expect(FILTER_STATES.filter((state) => !STATES.includes(state))).toEqual([]);
  });
});
