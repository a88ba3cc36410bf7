// Every page there is, in the states that people see: for what must hold on all of them, and for pictures.

import { withPage } from './browser.mjs';
import { asUser, follow } from './console.mjs';
import { call } from './server.mjs';

/** What the pages are to show: a template, a tag, a notice; and a complaint with a history. */
export async function prepare(demo) {
  await call(demo, 'tousu.settings.set', {
    templates: [
      { name: '已退款', text: '您好，订单 {{order}} 的款项已原路退回，请查收。' },
      { name: '补充凭证', text: '您好，为尽快处理 {{complaint_id}}，请补充付款凭证。' },
    ],
    tags: ['退款', '课程质量', '发货'],
  });
  await call(demo, 'tousu.subscription.create', {
    kind: 'wecom', name: '客服一组', target: 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=none',
    quiet_hours: '22:00-08:00', digest_time: '09:05', enabled: 0,
  });
  // The published page's own example, whose text is none that anybody would write.
  await call(demo, 'tousu.complaint.reply', { complaint_id: 'c_661a9d66b6733_qTRys2mU', content: '已处理。', finish: 1 });
  const { list } = await call(demo, 'tousu.complaint.search', { state: [0], sort: 'deadline', page_size: 30 });
  const names = ['小李', '小王', '小陈'];
  for (const [at, { complaint_id }] of list.slice(0, 24).entries()) {
    await call(demo, 'tousu.complaint.assign', { complaint_id, assignee: names[at % 3] });
  }
  const complaint_id = await firstWithPictures(demo, list.slice(3));
  await call(demo, 'tousu.complaint.tag', { complaint_id, add: ['退款', '课程质量'] });
  await call(demo, 'tousu.complaint.note', { complaint_id, content: '已联系班主任核实上课记录。' });
  await call(demo, 'tousu.complaint.reply', { complaint_id, content: '您好，已收到您的投诉，我们正在核实。' });
  return { complaint_id };
}

/** The first of them of which the consumer has sent pictures. */
async function firstWithPictures(demo, list) {
  for (const { complaint_id } of list) {
    const { info } = await call(demo, 'tousu.complaint.get', { complaint_id });
    if (info.uploaded_images.length > 1) return complaint_id;
  }
  throw new Error('no complaint has pictures');
}

/** Runs `body` on a page of whoever the view is for. */
export const onView = (browser, demo, view, options, body) =>
  view.user
    ? asUser(browser, demo, demo.users[view.user], body, options)
    : withPage(browser, demo.address, options, body);

const settings = (part, heading) => ({
  name: `settings-${part}`,
  user: 'admin',
  show: async (page) => {
    await page.goto(`/settings/${part}`);
    await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    await loaded(page);
  },
});

/** Nothing is on its way any more. */
const loaded = async (page) => {
  await page.waitForFunction(() => !document.querySelector('.ant-skeleton, [aria-busy="true"]'));
};

/**
 * `show(page, things)` leaves the page as it is to be looked at; `user` is who is signed in, if anybody; `window`: it is
 * what is in the window, not the page below it.
 */
export const VIEWS = [
  {
    name: 'sign-in',
    show: async (page) => {
      await page.goto('/sign-in');
      await page.getByLabel('账号').waitFor();
    },
  },
  {
    name: 'queue',
    user: 'admin',
    show: async (page) => {
      await page.goto('/queue');
      await page.locator('[data-row]').first().waitFor();
    },
  },
  {
    name: 'queue-filters',
    user: 'admin',
    show: async (page) => {
      await page.goto('/queue?tab=all&channel=3&overtime=2');
      await page.getByPlaceholder('开始日期').first().waitFor();
      await loaded(page);
    },
  },
  {
    name: 'queue-empty',
    user: 'admin',
    show: async (page) => {
      await page.goto('/queue?tab=all&q=查无此事');
      await page.getByText('没有符合条件的投诉').waitFor();
    },
  },
  {
    name: 'complaint',
    user: 'admin',
    show: async (page, { complaint_id }) => {
      await page.goto(`/complaints/${complaint_id}`);
      await page.getByText('已联系班主任核实上课记录。').waitFor();
    },
  },
  {
    name: 'complaint-drawer',
    user: 'admin',
    window: true,
    show: async (page, { complaint_id }) => {
      await page.goto(`/queue?tab=all&open=${complaint_id}`);
      await page.locator('[data-row]').first().waitFor();
      await page.getByText('已联系班主任核实上课记录。').waitFor();
    },
  },
  {
    name: 'dashboard',
    user: 'admin',
    show: async (page) => {
      await page.goto('/dashboard');
      await page.getByRole('heading', { name: '投诉最多的资源或订单' }).waitFor();
      await page.locator('svg text').first().waitFor();
      await loaded(page);
    },
  },
  settings('deadlines', '处理期限'),
  settings('handling', '提醒与结单'),
  settings('templates', '回复模板'),
  settings('tags', '标签'),
  settings('members', '成员'),
  settings('apps', '应用'),
  settings('notices', '通知'),
  {
    name: 'settings-notice-form',
    user: 'admin',
    window: true,
    show: async (page) => {
      await page.goto('/settings/notices');
      await page.getByRole('button', { name: '新增通知' }).click();
      await page.getByRole('dialog').getByText('日报时间').waitFor();
    },
  },
  settings('mirror', '官方数据同步'),
  settings('account', '我的账号'),
  {
    name: 'import',
    user: 'admin',
    show: async (page) => {
      await page.goto('/import');
      await page.getByText('把文件拖到这里，或点击选择').waitFor();
    },
  },
  {
    name: 'import-columns',
    user: 'admin',
    show: async (page) => {
      await page.goto('/import');
      await page.locator('input[type=file]').setInputFiles({
        name: '投诉.csv',
        mimeType: 'text/csv',
        buffer: Buffer.from(
          '\u{feff}投诉单号,问题描述,来的时间,备注\r\nc_picture_1,课程打不开，要退款,2024-04-19 11:25:19,急\r\nc_picture_2,直播回放无法观看,2024-04-20 09:00:00,\r\n',
        ),
      });
      await page.getByText('共 2 行').waitFor();
    },
  },
  {
    name: 'not-found',
    user: 'admin',
    show: async (page) => {
      await page.goto('/queue');
      await follow(page, '/nowhere');
      await page.getByText(/没有这个页面|找不到/).first().waitFor();
    },
  },
  {
    name: 'docs',
    user: 'admin',
    window: true,
    show: async (page) => {
      await page.goto('/docs#/xe.pay_through.complaint_record.xe.b_complaints.list');
      await page.getByRole('button', { name: '使用我的登录' }).click();
      // The token is there.
      await page.waitForFunction(() => [...document.querySelectorAll('input')].some(({ value }) => value.startsWith('xe_')));
      await page.getByRole('button', { name: '发送请求' }).click();
      await page.getByRole('status').filter({ hasText: '成功' }).waitFor();
    },
  },
];
