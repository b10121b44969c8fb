import { ApiProblem } from '$lib/api/problem';
import { m } from '$lib/paraglide/messages.js';

/** What can be chosen: what the server takes, too. */
export const ACCEPT = 'image/jpeg,image/png,image/webp,image/gif';
/** Pixels of a side, as the server draws it. */
const SIDE = 256;
/** The server draws it once more, so hardly anything is given up here. */
const QUALITY = 0.95;

/** The middle of an image, as large as it can be. */
export function square(width: number, height: number): { left: number; top: number; side: number } {
  const side = Math.min(width, height);
  return { left: Math.floor((width - side) / 2), top: Math.floor((height - side) / 2), side };
}

/** The bytes as a text. */
export function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

/** The middle of a chosen image, small: a JPEG in base64. A photo of any size fits into a request so. */
export async function shrunk(file: Blob): Promise<string> {
  const image = await decoded(file);
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIDE;
  const context = canvas.getContext('2d');
  if (!context) throw unreadable();
  const { left, top, side } = square(image.width, image.height);
  // On white where it is transparent; the server would do the same.
  context.fillStyle = '#fff';
  context.fillRect(0, 0, SIDE, SIDE);
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, left, top, side, side, 0, 0, SIDE, SIDE);
  image.close();
  const small = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', QUALITY));
  if (!small) throw unreadable();
  return base64(new Uint8Array(await small.arrayBuffer()));
}

async function decoded(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file);
  } catch {
    throw unreadable();
  }
}

/** As the server would have answered. */
function unreadable(): ApiProblem {
  return new ApiProblem(422, 'corrupt_image', m.picture_unreadable());
}
