import { expect, test } from 'vitest';
import { colour, READ_ON, type Scheme } from './tokens';

/** Relative luminance by WCAG 2. */
function luminance(hex: string): number {
  const channel = (at: number) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

test.each(['light', 'dark'] satisfies Scheme[])('every text is readable in %s', (scheme) => {
  for (const [text, ground] of READ_ON) {
    expect(
      contrast(colour(text, scheme), colour(ground, scheme)),
      `${text} on ${ground}`,
    ).toBeGreaterThanOrEqual(4.5);
  }
  // Edges of what one types into are no text: 3 is enough.
  expect(contrast(colour('edge', scheme), colour('page', scheme))).toBeGreaterThanOrEqual(3);
});
