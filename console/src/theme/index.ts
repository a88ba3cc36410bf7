export { type Choice, paint, setTheme, Themed, useScheme, useThemeChoice } from './theme';
export { type Colour, colour, type Scheme } from './tokens';
