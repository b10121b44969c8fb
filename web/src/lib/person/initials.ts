/** What stands where somebody has no picture: the first letters of their first and their last name. */
export function initials(name: string): string {
  const [first = '?', ...more] = name.match(/\S+/g) ?? [];
  return [first, ...more.slice(-1)].map((word) => [...word][0]).join('').toUpperCase();
}
