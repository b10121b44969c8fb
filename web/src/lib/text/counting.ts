const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const encoder = new TextEncoder();

/** What a network allows in a text. A missing limit is no limit. */
export interface TextLimits {
  max_graphemes?: number | null | undefined;
  max_bytes?: number | null | undefined;
}

export type Level = 'ok' | 'near' | 'full' | 'over';

export interface Count {
  used: number;
  max: number;
  left: number;
  level: Level;
}

/** From here on a counter is emphasised and announced. */
export const NEAR = 20;

/** Characters as people see them: a family emoji or a letter with accents is one. */
export function graphemes(text: string): number {
  // ASCII has no clusters but CR LF; this keeps key presses cheap in long texts.
  // eslint-disable-next-line no-control-regex
  if (/^[\x00-\x0c\x0e-\x7f]*$/.test(text)) return text.length;
  let count = 0;
  for (const _ of segmenter.segment(text)) count += 1;
  return count;
}

export function utf8Bytes(text: string): number {
  return encoder.encode(text).length;
}

/** The limit that a text reaches first; `null` where the network has none. */
export function countFor(text: string, limits: TextLimits): Count | null {
  const counts = [
    ...(limits.max_graphemes ? [count(graphemes(text), limits.max_graphemes)] : []),
    ...(limits.max_bytes ? [count(utf8Bytes(text), limits.max_bytes)] : [])
  ];
  const over = counts.find((each) => each.level === 'over');
  return over ?? counts[0] ?? null;
}

/** The one with the least room left. */
export function tightest<T extends { count: Count | null }>(all: readonly T[]): T | null {
  const left = (each: T) => each.count?.left ?? Number.POSITIVE_INFINITY;
  return all.reduce<T | null>(
    (least, each) => (each.count && (!least || left(each) < left(least)) ? each : least),
    null
  );
}

function count(used: number, max: number): Count {
  const left = max - used;
  const level = left < 0 ? 'over' : left === 0 ? 'full' : left <= NEAR ? 'near' : 'ok';
  return { used, max, left, level };
}
