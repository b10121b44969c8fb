import { unwrapFile } from '$lib/api/client';

const FIRST = '/v1/audit/export';

/** The whole log as the verifier takes it: its parts, one after another. */
export async function exportLog(): Promise<Blob> {
  const parts: string[] = [];
  for (let address: string | undefined = FIRST; address; ) {
    const { text, headers } = await unwrapFile(address);
    parts.push(text);
    address = nextOf(headers.get('link'));
  }
  return new Blob(parts, { type: 'application/jsonl' });
}

/** The address of the next part in a `Link` header (RFC 8288). */
export function nextOf(link: string | null): string | undefined {
  return /<([^>]+)>\s*;\s*rel="next"/.exec(link ?? '')?.[1];
}

/** Has the browser keep something as a file. */
export function keepAsFile(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  URL.revokeObjectURL(url);
}
