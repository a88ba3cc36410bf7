// Days as calendars draw them. Here alone, so that wherever there is a calendar its words are there in both languages.

import dayjs from 'dayjs';
import 'dayjs/locale/zh-cn';

export type { Dayjs } from 'dayjs';
export { dayjs };
