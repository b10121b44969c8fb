import { afterEach, expect, it, vi } from 'vitest';
import { base64, shrunk, square } from './picture';

afterEach(() => vi.unstubAllGlobals());

it.each([
  [400, 300, { left: 50, top: 0, side: 300 }],
  [300, 400, { left: 0, top: 50, side: 300 }],
  [301, 300, { left: 0, top: 0, side: 300 }],
  [1, 4000, { left: 0, top: 1999, side: 1 }]
])('avatar_of_%s_by_%s_pixels_is_cut_from_the_middle', (width, height, expected) => {
  expect(square(width, height)).toEqual(expected);
});

it('avatar_in_base64_is_the_same_bytes', () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, at) => at % 256);

  expect(Uint8Array.from(atob(base64(bytes)), (character) => character.charCodeAt(0))).toEqual(bytes);
});

it('avatar_of_a_large_photo_is_drawn_small_on_white', async () => {
  const drawn: unknown[] = [];
  const image = { width: 8000, height: 6000, close: () => drawn.push('closed') };
  const context = {
    fillRect: (...place: number[]) => drawn.push(['white', ...place]),
    drawImage: (_: unknown, ...places: number[]) => drawn.push(places)
  };
  const canvas = {
    getContext: () => context,
    toBlob: (done: (blob: Blob) => void, kind: string) => done(new Blob([kind]))
  };
  vi.stubGlobal('createImageBitmap', async () => image);
  vi.stubGlobal('document', { createElement: () => canvas });

  const small = await shrunk(new Blob());

  expect(atob(small)).toBe('image/jpeg');
  expect(drawn).toEqual([['white', 0, 0, 256, 256], [1000, 0, 6000, 6000, 0, 0, 256, 256], 'closed']);
});

it('avatar_that_the_browser_cannot_read_is_a_problem_for_people', async () => {
  vi.stubGlobal('createImageBitmap', async () => Promise.reject(new Error('no image')));

  await expect(shrunk(new Blob())).rejects.toMatchObject({ name: 'ApiProblem', code: 'corrupt_image' });
});
