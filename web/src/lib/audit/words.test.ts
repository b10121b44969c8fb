import { describe, expect, it } from 'vitest';
import { actorWord, eventWord } from './words';

describe('eventWord', () => {
  it('has words for what people do', () => {
    expect(eventWord('post.scheduled')).toBe('Scheduled a post');
  });

  it('tells a kind that it does not know by its name', () => {
    expect(eventWord('loom.thread_torn')).toMatch(/^Loom thread torn/);
  });
});

describe('actorWord', () => {
  const ada = { id: 'usr_a', name: 'Ada' };
  it('names people by their names and the product by what it is', () => {
    expect(actorWord('usr_a', ada, [])).toBe('Ada');
    expect(actorWord('usr_g', ada, [{ user_id: 'usr_g', name: 'Grace' }])).toBe('Grace');
    expect(actorWord('system:tenants', ada, [])).toBe('M1Autoposter');
    expect(actorWord('usr_gone', ada, [])).toBe('usr_gone');
  });
});
