// Why a call was not answered, by the codes of the envelope.

import { getLanguage, type Language, type Pair, pick } from '~/i18n';

/** The codes that the console decides by. */
export const CODE = {
  busy: 1001,
  noToken: 2007,
  tokenExpired: 2008,
  notPermitted: 2017,
  limitReached: 2053,
  invalid: 3001,
  noSuchComplaint: 3002,
  notAllowed: 3003,
  changedMeanwhile: 3004,
  phoneNotKept: 3008,
  wrongLogin: 3010,
  otpNeeded: 3011,
  otpWrong: 3012,
  notSignedIn: 3013,
  csrf: 3014,
  /** No answer came at all. */
  offline: -1,
  /** What came was no envelope. */
  garbled: -2,
} as const;

const MEANINGS: ReadonlyMap<number, Pair> = new Map<number, Pair>([
  [CODE.offline, ['连不上服务，请检查网络', 'The server cannot be reached. Check your network.']],
  [CODE.garbled, ['服务的应答无法识别', 'The server’s answer makes no sense.']],
  [CODE.busy, ['系统繁忙，请稍后重试', 'The server is busy. Try again in a moment.']],
  [CODE.limitReached, ['操作太频繁，请稍后重试', 'Too many calls. Try again in a moment.']],
  [CODE.notPermitted, ['您没有这项操作的权限', 'Your role does not allow this.']],
  [CODE.noSuchComplaint, ['投诉单不存在', 'There is no such complaint.']],
  [CODE.notAllowed, ['当前状态不允许该操作', 'This is not allowed in the state that it is in.']],
  [CODE.changedMeanwhile, ['投诉单已被他人更改', 'Somebody else has changed the complaint.']],
  [CODE.phoneNotKept, ['没有保存完整号码', 'The whole number is not kept.']],
  [CODE.wrongLogin, ['账号或密码不正确', 'The login or the password is wrong.']],
  [CODE.otpNeeded, ['需要动态口令', 'A one-time code is needed.']],
  [CODE.otpWrong, ['动态口令不正确或已用过', 'The one-time code is wrong or was used.']],
  [CODE.notSignedIn, ['登录已失效，请重新登录', 'You are signed out. Please sign in again.']],
  [CODE.csrf, ['您在别的窗口重新登录过，请再试一次', 'You signed in anew in another window. Try again.']],
]);

export class CallFailed extends Error {
  override readonly name = 'CallFailed';

  constructor(
    readonly code: number,
    /** What the server says, in its language. */
    readonly said: string,
    /** By which its log tells the call. */
    readonly requestId: string | null = null,
    /** Seconds after which it may be tried again, if the server said so. */
    readonly retryAfter: number | null = null,
  ) {
    super(`${code} ${said}`);
  }

  /** A sentence for people. The server's is more exact, but has the server's language. */
  text(language: Language = getLanguage()): string {
    const meaning = MEANINGS.get(this.code);
    const own = meaning && pick(meaning, language);
    return (language === 'en' ? own || this.said : this.said || own) ?? String(this.code);
  }
}

export const isCode = (error: unknown, ...codes: number[]): error is CallFailed =>
  error instanceof CallFailed && codes.includes(error.code);

/** What people read of anything that went wrong. */
export function failureText(error: unknown, language?: Language): string {
  if (error instanceof CallFailed) return error.text(language);
  return error instanceof Error ? error.message : String(error);
}
