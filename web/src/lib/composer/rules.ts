import type { Network } from '$lib/api/types';
import type { TextLimits } from '$lib/text/counting';

/** The part of a network's rules that the composer counts by. */
interface Rules {
  text?: { graphemes_max?: number; bytes_max?: number };
}

/** A network's limits of a text; an unknown network has none here, the server still checks. */
export function textLimits(network: Network | undefined): TextLimits {
  const text = (network?.rules as Rules | undefined)?.text;
  return { max_graphemes: text?.graphemes_max, max_bytes: text?.bytes_max };
}
