import type { Network } from '$lib/api/types';
import type { TextLimits } from '$lib/text/counting';

/** A network's limits of a text; an unknown network has none here, the server still checks. */
export function textLimits(network: Network | undefined): TextLimits {
  const text = network?.rules.text;
  return { max_graphemes: text?.graphemes_max, max_bytes: text?.bytes_max };
}
