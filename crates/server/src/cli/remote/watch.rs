//! `tousu list --watch`: looks again and again, and marks what is new and what has changed.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tousu_client::{Client, Error};
use tousu_wire::{BeijingTime, Lang, Text};

use super::columns::{self, Column, Layout};
use super::filters::{Filters, Plan};
use super::marks::{Mark, Marks, Seen};
use super::output::{Form, Output, written};
use super::screen::{Screen, Tone, cut, height, on_one_line};
use super::walk::Walk;
use super::{Connection, asked, screen};
use crate::cli::Session;

/// What is watched, and how.
pub(super) struct Watched {
    pub(super) connection: Connection,
    pub(super) filters: Filters,
    /// Those that were asked for; none: what the screen has room for.
    pub(super) columns: Vec<&'static Column>,
    /// Rows at most; none: as many as the screen has room for, and into a pipe all that are new.
    pub(super) limit: Option<u64>,
    /// Seconds between two looks.
    pub(super) every: i64,
}

/// Rows of the first look where neither a limit nor a screen says how many.
const ROWS: u64 = 20;
/// So many times as many rows when those were not enough.
const FURTHER: u64 = 10;
/// Lines around the rows: what is watched, an error, headings, how many more.
const AROUND: usize = 4;

pub(super) async fn run(
    session: Session,
    watched: Watched,
    form: Form,
    screen: Screen,
) -> anyhow::Result<ExitCode> {
    match form {
        Form::Table(_) if screen.width.is_some() => on_screen(&session, &watched, screen).await,
        form => as_lines(&session, &watched, form).await,
    }
}

async fn look(client: Client, plan: Plan, most: u64) -> Result<Seen, Error> {
    // One row more tells that there are more.
    let page_size = i64::try_from(most.saturating_add(1)).unwrap_or(1000).clamp(1, 1000);
    let mut walk = Walk::new(&client, &plan, page_size);
    let mut rows = Vec::new();
    let mut cut = false;
    while let Some(row) = walk.next().await? {
        if rows.len() as u64 == most {
            cut = true;
            break;
        }
        rows.push(row);
    }
    Ok(Seen { rows, total: walk.total().filter(|_| plan.kept.flags().is_empty()), cut })
}

/// Looks as far back as the look before saw, so that nothing is passed over that came in between. The outer error is
/// of the filters.
async fn look_back(watched: &Watched, marks: &Marks, now: i64) -> anyhow::Result<Result<Seen, Error>> {
    let mut most = watched.limit.unwrap_or(ROWS);
    loop {
        let plan = watched.filters.plan(now)?;
        let seen = look(watched.connection.client.clone(), plan, most).await;
        match &seen {
            Ok(fresh) if watched.limit.is_none() && !marks.reached_by(fresh) => {
                most = most.saturating_mul(FURTHER);
            }
            _ => return Ok(seen),
        }
    }
}

/// Whatever may end a watch from outside.
fn told_to_stop() -> io::Result<impl Future<Output = ()>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Into a pipe: what is there, then what is new or changed.
async fn as_lines(session: &Session, watched: &Watched, form: Form) -> anyhow::Result<ExitCode> {
    let mut output = Output::new(form, session.lang);
    output.begin()?;
    output.flush()?;
    let mut marks = Marks::default();
    let stop = told_to_stop()?;
    tokio::pin!(stop);
    let every = Duration::from_secs(watched.every.unsigned_abs());
    loop {
        let now = session.clock.epoch();
        let looking = look_back(watched, &marks, now);
        let seen = tokio::select! {
            biased;
            () = &mut stop => return Ok(ExitCode::SUCCESS),
            seen = looking => seen?,
        };
        match seen {
            Ok(seen) => {
                let is_first = marks.looks == 0;
                let news = marks.take_in(&seen, now);
                for (row, mark) in seen.rows.iter().zip(news) {
                    if is_first || mark.is_some() {
                        output.row(row, now)?;
                    }
                }
                output.flush()?;
            }
            Err(error) if error.is_retryable() => session.note(&error.to_string()),
            Err(error) => return asked("list", Err(error)),
        }
        tokio::select! {
            biased;
            () = &mut stop => return Ok(ExitCode::SUCCESS),
            () = tokio::time::sleep(every) => {}
        }
    }
}

/// The other page of the terminal, without a cursor, until it is dropped.
struct OtherPage;

impl OtherPage {
    fn turn_to() -> anyhow::Result<Self> {
        written(print("\u{1b}[?1049h\u{1b}[?25l"))?;
        Ok(OtherPage)
    }
}

impl Drop for OtherPage {
    fn drop(&mut self) {
        // Where the terminal is gone there is nothing to be put back.
        let _ = print("\u{1b}[?25h\u{1b}[?1049l");
    }
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// What the screen tells beside the rows.
#[derive(Default)]
struct Told {
    profile: String,
    every: i64,
    /// When the last look that went well began.
    at: Option<i64>,
    error: Option<String>,
}

async fn on_screen(session: &Session, watched: &Watched, screen: Screen) -> anyhow::Result<ExitCode> {
    let stop = told_to_stop()?;
    tokio::pin!(stop);
    let mut resized = signal(SignalKind::window_change())?;
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    // After a sleep of the machine one is enough.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut looks: JoinSet<Result<Seen, Error>> = JoinSet::new();
    let (mut marks, mut seen) = (Marks::default(), Seen { rows: Vec::new(), total: None, cut: false });
    let mut told = Told { profile: watched.connection.name.clone(), every: watched.every, ..Told::default() };
    let mut next_look = session.clock.epoch();
    let _page = OtherPage::turn_to()?;
    loop {
        tokio::select! {
            biased;
            () = &mut stop => return Ok(ExitCode::SUCCESS),
            Some(looked) = looks.join_next(), if !looks.is_empty() => {
                let now = session.clock.epoch();
                next_look = now + watched.every;
                match looked? {
                    Ok(fresh) => {
                        marks.take_in(&fresh, now);
                        seen = fresh;
                        (told.at, told.error) = (Some(now), None);
                    }
                    Err(error) if error.is_retryable() => told.error = Some(error.to_string()),
                    Err(error) => return asked("list", Err(error)),
                }
            }
            _ = resized.recv() => next_look = session.clock.epoch(),
            _ = ticks.tick() => {}
        }
        let now = session.clock.epoch();
        let size = Screen { width: Some(screen::width()), ..screen };
        let room = height().saturating_sub(AROUND).max(1);
        if looks.is_empty() && now >= next_look {
            let most = watched.limit.unwrap_or(room as u64);
            looks.spawn(look(watched.connection.client.clone(), watched.filters.plan(now)?, most));
        }
        let columns = match watched.columns.as_slice() {
            [] => columns::fitting(size.width, session.lang),
            chosen => chosen.to_vec(),
        };
        let layout = Layout::new(columns, size, session.lang, true);
        let frame = Frame {
            screen: size,
            lang: session.lang,
            layout: &layout,
            told: &told,
            seen: &seen,
            marks: &marks,
            room,
            now,
        };
        // One write, each line cleared behind its end, and shown at once where the terminal can do that.
        let text = format!(
            "\u{1b}[?2026h\u{1b}[H{}\u{1b}[K\u{1b}[J\u{1b}[?2026l",
            frame.lines().join("\u{1b}[K\r\n")
        );
        written(print(&text))?;
    }
}

/// All that a screen shows.
struct Frame<'a> {
    screen: Screen,
    lang: Lang,
    layout: &'a Layout,
    told: &'a Told,
    seen: &'a Seen,
    marks: &'a Marks,
    /// Lines that there are for rows.
    room: usize,
    now: i64,
}

impl Frame<'_> {
    fn pick(&self, text: &str) -> String {
        Text::from(text).pick(self.lang).to_owned()
    }

    /// Its lines: no more than the screen has, none wider.
    fn lines(&self) -> Vec<String> {
        let Frame { screen, layout, told, seen, room, now, .. } = *self;
        let width = screen.width.unwrap_or(usize::MAX);
        let toned = |text: &str, tone| screen.toned(&cut(&on_one_line(text), width), tone);
        let error = told.error.as_ref().map(|error| toned(&self.pick(error), Tone::Bad));
        let mut lines =
            vec![toned(&self.title(), Tone::Dim), error.unwrap_or_default(), cut(&layout.heading(), width)];
        for row in seen.rows.iter().take(room) {
            let mark = match self.marks.of(row, now) {
                Some(Mark::New) => "●",
                Some(Mark::Changed) => "○",
                None => "",
            };
            // A line over the edge would push the others up, where columns were asked for that do not fit.
            lines.push(cut(&layout.row(row, now, mark), width));
        }
        if seen.cut || seen.rows.len() > room {
            let more = seen.total.map(|total| total - seen.rows.len().min(room) as i64);
            let text = match more {
                Some(more) => format!("…… 还有 {more} 条 ¦ … {more} more"),
                None => "…… 还有更多 ¦ … and more".into(),
            };
            lines.push(toned(&self.pick(&text), Tone::Dim));
        }
        lines
    }

    /// What is watched, as of when, and what is new.
    fn title(&self) -> String {
        let Frame { told, seen, marks, now, .. } = *self;
        let every = told.every;
        let mut title = vec![told.profile.clone()];
        title.push(match told.at {
            None => self.pick("正在读取…… ¦ reading …"),
            Some(at) => {
                let time = BeijingTime::from_epoch(at).to_string();
                let time = time.get(11..).unwrap_or_default();
                self.pick(&format!("{time} 更新，每 {every} 秒 ¦ read at {time}, every {every} s"))
            }
        });
        title.extend(seen.total.map(|total| self.pick(&format!("共 {total} 条 ¦ {total} in all"))));
        let marked = |mark| seen.rows.iter().filter(|row| marks.of(row, now) == Some(mark)).count();
        let (new, changed) = (marked(Mark::New), marked(Mark::Changed));
        if new + changed > 0 {
            title.push(self.pick(&format!("● 新 {new}，○ 变 {changed} ¦ ● {new} new, ○ {changed} changed")));
        }
        title.join("  ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tousu_wire::complaint_list::Row;

    use super::*;
    use crate::cli::remote::screen::columns_of;
    use crate::cli::remote::testing;

    /// 2024-05-01 12:00:00 in Beijing.
    const NOW: i64 = 1_714_536_000;

    fn row(id: &str, age: i64, state: i64) -> Row {
        let time = BeijingTime::from_epoch(NOW - age);
        testing::row(json!({ "complaint_id": id, "complaint_time": time, "state": state }))
    }

    fn seen(rows: &[Row], cut: bool) -> Seen {
        Seen { rows: rows.to_vec(), total: Some(rows.len() as i64 + i64::from(cut)), cut }
    }

    #[test]
    fn a_frame_fits_its_screen() {
        for (width, lang, all) in
            [(80, Lang::Zh, false), (80, Lang::En, false), (160, Lang::Zh, false), (80, Lang::En, true)]
        {
            let screen = Screen { colours: false, width: Some(width) };
            let fitting = || columns::fitting(screen.width, lang);
            let columns = if all { columns::ALL.iter().collect() } else { fitting() };
            let layout = Layout::new(columns, screen, lang, true);
            let mut marks = Marks::default();
            marks.take_in(&seen(&[], false), NOW);
            let rows: Vec<Row> = (0..30).map(|at| row(&format!("c_{at}"), at, 0)).collect();
            let seen = seen(&rows, false);
            marks.take_in(&seen, NOW);
            let error = Some("无法连接\u{1b}[2J".repeat(40));
            let told = Told { profile: "main".into(), every: 10, at: Some(NOW), error };
            let frame = Frame {
                screen,
                lang,
                layout: &layout,
                told: &told,
                seen: &seen,
                marks: &marks,
                room: 20,
                now: NOW,
            };
            let lines = frame.lines();
            assert_eq!(lines.len(), 24);
            for line in &lines {
                assert!(columns_of(line) <= width && !line.contains('\u{1b}'), "{line}");
            }
            let (title, last) = match lang {
                Lang::Zh => ("main  12:00:00 更新，每 10 秒  共 30 条  ● 新 30，○ 变 0", "…… 还有 10 条"),
                Lang::En => {
                    ("main  read at 12:00:00, every 10 s  30 in all  ● 30 new, ○ 0 changed", "… 10 more")
                }
            };
            assert_eq!((lines[0].as_str(), lines[23].as_str()), (title, last));
            assert!(lines[3].starts_with("● c_0 "));
        }
    }
}
