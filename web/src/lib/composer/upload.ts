import { api, unwrap } from '$lib/api/client';
import { ApiProblem, OFFLINE } from '$lib/api/problem';
import type { Media, Upload } from '$lib/api/types';
import { m } from '$lib/paraglide/messages.js';

/** An image of a post: on its way to the object storage, or there. */
export interface Attachment {
  id: string | null;
  name: string;
  alt: string;
  state: 'uploading' | 'ready' | 'failed';
  /** 0 to 1. */
  progress: number;
  /** Address of a picture to show; `null` until it is known. */
  preview: string | null;
  problem?: string;
}

/** Registers the file, sends its bytes to the storage by the presigned address, and has it checked. */
export async function upload(file: File, onProgress: (share: number) => void): Promise<Media> {
  const created = await unwrap(
    api.POST('/v1/media', {
      body: { file_name: file.name, content_type: file.type || 'application/octet-stream', bytes: file.size }
    })
  );
  // A repeated registration of the same bytes may need no upload.
  if (created.upload) await send(created.upload, file, onProgress);
  return unwrap(api.POST('/v1/media/{id}/complete', { params: { path: { id: created.id } } }));
}

export async function saveAltText(id: string, alt: string): Promise<void> {
  await unwrap(api.PATCH('/v1/media/{id}', { params: { path: { id } }, body: { alt_text: alt } }));
}

/** XMLHttpRequest, because `fetch` cannot tell how far an upload is. */
function send(to: Upload, file: File, onProgress: (share: number) => void): Promise<void> {
  return new Promise((done, refuse) => {
    const request = new XMLHttpRequest();
    request.open(to.method, to.url);
    for (const [name, value] of Object.entries(to.headers ?? {})) {
      // The browser sets these itself and forbids them here.
      if (!/^(host|content-length)$/i.test(name)) request.setRequestHeader(name, String(value));
    }
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onload = () =>
      request.status < 300
        ? done()
        : refuse(new ApiProblem(request.status, 'upload_refused', m.upload_refused()));
    request.onerror = () => refuse(new ApiProblem(0, OFFLINE, m.upload_interrupted()));
    request.send(to.fields && Object.keys(to.fields).length > 0 ? formOf(to.fields, file) : file);
  });
}

function formOf(fields: Record<string, unknown>, file: File): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, String(value));
  // The storage ignores everything after the file, so it goes last.
  form.append('file', file);
  return form;
}
