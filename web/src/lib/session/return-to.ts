/**
 * Where to go after signing in. Only paths of this site: a link from outside must not
 * send people to another site through our sign-in page.
 */
export function returnTo(wanted: string | null, fallback = '/'): string {
  if (!wanted || !wanted.startsWith('/') || wanted.startsWith('//') || wanted.includes('\\')) {
    return fallback;
  }
  return wanted;
}
