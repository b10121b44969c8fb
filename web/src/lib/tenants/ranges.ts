// Whether an address is in a range, so that a list can be judged before it is saved. The server decides.

/** An address as a number of so many bits; undefined where the text is none. */
interface Address { value: bigint; bits: number }

const MAPPED = 0xffffn << 32n;

/** Whether a range such as `203.0.113.0/24`, or a single address, has the address in it. */
export function contains(range: string, address: string): boolean {
  const [text = '', length] = range.trim().split('/');
  const first = parsed(text);
  const looked = canonical(parsed(address));
  if (!first || !looked) return false;
  const bits = length === undefined ? first.bits : Number(length);
  if (!/^\d{0,3}$/.test(length ?? '') || bits > first.bits) return false;
  const own = canonical(first);
  if (!own || own.bits !== looked.bits) return false;
  const rest = BigInt(first.bits - bits);
  return own.value >> rest === looked.value >> rest;
}

/** An IPv4 address that is written in IPv6 is one of IPv4. */
function canonical(address: Address | undefined): Address | undefined {
  if (address?.bits !== 128 || address.value >> 32n !== MAPPED >> 32n) return address;
  return { value: address.value & 0xffffffffn, bits: 32 };
}

function parsed(text: string): Address | undefined {
  return text.includes(':') ? ofSix(text) : ofFour(text);
}

function ofFour(text: string): Address | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined;
  return { value: parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n), bits: 32 };
}

function ofSix(text: string): Address | undefined {
  // The last 32 bits may be written like IPv4.
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const four = tail && ofFour(tail[2] ?? '');
  if (tail && !four) return undefined;
  const whole = tail && four ? `${tail[1]}${(four.value >> 16n).toString(16)}:${(four.value & 0xffffn).toString(16)}` : text;
  const halves = whole.split('::');
  const [head = [], end = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - end.length;
  if (halves.length > 2 || (halves.length === 2 ? missing < 1 : missing !== 0)) return undefined;
  const groups = [...head, ...Array<string>(missing).fill('0'), ...end];
  if (!groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return undefined;
  return { value: groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n), bits: 128 };
}
