/** One field of a refused request, as RFC 9457 documents of this product name it. */
export interface ProblemField {
  pointer: string;
  code: string;
  message: string;
}

/**
 * An answer of the API that is not a success, or the absence of an answer.
 * `code` is stable and decides what the page does; `message` is for people.
 */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';

  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly fields: readonly ProblemField[] = []
  ) {
    super(detail);
  }

  /** The messages for one field: the pointer itself and everything below it. */
  at(pointer: string): string[] {
    return this.fields
      .filter((field) => field.pointer === pointer || field.pointer.startsWith(`${pointer}/`))
      .map((field) => field.message);
  }
}

/** The code used when the request never got an answer. */
export const OFFLINE = 'offline';

/** Reads a problem document; anything else (a gateway's own answer) becomes a general problem. */
export function problemFrom(status: number, document: unknown, fallback: string): ApiProblem {
  const known = isRecord(document) ? document : {};
  const detail = [known['detail'], known['title'], known['message']].find(isText) ?? fallback;
  const code = isText(known['code']) ? known['code'] : `http_${status}`;
  const fields = Array.isArray(known['errors']) ? known['errors'].filter(isProblemField) : [];
  return new ApiProblem(status, code, detail, fields);
}

function isProblemField(value: unknown): value is ProblemField {
  return isRecord(value) && isText(value['pointer']) && isText(value['message']);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
