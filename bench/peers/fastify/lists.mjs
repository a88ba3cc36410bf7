// A shop's complaints in the order of the list, kept in memory: total and page of any filter in a time that
// does not grow with them. Everything is a rank, 0 for the newest complaint; a list is an ascending array of ranks.

const OPEN = [0, 1];

export class Lists {
  constructor(db, shop, version) {
    this.version = version;
    const count = db.prepare("select count(*) from complaints where shop_id = ?").pluck().get(shop);
    this.numbers = new Uint32Array(count);
    this.times = new Uint32Array(count);
    this.deadlines = new Uint32Array(count);
    const lists = new Map();
    const rows = db.prepare(
      `select number, complaint_time, operate_end_time, channel_type, state, closed_overtime
       from complaints where shop_id = ? order by complaint_time desc, complaint_id desc`,
    );
    let rank = 0;
    for (const [number, time, deadline, channel, state, fact] of rows.raw().iterate(shop)) {
      [this.numbers[rank], this.times[rank], this.deadlines[rank]] = [number, time, deadline];
      for (const of of [0, channel]) {
        append(lists, `${of} all`, rank);
        append(lists, `${of} ${state}`, rank);
        append(lists, `${of} ${OPEN.includes(state) ? "open" : `closed ${fact}`}`, rank);
      }
      rank++;
    }
    this.lists = new Map([...lists].map(([name, list]) => [name, list.ranks.slice(0, list.length)]));
    this.split = new Map();
  }

  // The total, and the numbers of the page's complaints.
  find({ channel, state, overtime, start, end }, offset, size, now) {
    // Times fall as ranks rise.
    const first = end === null ? 0 : lowerBound(this.times, (time) => time <= end);
    const after = start === null ? this.times.length : lowerBound(this.times, (time) => time < start);
    const parts = this.parts(channel, state, overtime, now).map((list) =>
      list.subarray(lowerBound(list, (rank) => rank >= first), lowerBound(list, (rank) => rank >= after)),
    );
    const total = parts.reduce((sum, part) => sum + part.length, 0);
    const ranks = parts.length === 1 ? parts[0].subarray(offset, offset + size) : merged(...parts, offset, size);
    return { total, numbers: Array.from(ranks, (rank) => this.numbers[rank]) };
  }

  // The lists that together are the filter's, times left aside.
  parts(channel, state, overtime, now) {
    const list = (name) => this.lists.get(`${channel} ${name}`) ?? NONE;
    if (overtime === 0) return [list(state ?? "all")];
    const closed = () => list(`closed ${overtime}`);
    const open = (name) => this.byClock(list(name), now)[overtime === 2 ? "late" : "inTime"];
    if (state === 2) return [closed()];
    return state === null ? [closed(), open("open")] : [open(state)];
  }

  // Open complaints by the clock, split again only when another deadline is behind.
  byClock(list, now) {
    let split = this.split.get(list);
    if (!split || now > split.until) {
      const late = list.filter((rank) => now > this.deadlines[rank]);
      const inTime = list.filter((rank) => now <= this.deadlines[rank]);
      const until = inTime.reduce((next, rank) => Math.min(next, this.deadlines[rank]), Infinity);
      this.split.set(list, (split = { late, inTime, until }));
    }
    return split;
  }
}

const NONE = new Uint32Array();

function append(lists, name, rank) {
  let list = lists.get(name);
  if (!list) lists.set(name, (list = { ranks: new Uint32Array(1024), length: 0 }));
  if (list.length === list.ranks.length) {
    const larger = new Uint32Array(2 * list.length);
    larger.set(list.ranks);
    list.ranks = larger;
  }
  list.ranks[list.length++] = rank;
}

// The first place whose value is so; all after it are.
function lowerBound(values, isSo) {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isSo(values[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

// `size` ranks from `offset` on of what two lists are when merged.
function merged(one, other, offset, size) {
  if (offset >= one.length + other.length) return NONE;
  // How many of the first `offset` are from `one`: the least that leaves none of it before what is from `other`.
  let [low, high] = [Math.max(0, offset - other.length), Math.min(offset, one.length)];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (one[middle] > other[offset - middle - 1]) high = middle;
    else low = middle + 1;
  }
  let [at, beside] = [low, offset - low];
  const ranks = [];
  while (ranks.length < size && (at < one.length || beside < other.length)) {
    const fromOne = beside >= other.length || one[at] < other[beside];
    ranks.push(fromOne ? one[at++] : other[beside++]);
  }
  return ranks;
}
