import { describe, expect, it } from 'vitest';
import { eventDetail, eventLook, proofWord } from './timeline';

describe('eventLook', () => {
  it.each([
    ['post.created', 'Created'],
    ['target.published', 'Published'],
    ['target.calling', 'Publishing started'],
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

describe('eventDetail', () => {
  it.each([
    [{ message: 'the text is a duplicate' }, 'The text is a duplicate.'],
    [{ lateness_ms: 2400 }, '2.4 s late.'],
    [{ attempt: 1 }, ''],
    [null, '']
  ])('%j is "%s"', (detail, words) => {
    expect(eventDetail({ detail: detail as never })).toBe(words);
  });
});
