import { expect, it } from 'vitest';
import { besides } from './besides';

const window = { width: 360, height: 740 };
const menu = { width: 200, height: 150 };

it('menu_with_room_below_stands_below_its_button', () => {
  expect(besides({ left: 20, top: 10, width: 100, height: 40 }, menu, window)).toEqual({ left: '20px', top: '56px' });
});

it('menu_of_a_button_at_the_lower_edge_stands_above_it', () => {
  expect(besides({ left: 20, top: 690, width: 100, height: 40 }, menu, window)).toEqual({ left: '20px', top: '534px' });
});

it('menu_of_a_button_at_the_right_edge_stays_within_the_window', () => {
  expect(besides({ left: 310, top: 10, width: 40, height: 40 }, menu, window).left).toBe('148px');
});
