import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sentence } from '$lib/text/sentence';
import { actorWord, eventWord, OBJECTS } from './words';

// The kinds as the product names them. People's own acts are not in the log of a workspace, nor is what the platform's own log has.
const code = readFileSync('../shared/domain/src/event/kind.rs', 'utf8');
const audited = code.slice(code.indexOf('    audited {'), code.indexOf('    not_audited {'));
const kinds = [...audited.matchAll(/= "([a-z_.]+)"/g)].map(([, kind]) => kind ?? '').filter((kind) => !kind.startsWith('user.') && !['tenant.erased', 'signing_key.retired'].includes(kind));

describe('eventWord', () => {
  it('has words for what people do', () => {
    expect(eventWord('post.scheduled')).toBe('Scheduled a post');
  });

  it('has words for every kind that the log of a workspace has, and a filter that finds it', () => {
    expect(kinds).toContain('post.scheduled');
    expect(kinds.filter((kind) => eventWord(kind) === sentence(kind.replace(/[._]/g, ' ')))).toEqual([]);
    expect(kinds.filter((kind) => !OBJECTS.some((each) => kind.startsWith(`${each.kind}.`)))).toEqual([]);
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
    expect(actorWord('support:usr_m', ada, [])).toBe('Support (usr_m)');
  });
});
