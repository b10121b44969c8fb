/** Paths that begin with one slash and have nothing that a browser reads as another one, or leaves out. */
const PATH = /^\/(?![/\\]|%2f|%5c)[^\\\p{Cc}]*$/iu;
/** Somewhere that is nowhere: what stays here stays on our site. */
const HERE = 'https://here.invalid';

/**
 * Where to go after signing in. Only paths of this site: a link from outside must not
 * send people to another site through our sign-in page.
 */
export function returnTo(wanted: string | null, fallback = '/'): string {
  if (!wanted || !PATH.test(wanted)) return fallback;
  const { origin, pathname } = new URL(wanted, HERE);
  return origin === HERE && PATH.test(pathname) ? wanted : fallback;
}
