/** The zone this browser runs in, as an IANA name. */
export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

/** All IANA zones that this browser knows, with UTC, sorted. */
export function allZones(): string[] {
  const known = Intl.supportedValuesOf('timeZone');
  return [...new Set([...known, 'UTC', browserZone()])].sort();
}

/** How people call a zone: its city. `America/Argentina/Buenos_Aires` is "Buenos Aires". */
export function zoneCity(zone: string): string {
  return (zone.split('/').at(-1) ?? zone).replaceAll('_', ' ');
}

export type WallKind = 'exact' | 'gap' | 'fold';

/** Wall time `2026-12-01T09:00:00` in a zone as `{ at, kind }`. */
export interface WallInstant {
  instant: Date;
  /** `gap`: the clocks jump over this time; `fold`: it happens twice (the first one is meant). */
  kind: WallKind;
}

/** The instant of a wall time, for words in the page; the server decides what counts. */
export function wallToInstant(at: string, zone: string): WallInstant | null {
  const asUtc = Date.parse(`${withSeconds(at)}Z`);
  if (Number.isNaN(asUtc)) return null;
  const day = 86_400_000;
  const before = offsetAt(asUtc - day, zone);
  const after = offsetAt(asUtc + day, zone);
  const fits = [...new Set([before, after])]
    .map((offset) => asUtc - offset)
    .filter((instant) => instant + offsetAt(instant, zone) === asUtc)
    .sort((a, b) => a - b);
  const first = fits[0];
  if (first === undefined) return { instant: new Date(asUtc - before), kind: 'gap' };
  return { instant: new Date(first), kind: fits.length > 1 ? 'fold' : 'exact' };
}

/** The wall time of an instant in a zone, as an `<input type="datetime-local">` takes it. */
export function instantToWall(instant: Date, zone: string): string {
  return new Date(instant.getTime() + offsetAt(instant.getTime(), zone)).toISOString().slice(0, 19);
}

/** `datetime-local` leaves the seconds away when they are zero. */
export function withSeconds(at: string): string {
  return /T\d\d:\d\d$/.test(at) ? `${at}:00` : at;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Milliseconds that the zone's clocks are ahead of UTC at an instant. */
function offsetAt(instant: number, zone: string): number {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric'
    });
    formats.set(zone, format);
  }
  const part: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(instant)) part[type] = Number(value);
  const wall = Date.UTC(
    part['year'] ?? 0,
    (part['month'] ?? 1) - 1,
    part['day'] ?? 1,
    part['hour'] ?? 0,
    part['minute'] ?? 0,
    part['second'] ?? 0
  );
  return wall - Math.floor(instant / 1000) * 1000;
}
