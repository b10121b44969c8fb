import { api, unwrap } from '$lib/api/client';
import { ApiProblem } from '$lib/api/problem';
import { m } from '$lib/paraglide/messages.js';

/** Files of an export in the order in which they belong: their names begin with their numbers. */
export function inOrder(files: readonly File[]): File[] {
  return [...files].sort((one, other) => one.name.localeCompare(other.name, 'en', { numeric: true }));
}

export async function sha256(file: Blob): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Announces the files, uploads each, and lets them be checked. `done` is told how many are uploaded. */
export async function upload(files: readonly File[], done: (uploaded: number) => void): Promise<void> {
  const volumes: { bytes: number; sha256: string }[] = [];
  // One after the other: a file is in memory while it is hashed.
  for (const file of files) volumes.push({ bytes: file.size, sha256: await sha256(file) });
  const { id, uploads } = await unwrap(api.POST('/v1/imports', { body: { volumes } }));
  for (const [place, file] of files.entries()) {
    const to = uploads[place];
    if (!to) continue;
    const answer = await fetch(to.url, { method: to.method, headers: to.headers, body: file }).catch(() => undefined);
    if (!answer?.ok) throw new ApiProblem(answer?.status ?? 0, 'upload_failed', m.import_upload_failed({ name: file.name }));
    done(place + 1);
  }
  await unwrap(api.POST('/v1/imports/{id}/check', { params: { path: { id } } }));
}
