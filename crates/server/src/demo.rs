//! A demo shop with believable complaints: the same each time, relative to now.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use tousu_wire::codes::{ChannelType, ComplaintFrom, ComplaintType, CurrentStep, Overtime, State};
use tousu_wire::complaint_list::Filter;

use crate::complaint::{Complaint, Details, Phone, Reply, deadline};
use crate::handling;
use crate::passwords::{self, Hasher};
use crate::roles::Role;
use crate::secrets::{self, Secret};
use crate::store::{App, Brought, Incoming, Result, ShopId, Store, StoreError};

/// The demo's credentials.
pub struct Demo {
    /// The shop.
    pub shop: ShopId,
    /// The app, granted everything.
    pub client_id: String,
    /// Its secret.
    pub secret_key: Secret,
    /// The password of [`LOGINS`], if they were made just now; otherwise it is what it was.
    pub password: Option<Secret>,
}

/// Who signs in to the demo, and as what; the first may do everything.
pub const LOGINS: [(&str, &str, Role); 4] = [
    ("admin", "管理员", Role::Administrator),
    ("supervisor", "主管王芳", Role::Supervisor),
    ("agent", "客服小李", Role::Agent),
    ("viewer", "查看员", Role::Viewer),
];

/// The demo shop.
pub(crate) const APP_ID: &str = "appDemo12345678";
const CLIENT_ID: &str = "xopDemo12345678";
/// The same at every start on this machine alone, so that a program set up once goes on working; wherever
/// others can reach the server, a new one is made.
const LOOPBACK_SECRET: &str = "DemoSecretForThisMachineOnly0000";
/// Who brought the demo's complaints. Those that were changed since are someone else's, and stay.
const SOURCE: &str = "demo";
/// How many complaints there are.
pub const COMPLAINTS: usize = 2000;
const DAYS: i64 = 90;

/// Makes the demo shop anew; `loopback` says that nobody else can call.
pub async fn prepare(store: &Store, now: i64, loopback: bool) -> Result<Demo> {
    let shop = ShopId::parse(APP_ID).ok_or_else(|| StoreError::Value(APP_ID.into()))?;
    store.add_shop(&shop, "演示店铺", now).await?;
    let secret_key = if loopback { Secret::new(LOOPBACK_SECRET) } else { secrets::new_secret_key() };
    let (mut tx, version) =
        store.write(&shop).await?.ok_or_else(|| StoreError::Value("the demo shop is gone".into()))?;
    let app = App {
        client_id: CLIENT_ID.into(),
        name: "演示应用".into(),
        secret_hash: secret_key.hash(),
        legacy: false,
        allow_ips: String::new(),
        created_at: now,
        disabled_at: None,
        grants: String::new(),
    };
    if !tx.add_app(&shop, &app).await? {
        let known = tx.app(&shop, CLIENT_ID).await?;
        if known.is_some_and(|known| known.disabled_at.is_some()) {
            tx.set_disabled(&shop, CLIENT_ID, None).await?;
        }
        // Living tokens go on working as long as the secret stays.
        tx.set_secret_if_other(&shop, CLIENT_ID, &app.secret_hash).await?;
    }
    for set in tousu_wire::PermissionSet::ALL {
        tx.grant(&shop, CLIENT_ID, set.name(), now).await?;
    }
    let brought = Brought { by: SOURCE, doer: None, at: now };
    tx.remove_from(&shop, version, brought).await?;
    let mut all = complaints(now);
    if tx.count(&shop, &Filter::default(), now).await? > 0 {
        let mut absent = Vec::with_capacity(all.len());
        for incoming in all {
            if tx.complaint(&shop, &incoming.complaint.complaint_id).await?.is_none() {
                absent.push(incoming);
            }
        }
        all = absent;
    }
    tx.take_in(&shop, version, brought, &all).await?;
    tx.commit().await?;
    let password = people(store, &shop, now).await?;
    Ok(Demo { shop, client_id: CLIENT_ID.into(), secret_key, password })
}

/// Adds those who sign in, all with one password, unless the first is there already.
pub(crate) async fn people(store: &Store, shop: &ShopId, now: i64) -> Result<Option<Secret>> {
    if store.read().await?.user_of_login(LOGINS[0].0).await?.is_some() {
        return Ok(None);
    }
    let password = passwords::made_up();
    let failed = |error: passwords::Failed| StoreError::Value(error.to_string());
    let hash = Hasher::default().hash(&password).await.map_err(failed)?;
    let (mut tx, _) =
        store.write(shop).await?.ok_or_else(|| StoreError::Value(format!("the shop {shop} is gone")))?;
    for (login, name, role) in LOGINS {
        if tx.lock_user(login).await?.is_none() {
            let user = handling::new_user(login, name, Some(hash.clone()), now);
            tx.add_user(&user).await?;
            tx.set_role(shop, &user.user_id, role.name(), now).await?;
        }
    }
    tx.commit().await?;
    Ok(Some(password))
}

/// The demo's complaints as of `now` (epoch seconds).
pub fn complaints(now: i64) -> Vec<Incoming> {
    made(20_240_419, now).take(COMPLAINTS).collect()
}

/// Complaints without end as of `now` (epoch seconds): the page's two, then others by the seed.
pub fn made(seed: u64, now: i64) -> impl Iterator<Item = Incoming> + Send {
    let mut rng = StdRng::seed_from_u64(seed);
    let examples = page_examples();
    let behind = examples.len();
    examples.into_iter().chain((behind..).map(move |at| invented(&mut rng, at, now)))
}

/// A complaint that is made at `now` (epoch seconds), and that nobody has touched.
pub fn arriving(rng: &mut StdRng, now: i64) -> Incoming {
    let at = rng.random_range(0..COMPLAINTS);
    let Incoming { complaint, details } = invented(rng, at, now);
    let complaint = Complaint {
        complaint_id: id_of(rng, now),
        complaint_time: now,
        state: State::Pending,
        current_step: first_step(complaint.channel_type, complaint.complaint_from),
        operate_time: now,
        operate_end_time: deadline(now, complaint.time_limit),
        closed_at: None,
        closed_overtime: None,
        ..complaint
    };
    Incoming { complaint, details: Details { replies: Vec::new(), ..details } }
}

/// What somebody says of one: a case's answer.
pub fn answer(rng: &mut StdRng) -> &'static str {
    CASES.choose(rng).map_or("", |case| case.1)
}

/// The published page's two example rows, and what the detail interface may show of them.
fn page_examples() -> Vec<Incoming> {
    let complaint = |id: &str, phone: &str, reason: &str, resource: &str, time: i64| Complaint {
        complaint_id: id.into(),
        channel_type: ChannelType::Shop,
        complaint_from: ComplaintFrom::H5Shop,
        complaint_type: ComplaintType::Trade,
        complaint_resource_type: 0,
        complaint_resource_id: resource.into(),
        complaint_reason: reason.into(),
        complainant_phone: Phone(phone.into()),
        complaint_time: time,
        state: State::Pending,
        current_step: CurrentStep::New,
        operate_time: time,
        time_limit: 72,
        operate_end_time: deadline(time, 72),
        closed_at: None,
        closed_overtime: None,
    };
    let closed = Complaint {
        state: State::Done,
        current_step: CurrentStep::MerchantReplied,
        closed_at: Some(1_714_360_898),
        closed_overtime: Some(Overtime::Late),
        ..complaint(
            "c_6621e41fa5e18_dA0idHLY",
            "188****1474",
            "要退款八八八八八八八八啊啊啊啊啊啊啊啊啊",
            "E20240417180801783546V2",
            1_713_497_119,
        )
    };
    let open = complaint(
        "c_661a9d66b6733_qTRys2mU",
        "131****9060",
        "盘县人武部政委等职务秘书兼副局长职务等职责的规定的情况通报的工作领导和其他工作人员参加会议和会议工作",
        "o_1710921515_65fa972b227f7_509789V2",
        1_713_020_262,
    );
    [closed, open].into_iter().map(|complaint| Incoming { complaint, details: Details::default() }).collect()
}

pub(crate) const SHOP_SOURCES: &[ComplaintFrom] = &[
    ComplaintFrom::H5Shop,
    ComplaintFrom::H5Shop,
    ComplaintFrom::WechatMiniProgram,
    ComplaintFrom::WechatMiniProgram,
    ComplaintFrom::PcShop,
    ComplaintFrom::LiveMiniProgram,
    ComplaintFrom::CommunityMiniProgram,
    ComplaintFrom::CheckInMiniProgram,
    ComplaintFrom::ChannelsStore,
];
pub(crate) const PLATFORM_SOURCES: &[ComplaintFrom] = &[
    ComplaintFrom::Hotline400,
    ComplaintFrom::IndustryAndCommerce,
    ComplaintFrom::Consumer315,
    ComplaintFrom::DouyinPay,
    ComplaintFrom::BlackCat,
    ComplaintFrom::WechatPlatform,
    ComplaintFrom::Hotline12345,
    ComplaintFrom::Mail,
];
pub(crate) const COURSES: &[&str] = &[
    "30天PPT速成营",
    "零基础短视频剪辑课",
    "小学语文名师阅读课",
    "考研英语全程班",
    "理财小白训练营",
    "声音变现实战课",
    "Python办公自动化",
    "亲子沟通工作坊",
    "国画入门二十讲",
    "瑜伽体态矫正营",
];
/// What people complain about: the reason, and the merchant's answer.
pub(crate) const CASES: &[(&str, &str)] = &[
    (
        "购买《{}》后发现内容与宣传严重不符，要求全额退款",
        "您好，课程内容已与宣传页逐项核对，我们同意为您退款，预计 3 个工作日到账。",
    ),
    ("《{}》承诺7天无理由退款，申请后客服一直不处理", "抱歉让您久等，退款申请已通过，款项将原路退回。"),
    (
        "报名《{}》后一直没有收到开课通知，老师也联系不上",
        "您的班级将于本周五开课，班主任已添加您的联系方式。",
    ),
    ("《{}》直播回放无法观看，提示权限不足", "权限已重新开通，请退出后重新进入课程。"),
    ("被诱导购买《{}》高价续费课，销售说包就业", "我们已对该销售人员进行核查，续费部分可为您办理退款。"),
    ("《{}》重复扣款两次，只买了一份", "经核实确为重复支付，多扣的款项已退回。"),
    ("未成年人误买《{}》，要求退款", "请补充监护人证明，我们会在收到后为您退款。"),
    ("《{}》的配套教材迟迟不发货，物流一个月没更新", "教材已补发，运单号稍后以短信通知您。"),
    ("拉进《{}》学习群后不断推销，涉嫌虚假宣传", "已对群内推广内容进行整改，并移出违规人员。"),
    ("《{}》更新中断，说好的48讲只更新到19讲", "剩余课程将于本月内更新完毕，如不能接受可申请部分退款。"),
    ("在《{}》课程评论区留下真实评价被删除并禁言", "禁言已解除，评价已恢复展示。"),
    ("购买《{}》的优惠券无法使用，客服推诿", "优惠差额已退到您的账户。"),
];

fn invented(rng: &mut StdRng, at: usize, now: i64) -> Incoming {
    // The first hundred are of the last three days, where the work is; the rest thin out over the season.
    let age = match at {
        0..100 => rng.random_range(60..72 * 3600),
        _ => {
            let share: f64 = rng.random::<f64>();
            (share * share * (DAYS * 86_400) as f64) as i64 + 3600
        }
    };
    let channel = match rng.random_range(0..100) {
        0..52 => ChannelType::Shop,
        52..70 => ChannelType::Platform,
        70..88 => ChannelType::WechatPay,
        _ => ChannelType::Alipay,
    };
    let complaint_from = match channel {
        ChannelType::Shop => SHOP_SOURCES[at % SHOP_SOURCES.len()],
        ChannelType::WechatPay => ComplaintFrom::WechatPay,
        ChannelType::Alipay => ComplaintFrom::Alipay,
        _ => PLATFORM_SOURCES[at % PLATFORM_SOURCES.len()],
    };
    let time_limit = if complaint_from == ComplaintFrom::WechatMiniProgram { 48 } else { 72 };
    let limit = time_limit * 3600;
    let state = if age < limit {
        match rng.random_range(0..100) {
            0..45 => State::Pending,
            45..80 => State::InProgress,
            _ => State::Done,
        }
    } else {
        match rng.random_range(0..100) {
            0..3 => State::Pending,
            3..7 => State::InProgress,
            _ => State::Done,
        }
    };
    let mut complaint_time = now - age;
    // Some are about to be overdue while one looks on.
    if let (true, Some(left)) = (state != State::Done, [90, 300, 900, 1800, 3500, 7000, 14_000].get(at % 17))
    {
        complaint_time = now - limit + left;
    }
    let operate_end_time = deadline(complaint_time, time_limit);
    let closed_at = (state == State::Done).then(|| {
        let in_time = rng.random_range(0..100) < 87;
        let longest = (now - complaint_time - 60).max(120);
        let after =
            if in_time { rng.random_range(600..limit) } else { limit + rng.random_range(60..5 * 86_400) };
        complaint_time + after.min(longest)
    });
    let current_step = match state {
        State::Pending => first_step(channel, complaint_from),
        State::InProgress if rng.random_range(0..4) == 0 => CurrentStep::CheckFailed,
        State::InProgress => CurrentStep::MerchantReplied,
        _ => CurrentStep::ClosedByPlatform,
    };
    let (reason, answer) = CASES.choose(rng).copied().unwrap_or(CASES[0]);
    // One course makes more trouble than any other, as is to be found out.
    let course_at = if rng.random_range(0..4) == 0 { 1 } else { rng.random_range(0..COURSES.len()) };
    let course = COURSES[course_at];
    let bought = complaint_time - rng.random_range(3600..20 * 86_400);
    let reason = reason.replace("{}", course);
    let complaint_id = id_of(rng, complaint_time);
    let replies = match state {
        State::Pending => Vec::new(),
        _ => vec![Reply {
            reply_from: "merchant".into(),
            content: answer.into(),
            images: Vec::new(),
            replied_at: (complaint_time + rng.random_range(300..limit / 2)).min(closed_at.unwrap_or(now)),
        }],
    };
    // A few complain again and again.
    let user = match rng.random_range(0..12) {
        0 => format!("u_6530a1{:02x}_repeated00", rng.random_range(0..40)),
        _ => format!("u_{bought:08x}_{}", letters(rng, 10)),
    };
    // What is complained of is the course itself, or an order of it.
    let resource = match rng.random_range(0..5) {
        0..2 => format!("p_65f1c0d2e4b0{course_at:02x}a7c91d5e"),
        _ => format!("o_{bought}_{:013x}_{:06}V2", bought << 20 | 0x5_f1e7, rng.random_range(0..1_000_000)),
    };
    let details = Details {
        complainant_user_id: user,
        content_msg: if channel == ChannelType::WechatPay { String::new() } else { reason.clone() },
        content_object: vec![json!({ "type": "course", "title": course })],
        uploaded_images: (0..rng.random_range(0..3))
            .map(|picture| format!("https://images.example.com/{complaint_id}/{picture}.jpg"))
            .collect(),
        sub_mch_id: (channel == ChannelType::WechatPay)
            .then(|| format!("16{:08}", rng.random_range(0..100_000_000))),
        detail_step: None,
        replies,
    };
    Incoming {
        complaint: Complaint {
            complaint_id,
            channel_type: channel,
            complaint_from,
            complaint_type: match channel {
                ChannelType::Shop | ChannelType::WechatPay | ChannelType::Alipay => ComplaintType::Trade,
                _ => ComplaintType::ThirdParty,
            },
            complaint_resource_type: 0,
            complaint_resource_id: resource,
            complaint_reason: reason,
            complainant_phone: Phone(format!(
                "1{}{:08}",
                ["38", "39", "58", "77", "86"].choose(rng).unwrap_or(&"38"),
                rng.random_range(0..100_000_000)
            )),
            complaint_time,
            state,
            current_step,
            operate_time: complaint_time,
            time_limit,
            operate_end_time,
            closed_overtime: closed_at
                .map(|at| if at > operate_end_time { Overtime::Late } else { Overtime::InTime }),
            closed_at,
        },
        details,
    }
}

/// What a complaint that nobody has touched is at.
fn first_step(channel: ChannelType, source: ComplaintFrom) -> CurrentStep {
    match source {
        ComplaintFrom::Hotline400 | ComplaintFrom::Mail => CurrentStep::EnteredByPlatform,
        _ if channel == ChannelType::Shop => CurrentStep::New,
        _ => CurrentStep::Imported,
    }
}

fn id_of(rng: &mut StdRng, complaint_time: i64) -> String {
    format!("c_{complaint_time:08x}{:05x}_{}", rng.random_range(0..0xf_ffff), letters(rng, 8))
}

pub(crate) fn letters(rng: &mut StdRng, count: usize) -> String {
    (0..count).map(|_| char::from(rng.sample(rand::distr::Alphanumeric))).collect()
}
