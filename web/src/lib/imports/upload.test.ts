import { afterEach, describe, expect, it, vi } from 'vitest';
import { inOrder, sha256, upload } from './upload';

afterEach(() => vi.unstubAllGlobals());

describe('the files of an export', () => {
  it('are in the order of their numbers', () => {
    const names = ['000010-a.zip', '000002-f.zip', '000001-c (1).zip'];
    expect(inOrder(names.map((name) => new File([], name))).map(({ name }) => name)).toEqual(['000001-c (1).zip', '000002-f.zip', '000010-a.zip']);
  });

  it('have a hash', async () => {
    expect(await sha256(new Blob(['abc']))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('are not uploaded while another import is under way, and the reason is told', async () => {
    const told = { code: 'another_import_under_way', detail: 'one import at a time' };
    const headers = { 'content-type': 'application/problem+json' };
    const fetch = vi.fn(() => Promise.resolve(new Response(JSON.stringify(told), { status: 409, headers })));
    vi.stubGlobal('fetch', fetch);

    const refused = upload([new File(['abc'], '000001.zip')], () => undefined);

    await expect(refused).rejects.toMatchObject({ status: 409, code: told.code, message: told.detail });
    expect(fetch).toHaveBeenCalledTimes(1);
  });
});
