import { describe, expect, it } from 'vitest';
import { inOrder, sha256 } from './upload';

describe('the files of an export', () => {
  it('are in the order of their numbers', () => {
    const names = ['000010-a.zip', '000002-f.zip', '000001-c (1).zip'];
    expect(inOrder(names.map((name) => new File([], name))).map(({ name }) => name)).toEqual(['000001-c (1).zip', '000002-f.zip', '000010-a.zip']);
  });

  it('have a hash', async () => {
    expect(await sha256(new Blob(['abc']))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});
