//! Complaints by the million, to measure with: the same plan gives the same rows, to the byte.

use std::sync::Arc;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use tokio::sync::mpsc;
use tousu_wire::codes::{ChannelType, ComplaintFrom, ComplaintType, CurrentStep, Overtime, State};

use crate::complaint::{Complaint, Details, Phone, deadline};
use crate::demo::{CASES, COURSES, PLATFORM_SOURCES, SHOP_SOURCES, letters};
use crate::store::{Incoming, Loaded, NewShop, Result, ShopId, Store};

/// What is to be made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Complaints in all.
    pub complaints: i64,
    /// Shops that share them, 1 or more: `appbench`, or `appbench0001` and so on.
    pub shops: i64,
    /// How they share them, and when complaints are made.
    pub skew: Skew,
    /// Over how many days before `until`, 2 or more.
    pub days: i64,
    /// The moment (epoch seconds) as of which everything is.
    pub until: i64,
    /// Other seeds give other complaints.
    pub seed: u64,
}

/// What is uneven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skew {
    /// Nothing: every shop has as many complaints, and every day.
    Even,
    /// Nine of ten complaints of a shop are made on one day.
    Campaign,
    /// The second shop has half as many complaints as the first, the third a third, and so on.
    Shops,
}

/// The shop's id, or how those of several begin.
pub const SHOP: &str = "appbench";
/// Who brought these complaints.
const SOURCE: &str = "bench";
/// Rows on their way to the store at once, thrice.
const BATCH: usize = 4096;
const DAY: i64 = 86_400;
const BEIJING: i64 = 8 * 3600;

/// Makes the shops and their complaints, while nobody else uses the database. `made` is told how many rows
/// were made since it was last called.
pub async fn make(store: &Store, plan: &Plan, made: impl Fn(u64) + Send + 'static) -> Result<()> {
    let shops = plan.shops();
    let (sender, batches) = mpsc::channel(2);
    let (invented, of) = (plan.clone(), shops.clone());
    std::thread::spawn(move || {
        invented.each_batch(&of, |batch| {
            made(batch.len() as u64);
            sender.blocking_send(batch).is_ok()
        });
    });
    store.load(&shops, SOURCE, batches).await
}

impl Plan {
    /// The shops, the largest first.
    pub fn shops(&self) -> Vec<NewShop> {
        let weight = |rank: i64| if self.skew == Skew::Shops { 1.0 / rank as f64 } else { 1.0 };
        let whole: f64 = (1..=self.shops).map(weight).sum();
        let (mut part, mut given) = (0.0, 0);
        let width = self.shops.to_string().len().max(4);
        (1..=self.shops)
            .map(|rank| {
                let number = if self.shops == 1 { String::new() } else { format!("{rank:0width$}") };
                let before = given;
                part += weight(rank);
                given = (self.complaints as f64 * part / whole).round() as i64;
                NewShop {
                    id: Arc::new(ShopId::parse(&format!("{SHOP}{number}")).expect("letters and digits")),
                    name: format!("压测店铺{number}"),
                    created_at: self.begin(),
                    complaints: given - before,
                }
            })
            .collect()
    }

    fn begin(&self) -> i64 {
        self.until - self.days * DAY
    }

    /// Invents the complaints of these shops in the order of their numbers, until `take` wants no more.
    fn each_batch(&self, shops: &[NewShop], mut take: impl FnMut(Vec<Loaded>) -> bool) {
        let mut rng = StdRng::seed_from_u64(self.seed);
        let reasons: Vec<String> = CASES
            .iter()
            .flat_map(|(reason, _)| COURSES.iter().map(|course| reason.replace("{}", course)))
            .collect();
        let mut batch = Vec::with_capacity(BATCH);
        for shop in shops {
            let mut number = 0;
            for Stretch { begin, length, complaints } in self.stretches(shop.complaints, &mut rng) {
                for at in 0..complaints {
                    number += 1;
                    let arrived = begin + (at * length + rng.random_range(0..length)) / complaints;
                    let incoming = self.invent(&mut rng, &reasons, begin, arrived);
                    batch.push(Loaded { shop: shop.id.clone(), number, incoming });
                    if batch.len() == BATCH && !take(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)))
                    {
                        return;
                    }
                }
            }
        }
        if !batch.is_empty() {
            take(batch);
        }
    }

    /// When a shop's complaints arrive: before, during and after a campaign, if there is one.
    fn stretches(&self, complaints: i64, rng: &mut StdRng) -> [Stretch; 3] {
        let (begin, until) = (self.begin(), self.until);
        // Long enough ago that most of it is dealt with, and not so long that all is.
        let ago = self.days * DAY * rng.random_range(35..45) / 100;
        let midnight = (until - ago + BEIJING).div_euclid(DAY) * DAY - BEIJING;
        let (dawn, dusk) = match self.skew {
            Skew::Campaign => (midnight.max(begin), (midnight + DAY).min(until)),
            Skew::Even | Skew::Shops => (until, until),
        };
        let during = if dawn < dusk { complaints * 9 / 10 } else { 0 };
        let before = (complaints - during) * (dawn - begin) / (dawn - begin + until - dusk);
        [
            Stretch { begin, length: dawn - begin, complaints: before },
            Stretch { begin: dawn, length: dusk - dawn, complaints: during },
            Stretch { begin: dusk, length: until - dusk, complaints: complaints - during - before },
        ]
    }

    /// A complaint that the shop got at `arrived`, made then or a little earlier, though not before `earliest`.
    fn invent(&self, rng: &mut StdRng, reasons: &[String], earliest: i64, arrived: i64) -> Incoming {
        let (channel_type, sources, delay) = match rng.random_range(0..100) {
            0..52 => (ChannelType::Shop, SHOP_SOURCES, 1),
            52..70 => (ChannelType::Platform, PLATFORM_SOURCES, 6 * 3600),
            70..88 => (ChannelType::WechatPay, &[ComplaintFrom::WechatPay][..], 1800),
            _ => (ChannelType::Alipay, &[ComplaintFrom::Alipay][..], 1800),
        };
        let complaint_from = sources.choose(rng).copied().unwrap_or(ComplaintFrom::H5Shop);
        let complaint_time = (arrived - rng.random_range(0..delay)).max(earliest);
        let time_limit = if complaint_from == ComplaintFrom::WechatMiniProgram { 48 } else { 72 };
        let limit = time_limit * 3600;

        // Two of three are closed within their time, the third drags on, mostly for days, rarely for months. Those
        // whose end lies ahead are the open ones.
        let drags = rng.random_range(0..3) == 0;
        let share: f64 = rng.random();
        let longest = (self.days * DAY) as f64 * 0.6;
        let takes =
            if drags { limit + (share * share * longest) as i64 } else { rng.random_range(600..limit) };
        let ends = complaint_time + takes;
        let closed_at = (ends <= self.until).then_some(ends);
        // Of those that drag on, half fail the platform's check and get a new window, most of which suffice.
        let failed = drags && rng.random::<bool>();
        let operate_time = match failed {
            true => (ends.min(self.until) - rng.random_range(0..limit * 7 / 5)).max(complaint_time),
            false => complaint_time,
        };
        let operate_end_time = deadline(operate_time, time_limit);
        let (state, current_step) = match closed_at {
            Some(_) if rng.random_range(0..5) == 0 => (State::Done, CurrentStep::ClosedByPlatform),
            Some(_) => (State::Done, CurrentStep::MerchantReplied),
            None if failed => (State::InProgress, CurrentStep::CheckFailed),
            None if rng.random() => (State::InProgress, CurrentStep::MerchantReplied),
            None => (
                State::Pending,
                match complaint_from {
                    ComplaintFrom::Hotline400 | ComplaintFrom::Mail => CurrentStep::EnteredByPlatform,
                    _ if channel_type == ChannelType::Shop => CurrentStep::New,
                    _ => CurrentStep::Imported,
                },
            ),
        };

        let complaint_id =
            format!("c_{complaint_time:08x}{:05x}_{}", rng.random_range(0..1_000_000), letters(rng, 8));
        let bought = complaint_time - rng.random_range(3600..20 * DAY);
        let (prefix, tail) = (rng.random_range(130..200), rng.random_range(0..10_000));
        // The payment platforms tell no whole numbers.
        let complainant_phone = match complaint_from {
            ComplaintFrom::WechatPay | ComplaintFrom::Alipay => format!("{prefix}****{tail:04}"),
            _ => format!("{prefix}{:04}{tail:04}", rng.random_range(0..10_000)),
        };
        let reason = reasons.choose(rng).cloned().unwrap_or_default();
        let details = Details {
            complainant_user_id: format!("u_{bought:08x}_{}", letters(rng, 10)),
            content_msg: if channel_type == ChannelType::Shop { reason.clone() } else { String::new() },
            uploaded_images: match rng.random_range(0..10) {
                0 => vec![format!("https://images.example.com/{complaint_id}/0.jpg")],
                _ => Vec::new(),
            },
            sub_mch_id: (channel_type == ChannelType::WechatPay)
                .then(|| format!("16{:08}", rng.random_range(0..100_000_000))),
            ..Details::default()
        };
        let complaint = Complaint {
            complaint_id,
            channel_type,
            complaint_from,
            complaint_type: match channel_type {
                ChannelType::Platform => ComplaintType::ThirdParty,
                _ => ComplaintType::Trade,
            },
            complaint_resource_type: 0,
            complaint_resource_id: format!(
                "o_{bought}_{:013x}_{:06}V2",
                rng.random_range(0..1_i64 << 52),
                rng.random_range(0..1_000_000)
            ),
            complaint_reason: reason,
            complainant_phone: Phone(complainant_phone),
            complaint_time,
            state,
            current_step,
            operate_time,
            time_limit,
            operate_end_time,
            closed_at,
            closed_overtime: closed_at
                .map(|at| if at > operate_end_time { Overtime::Late } else { Overtime::InTime }),
        };
        Incoming { complaint, details }
    }
}

/// A time over which complaints arrive evenly.
struct Stretch {
    begin: i64,
    length: i64,
    complaints: i64,
}
