import { describe, expect, it } from 'vitest';
import { returnTo } from './return-to';

/** Ways to leave a site that have worked somewhere. */
const OUTSIDE = [
  'https://evil.example',
  'http:evil.example',
  'https:/evil.example',
  'HTTPS://evil.example',
  '//evil.example',
  '///evil.example',
  '////evil.example',
  '/\\evil.example',
  '\\/evil.example',
  '\\\\evil.example',
  '/\\/evil.example',
  '/posts\\..\\..\\evil.example',
  '/%5cevil.example',
  '/%5Cevil.example',
  '/%2fevil.example',
  '/%2Fevil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '/\r/evil.example',
  '\t//evil.example',
  ' //evil.example',
  '/\u0000/evil.example',
  '/.//evil.example',
  '/..//evil.example',
  '/a/..//evil.example',
  '/%2e%2e//evil.example',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'evil.example',
  '@evil.example',
  '.evil.example',
  'posts',
  '',
  null
];

describe('returnTo', () => {
  it.each(['/', '/posts?state=failed', '/posts/post_01#timeline', '/a%20b', '/posts?next=//evil.example'])('id_48 goes back to %j of this site', (wanted) => {
    expect(returnTo(wanted)).toBe(wanted);
  });
  it.each(OUTSIDE)('id_48 does not follow %j', (wanted) => {
    expect(returnTo(wanted)).toBe('/');
  });
});
