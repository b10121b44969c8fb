import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

/** Waits until nothing moves or loads any more, so that pictures and contrast are those of the final page. */
export async function settled(page: Page): Promise<void> {
  await page.locator('#boot').waitFor({ state: 'detached' });
  await expect(page.locator('.skeleton')).toHaveCount(0);
  // Asked again and again: what is paused, as a message that somebody points at, would never finish.
  const moving = () => page.evaluate(() => document.getAnimations().filter((each) => each.playState === 'running' && each.effect?.getComputedTiming().iterations !== Infinity).length);
  await expect.poll(moving, { timeout: 15_000 }).toBe(0);
}

/** No finding of axe in either theme, and a picture of each. */
export async function accessible(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await settled(page);
    // In the page itself: no page has frames, for which it would open another page each time.
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target.join(' ')} ${node.any[0]?.message ?? ''}`).join(', ')}`);
    expect.soft(found, `${name}, ${colorScheme}`).toEqual([]);
    await page.screenshot({ path: `test-results/${name}-${colorScheme}.png` });
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: null });
}

/** Nothing is wider than a small phone, and fingers find every target. */
export async function fitsPhone(page: Page, name: string): Promise<void> {
  await settled(page);
  // What is too wide widens the window of a phone, too, but not the room that the page has. Under a dialog the page stands
  // still; the dialog scrolls by itself and hides what is too wide.
  const wide = await page.evaluate(() => {
    const dialog = [...document.querySelectorAll<HTMLElement>('dialog:modal')].at(-1);
    return [document.documentElement, dialog].flatMap((each) => (each && each.scrollWidth > each.clientWidth ? [`${each.tagName} ${each.scrollWidth} of ${each.clientWidth} px`] : []));
  });
  expect.soft(wide, `${name}: what scrolls aside`).toEqual([]);
  const beyond = await page.evaluate(() => {
    const edge = document.documentElement.clientWidth;
    return [...document.querySelectorAll<HTMLElement>('body *')]
      // Not what is there to be scrolled aside, nor texts that end in dots.
      .filter((each) => each.checkVisibility({ visibilityProperty: true }) && !each.closest('.sr-only, .truncate *') && !each.parentElement?.closest('.overflow-x-auto'))
      .map((each) => ({ each, box: each.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 1 && (box.right > edge + 1 || box.left < -1))
      .map(({ each, box }) => `${each.tagName} ${(each.innerText ?? '').slice(0, 30)} (${Math.round(box.left)} to ${Math.round(box.right)} px)`);
  });
  expect.soft(beyond, `${name}: what is beyond the edge`).toEqual([]);
  // Not links within a text, a card's title (all of the card is its target) and the calendar, whose list is the way for fingers.
  const small = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('button, a[href], input, select, textarea, summary')]
      .filter((each) => each.checkVisibility({ visibilityProperty: true }) && !each.closest('.sr-only, p, dd, label, article h3, article h4, .calendar') && !each.classList.contains('sr-only'))
      .map((each) => ({ box: each.getBoundingClientRect(), text: each.innerText || each.getAttribute('aria-label') || each.id }))
      .filter(({ box }) => box.height < 43.5 && box.width > 1)
      .map(({ box, text }) => `${text.slice(0, 30)} (${Math.round(box.height)} px)`)
  );
  expect.soft(small, `${name}: targets below 44 px`).toEqual([]);
  await page.screenshot({ path: `test-results/${name}-phone.png` });
}

/** The same of a page that a story on a larger screen has come to. It needs a browser with `hasTouch`. */
export async function fitsPhoneToo(page: Page, name: string): Promise<void> {
  const before = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 740 });
  await fitsPhone(page, name);
  if (before) await page.setViewportSize(before);
}
