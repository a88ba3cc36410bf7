// The list call on Fastify and better-sqlite3, with the work that tousu does for it: parse, token,
// permission, rate limit, total and page of one snapshot, render. It sends no RateLimit headers, in its favour.
//
// How it finds total and page is WORK:
// - naive: counts and steps over the rows before the page, each time;
// - remembered (the default): as naive, but a total is remembered until the shop's version moves;
// - indexed: reads the order of the list into memory at its start, and again when the shop's version moved
//   (lists.mjs); of the table it reads the page's rows only.
//
// Tuned: a process per core, statements prepared once, the file mapped into memory, one transaction a
// call, rows as arrays, dates kept per day. Measured and left out: Fastify's own serializer
// (JSON.stringify takes half of its time).
//
//     PORT=8081 DATABASE=tousu.db [WORK=naive] node server.mjs

import cluster from "node:cluster";
import { hash } from "node:crypto";
import { availableParallelism } from "node:os";
import Database from "better-sqlite3";
import Fastify from "fastify";
import { Lists } from "./lists.mjs";

const INTERFACE = "/xe.pay_through.complaint_record.xe.b_complaints.list/1.0.0";
const LIMIT = { calls: 500 * 1_000_000, milliseconds: 10_000 };
const WORK = process.env.WORK ?? "remembered";
const REMEMBERED = 10_000;
// Of each shop, where WORK is indexed.
const lists = new Map();

if (cluster.isPrimary) {
  for (let core = 0; core < availableParallelism(); core++) cluster.fork();
} else {
  serve();
}

function serve() {
  const db = new Database(process.env.DATABASE, { readonly: true });
  db.pragma("mmap_size = 1073741824");
  db.pragma("cache_size = -4000");
  if (WORK === "indexed") {
    const shops = db.prepare("select shop_id as shop, version from shops").all();
    for (const { shop, version } of shops) listsOf(db, shop, version);
  }
  const list = db.transaction((body) => answer(db, body));
  const app = Fastify();
  app.post(INTERFACE, (request, reply) => {
    reply.header("content-type", "application/json");
    return JSON.stringify(list(request.body));
  });
  app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
}

function answer(db, body) {
  if (!body.access_token) return refusal(2007, "缺少 access_token 参数");
  const now = Math.floor(Date.now() / 1000);
  const token = body.access_token;
  const shop = token.slice("xe_".length, token.lastIndexOf("_"));
  const caller = statement(db, CALLER).get({ shop, hash: hash("sha256", token), now });
  if (!caller) return refusal(2008, "access_token 已过期或不存在");
  if (!caller.grants.split(",").includes("投诉管理-查询")) return refusal(2017, "应用没有该接口的权限集");
  if (!admit(`${shop}/${caller.client_id}`, Date.now())) return refusal(2053, "接口调用次数达到上限");

  const [page, size] = [Number(body.page ?? 1), Number(body.page_size ?? 10)];
  if (!(page >= 1 && size >= 1 && size <= 1000)) return refusal(3001, "参数错误");
  const filter = filterOf(body);
  const find = WORK === "indexed" && !filter.id ? indexed : asked;
  const { total, rows } = find(db, shop, caller.version, filter, (page - 1) * size, size, now);
  return { code: 0, data: { list: rows.map((row) => rendered(row, now)), total }, msg: "操作成功" };
}

// Total and rows by SQL.
function asked(db, shop, version, filter, offset, size, now) {
  const { where, values } = clauses(shop, filter, now);
  const count = () => statement(db, `select count(*) as total from complaints where ${where}`).get(values).total;
  // What is overtime changes with the clock.
  const total =
    WORK === "naive" || filter.overtime ? count() : remembered(`${shop} ${JSON.stringify(filter)}`, version, count);
  const select = statement(db, `select ${COLUMNS} from complaints where ${where} ${PAGE}`).raw();
  return { total, rows: select.all(...values, size, offset) };
}

// Total and rows by what is in memory.
function indexed(db, shop, version, filter, offset, size, now) {
  const { total, numbers } = listsOf(db, shop, version).find(filter, offset, size, now);
  const select = statement(db, `select ${COLUMNS} from complaints where shop_id = ? and number = ?`).raw();
  return { total, rows: numbers.map((number) => select.get(shop, number)) };
}

function listsOf(db, shop, version) {
  if (lists.get(shop)?.version !== version) lists.set(shop, new Lists(db, shop, version));
  return lists.get(shop);
}

const refusal = (code, msg) => ({ code, data: null, msg });

const CALLER = `select t.client_id, a.allow_ips, s.version,
    coalesce((select group_concat(g.permission_set, ',') from grants g
              where g.shop_id = :shop and g.client_id = t.client_id), '') as grants
  from tokens t
  join apps a on a.shop_id = :shop and a.client_id = t.client_id
  join shops s on s.shop_id = :shop
  where t.shop_id = :shop and t.token_hash = :hash and t.expires_at > :now and a.disabled_at is null`;

const COLUMNS = `channel_type, closed_at, complainant_phone, complaint_from, complaint_id, complaint_reason,
  complaint_resource_id, complaint_resource_type, complaint_time, complaint_type, current_step,
  closed_overtime, operate_end_time, operate_time, state, time_limit`;
const PAGE = "order by complaint_time desc, complaint_id desc limit ? offset ?";

const statements = new Map();
function statement(db, sql) {
  let prepared = statements.get(sql);
  if (!prepared) statements.set(sql, (prepared = db.prepare(sql)));
  return prepared;
}

function filterOf(body) {
  const blank = (value) => (value ?? "") === "";
  return {
    id: blank(body.complaint_id) ? null : String(body.complaint_id),
    channel: Number(body.channel_type ?? 0),
    state: blank(body.state) ? null : Number(body.state),
    overtime: Number(body.is_overtime ?? 0),
    start: blank(body.start_time) ? null : epoch(body.start_time),
    end: blank(body.end_time) ? null : epoch(body.end_time),
  };
}

function clauses(shop, { id, channel, state, overtime, start, end }, now) {
  const all = [["shop_id = ?", shop]];
  if (id !== null) all.push(["complaint_id = ?", id]);
  if (channel !== 0) all.push(["channel_type = ?", channel]);
  if (state !== null) all.push(["state = ?", state]);
  if (start !== null) all.push(["complaint_time >= ?", start]);
  if (end !== null) all.push(["complaint_time <= ?", end]);
  if (overtime !== 0) {
    const open = overtime === 2 ? "<" : ">=";
    all.push([`(state = 2 and closed_overtime = ? or state <> 2 and operate_end_time ${open} ?)`, overtime, now]);
  }
  return { where: all.map(([sql]) => sql).join(" and "), values: all.flatMap(([, ...values]) => values) };
}

const totals = new Map();
function remembered(key, version, count) {
  const known = totals.get(key);
  if (known?.version === version) return known.total;
  const total = count();
  if (totals.size < REMEMBERED) totals.set(key, { version, total });
  return total;
}

// Exact: the moments of each caller's calls in the last ten seconds, oldest at `first`.
const windows = new Map();
function admit(caller, now) {
  let window = windows.get(caller);
  if (!window) windows.set(caller, (window = { moments: [], first: 0 }));
  const { moments } = window;
  while (window.first < moments.length && moments[window.first] <= now - LIMIT.milliseconds) window.first++;
  if (moments.length - window.first >= LIMIT.calls) return false;
  if (window.first > 4096 && window.first > moments.length / 2) {
    moments.splice(0, window.first);
    window.first = 0;
  }
  moments.push(now);
  return true;
}

function rendered(row, now) {
  const [
    channel_type, closed_at, complainant_phone, complaint_from, complaint_id, complaint_reason,
    complaint_resource_id, complaint_resource_type, complaint_time, complaint_type, current_step,
    closed_overtime, operate_end_time, operate_time, state, time_limit,
  ] = row;
  return {
    channel_type,
    closed_at: closed_at === null ? "1970-01-02 00:00:00" : beijing(closed_at),
    complainant_phone: masked(complainant_phone),
    complaint_from,
    complaint_id,
    complaint_reason,
    complaint_resource_id,
    complaint_resource_type,
    complaint_time: beijing(complaint_time),
    complaint_type,
    current_step,
    is_overtime: state === 2 ? closed_overtime : now > operate_end_time ? 2 : 1,
    operate_end_time: beijing(operate_end_time),
    operate_time: beijing(operate_time),
    state,
    time_limit,
  };
}

const TWO = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, "0"));
const dates = new Map();
function beijing(epoch) {
  const local = epoch + 8 * 3600;
  const [day, second] = [Math.floor(local / 86_400), local % 86_400];
  let date = dates.get(day);
  if (!date) dates.set(day, (date = new Date(day * 86_400_000).toISOString().slice(0, 10)));
  return `${date} ${TWO[Math.floor(second / 3600)]}:${TWO[Math.floor(second / 60) % 60]}:${TWO[second % 60]}`;
}

const epoch = (beijing) => Date.parse(`${beijing.replace(" ", "T")}+08:00`) / 1000;

function masked(phone) {
  const [head, tail] = phone.length < 11 ? [phone.length >> 2, Math.floor(phone.length / 3)] : [3, 4];
  const end = phone.length - tail;
  return phone.slice(0, head) + phone.slice(head, end).replace(/\d/g, "*") + phone.slice(end);
}
