import { afterEach, describe, expect, it, vi } from 'vitest';
import { whenProofNeeded } from '$lib/api/client';
import { exportLog, nextOf } from './export';

afterEach(() => {
  vi.unstubAllGlobals();
  whenProofNeeded(undefined);
});

/** The server answers one after another. */
function answers(...each: Response[]) {
  const asked: string[] = [];
  vi.stubGlobal('fetch', (address: string) => {
    asked.push(address);
    return Promise.resolve(each.shift());
  });
  return asked;
}

const stale = () => new Response('{"code":"insufficient_user_authentication","detail":"prove again who you are"}', { status: 401 });
const part = (lines: string, next?: string) => new Response(lines, next ? { headers: { link: `<${next}>; rel="next"` } } : {});

describe('exportLog', () => {
  it('id_18_puts_all_parts_together_once_the_person_has_proven_who_they_are', async () => {
    const prove = vi.fn(() => Promise.resolve(true));
    whenProofNeeded(prove);
    const next = '/v1/audit/export?after=2';
    const asked = answers(stale(), part('{"seq":1}\n{"seq":2}\n', next), part('{"seq":3}\n'));
    const log = await exportLog();
    expect(await log.text()).toBe('{"seq":1}\n{"seq":2}\n{"seq":3}\n');
    expect(asked).toEqual(['/v1/audit/export', '/v1/audit/export', next]);
    expect(prove).toHaveBeenCalledTimes(1);
  });

  it('id_18_keeps_nothing_when_the_person_does_not_prove_it', async () => {
    whenProofNeeded(() => Promise.resolve(false));
    const asked = answers(stale());
    await expect(exportLog()).rejects.toMatchObject({ code: 'insufficient_user_authentication' });
    expect(asked).toHaveLength(1);
  });
});

describe('nextOf', () => {
  it('finds the address of the next part', () => {
    expect(nextOf('</v1/audit/export?after=200>; rel="next"')).toBe('/v1/audit/export?after=200');
  });

  it('finds none at the end', () => {
    expect(nextOf(null)).toBeUndefined();
    expect(nextOf('</docs>; rel="help"')).toBeUndefined();
  });
});
