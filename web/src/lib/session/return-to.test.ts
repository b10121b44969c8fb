import { describe, expect, it } from 'vitest';
import { returnTo } from './return-to';

describe('returnTo', () => {
  it('goes back to a path of this site', () => {
    expect(returnTo('/posts?state=failed')).toBe('/posts?state=failed');
  });
  it.each(['https://evil.example', '//evil.example', '/\\evil.example', 'posts', '', null])('does not follow %j', (wanted) => {
    expect(returnTo(wanted)).toBe('/');
  });
});
