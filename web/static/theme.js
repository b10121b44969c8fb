// Blocking on purpose: the chosen theme is set before the first paint, so nothing flashes.
try {
  const theme = localStorage.getItem('m1a.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be switched off; the system's preference then holds.
}
