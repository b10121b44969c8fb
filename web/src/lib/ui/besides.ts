/** The room between a button and its menu, and between a menu and the edge of the window. */
const GAP = 6;
const EDGE = 12;

interface Size {
  width: number;
  height: number;
}
interface Box extends Size {
  left: number;
  top: number;
}

/** Where a menu goes: below its button or, where there is no room, above it; never over an edge. */
export function besides(button: Box, menu: Size, window: Size): { left: string; top: string } {
  const below = button.top + button.height + GAP;
  const above = button.top - GAP - menu.height;
  const top = below + menu.height + EDGE > window.height && above >= EDGE ? above : below;
  const left = Math.max(EDGE, Math.min(button.left, window.width - menu.width - EDGE));
  return { left: `${left}px`, top: `${top}px` };
}
