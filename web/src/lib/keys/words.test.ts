import { describe, expect, it } from 'vitest';
import { addressesIn, SCOPES, stateOf } from './words';

describe('addresses', () => {
  it('are separated by lines, spaces and commas', () => {
    expect(addressesIn(' 203.0.113.7, 203.0.114.0/24\n\n2001:db8::/32 ')).toEqual(['203.0.113.7', '203.0.114.0/24', '2001:db8::/32']);
    expect(addressesIn(' \n ')).toEqual([]);
  });
});

describe('scopes', () => {
  it('leave out what is for people', () => {
    const names = SCOPES.map(({ name }) => name);
    expect(names).toContain('schedule_posts');
    for (const name of ['manage_members', 'manage_roles', 'manage_api_keys', 'export_tenant', 'delete_tenant']) expect(names).not.toContain(name);
  });
});

describe('the state of a key', () => {
  it('says that another one takes its place', () => {
    expect(stateOf({ state: 'active', replaced_by: null })).toBe('Works');
    expect(stateOf({ state: 'active', replaced_by: 'key_1' })).toBe('Works until its successor has taken over');
    expect(stateOf({ state: 'expired', replaced_by: 'key_1' })).toBe('Replaced');
    expect(stateOf({ state: 'revoked', replaced_by: 'key_1' })).toBe('Revoked');
  });
});
