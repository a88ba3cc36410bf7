// The published page's codes and what people call them. Codes that it does not list are shown as they came.

import { type Language, type Pair, pick } from './i18n';

type Table = ReadonlyMap<number, Pair>;

export const CHANNELS: Table = new Map([
  [1, ['店铺', 'Shop']],
  [2, ['小鹅通平台', 'Platform']],
  [3, ['微信支付', 'WeChat Pay']],
  [4, ['支付宝', 'Alipay']],
]);

export const SOURCES: Table = new Map([
  [101, ['H5店铺', 'H5 shop']],
  [102, ['微信小程序', 'WeChat mini-program']],
  [103, ['PC店铺', 'PC shop']],
  [104, ['鹅直播小程序', 'Live-stream mini-program']],
  [105, ['鹅圈子小程序', 'Community mini-program']],
  [106, ['鹅打卡小程序', 'Check-in mini-program']],
  [107, ['视频号卖货(小鹅通小店)', 'WeChat Channels store']],
  [201, ['外部-微信支付投诉', 'External: WeChat Pay']],
  [202, ['外部-支付宝支付投诉', 'External: Alipay']],
  [203, ['外部-400热线/IM', 'External: 400 hotline or chat']],
  [204, ['外部-工商投诉', 'External: industry and commerce']],
  [205, ['外部-315投诉', 'External: 315']],
  [206, ['外部-抖音支付', 'External: Douyin Pay']],
  [207, ['外部-黑猫', 'External: Black Cat']],
  [208, ['外部-微信平台', 'External: WeChat platform']],
  [209, ['外部-12345投诉', 'External: 12345 hotline']],
  [10, ['外部-客诉邮箱投诉', 'External: complaint mail']],
  [210, ['外部-客诉邮箱投诉', 'External: complaint mail']],
]);

export const TYPES: Table = new Map([
  [1, ['交易投诉', 'Trade']],
  [2, ['内容投诉', 'Content']],
  [3, ['第三方平台录入', 'Entered from a third party']],
]);

export const STEPS: Table = new Map([
  [1, ['C端新投诉', 'New from the consumer']],
  [2, ['商家已回复', 'Merchant has replied']],
  [3, ['小鹅通录入', 'Entered by the platform']],
  [4, ['小鹅通核验不通过', 'Platform’s check failed']],
  [5, ['小鹅通结单', 'Closed by the platform']],
  [6, ['第三方数据导入', 'Imported from a third party']],
]);

/** The step in the detail's numbering says "C端回复", for which the list has no number. */
const CONSUMER_REPLIED = 3;

export const STATES: Table = new Map([
  [0, ['待处理', 'Pending']],
  [1, ['处理中', 'In progress']],
  [2, ['处理完成', 'Done']],
]);

export const OVERTIME: Table = new Map([
  [1, ['否', 'No']],
  [2, ['是', 'Yes']],
]);

/** What people call that code; the number itself where the page lists none. */
export function label(table: Table, code: number, language?: Language): string {
  const pair = table.get(code);
  return pair ? pick(pair, language) : String(code);
}

/** What was done last, a consumer's reply included. */
export function stepLabel(step: number, detailStep: number | undefined, language?: Language): string {
  return detailStep === CONSUMER_REPLIED
    ? pick(['C端回复', 'Consumer has replied'], language)
    : label(STEPS, step, language);
}

/** A table as choices of a select. */
export function choices(table: Table, language?: Language): { value: number; label: string }[] {
  return [...table].map(([value, pair]) => ({ value, label: pick(pair, language) }));
}
