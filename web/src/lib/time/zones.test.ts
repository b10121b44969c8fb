import { describe, expect, it } from 'vitest';
import { allZones, instantToWall, wallToInstant, withSeconds, zoneCity } from './zones';

describe('wallToInstant', () => {
  it('reads the wall time of the zone', () => {
    expect(wallToInstant('2026-12-01T09:00', 'Europe/Berlin')).toEqual({ instant: new Date('2026-12-01T08:00:00Z'), kind: 'exact' });
  });

  it('tells a gap when the clocks jump over the time', () => {
    expect(wallToInstant('2026-03-29T02:30:00', 'Europe/Berlin')).toEqual({ instant: new Date('2026-03-29T01:30:00Z'), kind: 'gap' });
  });

  it('tells a fold and takes the first of both', () => {
    expect(wallToInstant('2026-10-25T02:30:00', 'Europe/Berlin')).toEqual({ instant: new Date('2026-10-25T00:30:00Z'), kind: 'fold' });
  });

  it('knows zones with odd offsets', () => {
    expect(wallToInstant('2026-06-01T12:00:00', 'Asia/Kathmandu')?.instant).toEqual(new Date('2026-06-01T06:15:00Z'));
  });

  it('refuses what is not a time', () => {
    expect(wallToInstant('tomorrow', 'UTC')).toBeNull();
  });

  it('is the inverse of instantToWall in every zone', () => {
    const instant = new Date('2026-07-15T12:34:56Z');
    for (const zone of allZones()) {
      expect(wallToInstant(instantToWall(instant, zone), zone)?.instant, zone).toEqual(instant);
    }
  });
});

describe('withSeconds', () => {
  it('adds the seconds that the browser leaves away', () => {
    expect(withSeconds('2026-12-01T09:00')).toBe('2026-12-01T09:00:00');
    expect(withSeconds('2026-12-01T09:00:05')).toBe('2026-12-01T09:00:05');
  });
});

describe('zoneCity', () => {
  it('is the last part in words', () => {
    expect(zoneCity('America/Argentina/Buenos_Aires')).toBe('Buenos Aires');
    expect(zoneCity('UTC')).toBe('UTC');
  });
});
