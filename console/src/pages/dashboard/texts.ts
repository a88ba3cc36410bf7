import { texts } from '~/i18n';

const number = (count: number) => count.toLocaleString('en');

export const TEXTS = texts({
  title: ['数据看板', 'Dashboard'],
  asOf: (time: string) => [`截至 ${time}`, `as of ${time}`],
  refresh: ['刷新', 'Refresh'],
  fine: ['一切正常：没有超时的投诉', 'All is well: nothing is overdue'],
  dueToday: (count: number) => [`今天还有 ${number(count)} 件到期`, `${number(count)} more due today`],
  nothingDue: ['今天没有到期的投诉', 'nothing is due today'],
  late: (count: number) => [
    `${number(count)} 件投诉已超时，请先处理`,
    `${number(count)} overdue: handle these first`,
  ],

  now: ['此刻', 'Right now'],
  newToday: ['今日新增', 'New today'],
  open: ['未完成', 'Open'],
  openParts: (pending: number, running: number) => [
    `待处理 ${number(pending)} · 处理中 ${number(running)}`,
    `${number(pending)} pending · ${number(running)} in progress`,
  ],
  due: ['今日到期', 'Due today'],
  dueSoon: (hours: number, count: number) => [
    `${hours} 小时内 ${number(count)}`,
    `${number(count)} within ${hours} h`,
  ],
  overdue: ['已超时', 'Overdue'],
  unassigned: (count: number) => [`未分派 ${number(count)}`, `${number(count)} unassigned`],

  range: ['统计时间（投诉时间）', 'Range (time of complaint)'],
  today: ['今天', 'Today'],
  '7d': ['近 7 天', 'Last 7 days'],
  '30d': ['近 30 天', 'Last 30 days'],
  '90d': ['近 90 天', 'Last 90 days'],
  month: ['本月', 'This month'],
  all: ['全部', 'All time'],
  custom: ['自选日期', 'Other days'],
  channels: ['全部渠道', 'All channels'],
  channelsLabel: ['渠道', 'Channels'],

  total: ['投诉数', 'Complaints'],
  overtime: ['超时', 'Overtime'],
  overtimeRate: ['超时率', 'Overtime rate'],
  outOf: (part: number, whole: number) => [
    `${number(part)} / ${number(whole)} 件`,
    `${number(part)} of ${number(whole)}`,
  ],
  firstReply: ['首次回复用时', 'Time to first reply'],
  closing: ['结单用时', 'Time to close'],
  median: ['中位数', 'Median'],
  p90: ['90% 在此之内', '90% within'],
  ofReplied: (count: number) => [`${number(count)} 件已回复`, `${number(count)} replied`],
  ofClosed: (count: number) => [`${number(count)} 件已结单`, `${number(count)} closed`],

  byDay: ['每日投诉', 'By day'],
  day: ['日期', 'Day'],
  byChannel: ['按渠道', 'By channel'],
  channel: ['渠道', 'Channel'],
  bySource: ['按来源', 'By source'],
  source: ['来源', 'Source'],
  byHour: ['一天中的时段', 'By hour of day'],
  hour: ['时段', 'Hour'],
  byAssignee: ['按处理人', 'By assignee'],
  assignee: ['处理人', 'Assignee'],
  nobody: ['未分派', 'Unassigned'],
  closed: ['已完成', 'Closed'],
  byResource: ['投诉最多的资源或订单', 'Most complaints by resource or order'],
  byResourceLead: [
    '找出引起投诉的课程：同一资源反复出现时，问题多半在它身上。',
    'Finds the course behind them: what appears again and again is likely the cause.',
  ],
  resource: ['资源或订单', 'Resource or order'],
  inTime: ['未超时', 'In time'],

  chartOf: (what: string, count: number, late: number) => [
    `${what}：共 ${number(count)} 件，其中超时 ${number(late)} 件；数字见下面的表格`,
    `${what}: ${number(count)} in all, ${number(late)} overtime; the figures are in the table below`,
  ],
  showTable: ['以表格查看', 'Show as a table'],
  none: ['这段时间没有投诉', 'No complaints in this range'],
  noneLead: ['换一段时间或渠道再看。', 'Choose another range or channel.'],
  more: (count: number) => [`还有 ${number(count)} 项`, `${number(count)} more`],
  less: ['收起', 'Fewer'],
});
