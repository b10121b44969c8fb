import { describe, expect, it } from 'vitest';
import { eventLook, proofWord } from './timeline';

describe('eventLook', () => {
  it.each([
    ['post.created', 'Created'],
    ['target.published', 'Published'],
    ['claimed', 'Publishing started'],
    ['target.something_new', 'something new']
  ])('%s is "%s"', (event, word) => {
    expect(eventLook({ event }).word).toBe(word);
  });
});

describe('proofWord', () => {
  it.each([
    ['response', 'The network accepted it'],
    ['read_back', 'Seen on the network'],
    [{ kind: 'person' }, 'Confirmed by you'],
    ['new_kind', 'new kind']
  ])('%j is "%s"', (proof, word) => {
    expect(proofWord(proof)).toBe(word);
  });
});
