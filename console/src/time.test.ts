import { expect, test } from 'vitest';
import { DAY, dateTime, dayStart, HOUR, MINUTE, NEVER, parse, relative, short, span, urgency } from './time';

const AT = parse('2024-04-19 11:25:19') as number;

test('times are Beijing’s, whatever zone the browser is in', () => {
  expect(AT).toBe(Date.UTC(2024, 3, 19, 3, 25, 19) / 1000);
  expect(dateTime(AT)).toBe('2024-04-19 11:25:19');
  expect(parse('2024-04-19')).toBe(Date.UTC(2024, 3, 18, 16) / 1000);
  expect(dateTime(dayStart(AT))).toBe('2024-04-19 00:00:00');
  expect(dateTime(dayStart(parse('2024-04-19 00:00:00') as number))).toBe('2024-04-19 00:00:00');
});

test('what is no time is none', () => {
  for (const written of [NEVER, '', null, undefined, 'soon']) expect(parse(written)).toBeNull();
});

test('the year is said where it is another one', () => {
  expect(short(AT, AT + 30 * DAY)).toBe('04-19 11:25');
  expect(short(AT, AT + 300 * DAY)).toBe('2024-04-19 11:25');
});

test('spans have two units at most', () => {
  expect(span(59, 'zh')).toBe('59 秒');
  expect(span(3 * HOUR + 12 * MINUTE + 5, 'zh')).toBe('3 小时 12 分');
  expect(span(3 * HOUR, 'en')).toBe('3 h');
  expect(span(2 * DAY + 5 * HOUR + 9, 'en')).toBe('2 d 5 h');
  expect(span(40 * DAY + 5 * HOUR, 'zh')).toBe('40 天');
  expect(span(-90, 'zh')).toBe('1 分');
});

test('distances are said in words', () => {
  expect(relative(AT + 3 * HOUR, AT, 'zh')).toBe('3 小时后');
  expect(relative(AT + 3 * HOUR, AT, 'en')).toBe('in 3 h');
  expect(relative(AT - 5 * MINUTE, AT, 'zh')).toBe('5 分前');
  expect(relative(AT - 59 * MINUTE - 45, AT, 'zh')).toBe('1 小时前');
  expect(relative(AT - 47 * HOUR, AT, 'zh')).toBe('47 小时前');
  expect(relative(AT - 3 * DAY, AT, 'en')).toBe('3 d ago');
  expect(relative(AT, AT, 'zh')).toBe('刚刚');
});

test('deadlines turn amber a day before, red four hours before', () => {
  expect(urgency(AT + DAY, AT)).toBe('calm');
  expect(urgency(AT + DAY - 1, AT)).toBe('soon');
  expect(urgency(AT + 4 * HOUR - 1, AT)).toBe('urgent');
  expect(urgency(AT, AT)).toBe('urgent');
  expect(urgency(AT - 1, AT)).toBe('late');
});
