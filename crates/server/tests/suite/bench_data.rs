//! `bench-data`: what it makes, and that it is the same each time.

use std::collections::HashSet;

use serde_json::json;
use tousu::bench_data::{Plan, Skew, make as make_data};
use tousu::complaint::deadline;
use tousu::privacy::Vault;
use tousu::settings::Storage;
use tousu::store::{Row, ShopId, Store};

use crate::program::Program;
use crate::support::*;

const UNTIL: &str = "2024-05-01 12:00:00"; // NOW
const DAY: i64 = 86_400;

const NUMBERS: &str = "number, channel_type, complaint_from, complaint_type, complaint_resource_type, complaint_time,
    state, current_step, operate_time, time_limit, operate_end_time, closed_at, closed_overtime, created_version,
    version";
const TEXTS: &str =
    "complaint_id, complaint_resource_id, complaint_reason, complainant_phone, complainant_user_id,
    content_msg, content_object, uploaded_images, sub_mch_id, source";

/// A complaint as it stands in the table.
#[derive(Clone, Debug, PartialEq)]
struct Kept {
    numbers: Vec<Option<i64>>,
    texts: Vec<Option<String>>,
}

impl Kept {
    fn number(&self, column: &str) -> Option<i64> {
        self.numbers[NUMBERS.split(',').position(|name| name.trim() == column).unwrap()]
    }

    fn time(&self) -> i64 {
        self.number("complaint_time").unwrap()
    }

    fn text(&self, column: &str) -> &str {
        self.texts[TEXTS.split(',').position(|name| name.trim() == column).unwrap()].as_deref().unwrap()
    }
}

fn make(program: &Program, complaints: usize, shops: usize, more: &[&str]) {
    let (complaints, shops) = (complaints.to_string(), shops.to_string());
    let arguments = ["bench-data", "--complaints", &complaints, "--shops", &shops, "--until", UNTIL];
    let made = program.json(&[&arguments, more].concat());
    let keys: Vec<&String> = made.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["complaints", "shops", "until", "seconds"]);
    assert_eq!((made["complaints"].to_string(), made["shops"].to_string()), (complaints, shops));
    assert_eq!(made["until"], UNTIL);
    assert_eq!(program.doctors_complaints(), [] as [serde_json::Value; 0]);
}

/// Every shop's id, version and complaints, read from the database itself.
async fn kept(database: &Database) -> Vec<(String, i64, Vec<Kept>)> {
    let store = Store::open_existing(&database.url, &Default::default()).await.unwrap();
    let mut tx = store.read().await.unwrap();
    let mut all = Vec::new();
    for shop in tx.shops().await.unwrap() {
        let id = ShopId::parse(&shop.app_id).unwrap();
        let sql = format!("select {NUMBERS}, {TEXTS} from complaints where shop_id = $1 order by number");
        let width = NUMBERS.split(',').count();
        let decode = |row: &Row<'_>| {
            Ok(Kept {
                numbers: (0..width).map(|at| row.optional_int(at)).collect::<Result<_, _>>()?,
                texts: (width..width + TEXTS.split(',').count())
                    .map(|at| Ok(row.optional_text(at)?.map(str::to_owned)))
                    .collect::<Result<_, tousu::store::StoreError>>()?,
            })
        };
        let complaints = tx.query(&id, &sql, &[], decode).await.unwrap();
        let last = tx
            .query(&id, "select last_number from shops where shop_id = $1", &[], |row| row.int(0))
            .await
            .unwrap();
        assert_eq!(last, [complaints.len() as i64]);
        all.push((shop.app_id, shop.version, complaints));
    }
    all
}

#[test]
fn the_same_arguments_give_the_same_rows() {
    on_each_database(async |database| {
        for skew in ["even", "campaign", "shops"] {
            let (here, there) = (Database::sqlite(), Database::sqlite());
            let more = ["--skew", skew, "--days", "30", "--seed", "7"];
            make(&Program::on(&here), 5000, 3, &more);
            make(&Program::on(&there), 5000, 3, &[&more[..4], &["--seed", "8"]].concat());
            let rows = kept(&here).await;
            assert_ne!(rows, kept(&there).await, "another seed");
            if skew == "even" {
                make(&Program::on(database), 5000, 3, &more);
                assert_eq!(rows, kept(database).await);
            }
        }
    });
}

#[test]
fn what_is_made_is_believable() {
    on_each_database(async |database| {
        let program = Program::on(database);
        make(&program, 20_000, 1, &[]);
        let (shop, version, rows) = kept(database).await.pop().unwrap();
        assert_eq!((shop.as_str(), version, rows.len()), ("appbench", 1, 20_000));
        let codes = |column: &str| rows.iter().map(|row| row.number(column).unwrap()).collect::<HashSet<_>>();
        assert_eq!(codes("channel_type"), (1..=4).collect());
        assert_eq!(codes("state"), (0..=2).collect());
        assert_eq!(codes("current_step"), (1..=6).collect());
        assert_eq!(codes("complaint_from").len(), 17);
        let ids: HashSet<&str> = rows.iter().map(|row| row.text("complaint_id")).collect();
        assert_eq!(ids.len(), rows.len());
        for (row, number) in rows.iter().zip(1..) {
            let at = |column: &str| row.number(column).unwrap();
            assert_eq!(row.number("number"), Some(number));
            assert!((NOW - 365 * DAY..NOW).contains(&row.time()) && at("operate_time") <= NOW, "{row:?}");
            assert!(at("operate_time") >= row.time(), "{row:?}");
            assert_eq!(at("operate_end_time"), deadline(at("operate_time"), at("time_limit")));
            let closed_at = row.number("closed_at");
            assert!(closed_at.is_none_or(|at| (row.time() + 1..=NOW).contains(&at)), "{row:?}");
            assert_eq!(closed_at.is_some(), at("state") == 2, "{row:?}");
            let fact = closed_at.map(|closed| 1 + i64::from(closed > at("operate_end_time")));
            assert_eq!(row.number("closed_overtime"), fact, "{row:?}");
            let (time, letters) =
                row.text("complaint_id").split_once('_').unwrap().1.split_once('_').unwrap();
            assert!(time.len() == 13 && letters.len() == 8, "{row:?}");
            assert_eq!(i64::from_str_radix(&time[..8], 16).unwrap(), row.time());
        }
        assert!(rows.iter().all(|row| row.text("complainant_phone").contains("****")));
        let store = Store::open(&database.url, &Storage::default()).await.unwrap();
        let vault = Vault::new(&[KEY.to_owned()]).unwrap();
        let shop = ShopId::parse("appbench").unwrap();
        let phones = store.read().await.unwrap().examine_phones(&shop, Some(&vault)).await.unwrap();
        assert!((1000..19_000).contains(&phones.kept) && phones.unopenable == 0, "{phones:?}");
        let open = |days: std::ops::Range<i64>| {
            let of = rows.iter().filter(|row| days.contains(&((NOW - row.time()) / DAY)));
            let (open, all) = of
                .fold((0, 0), |(open, all), row| (open + i32::from(row.number("state") != Some(2)), all + 1));
            f64::from(open) / f64::from(all)
        };
        assert!((0.05..0.10).contains(&open(0..365)), "{}", open(0..365));
        assert!(open(0..3) > 0.4 && open(3..60) > 0.12 && open(60..180) < 0.12 && open(240..365) == 0.0);
        // Numbers are given in the order of arrival, which is not quite that of the complaints' times.
        let earlier = rows.windows(2).filter(|two| two[0].time() > two[1].time()).count();
        assert!((100..10_000).contains(&earlier), "{earlier}");
        assert!(rows.windows(2).all(|two| two[0].time() < two[1].time() + DAY / 4));

        // The server counts as the rows do.
        let server = Server::start(database).await;
        let shop = ShopId::parse("appbench").unwrap();
        let token = server.token_for(&shop, &server.app(&shop).await, 600).await;
        let total = async |filter: serde_json::Value| server.list(&token, filter).await.total() as usize;
        let count = |of: &dyn Fn(&Kept) -> bool| rows.iter().filter(|row| of(row)).count();
        assert_eq!(total(json!({})).await, 20_000);
        let shown = server.list(&token, json!({ "page": 700, "page_size": 10 })).await;
        let mut newest: Vec<(i64, &str)> =
            rows.iter().map(|row| (row.time(), row.text("complaint_id"))).collect();
        newest.sort_unstable_by(|one, other| other.cmp(one));
        let page: Vec<&str> = newest[6990..7000].iter().map(|row| row.1).collect();
        assert_eq!(shown.ids(), page);
        let pending = |row: &Kept| row.number("state") == Some(0) && row.number("channel_type") == Some(3);
        assert_eq!(total(json!({ "state": 0, "channel_type": 3 })).await, count(&pending));
        let late = |row: &Kept| match row.number("closed_overtime") {
            Some(fact) => fact == 2,
            None => row.number("operate_end_time") < Some(NOW),
        };
        assert_eq!(total(json!({ "is_overtime": 2 })).await, count(&late));
        assert!(count(&late) > 2000);
    });
}

#[test]
fn skews_have_their_shape() {
    on_each_database(async |database| {
        let program = Program::on(database);
        make(&program, 12_000, 4, &["--skew", "campaign"]);
        for (shop, _, rows) in kept(database).await {
            assert_eq!(rows.len(), 3000, "{shop}");
            let day = |row: &Kept| (row.time() + 8 * 3600) / DAY;
            let mut days: Vec<i64> = rows.iter().map(day).collect();
            days.sort_unstable();
            let busiest = days.chunk_by(|one, other| one == other).map(<[i64]>::len).max();
            assert!((2700..2720).contains(&busiest.unwrap()), "{busiest:?}");
        }
        let other = Database::sqlite();
        make(&Program::on(&other), 12_000, 20, &["--skew", "shops"]);
        let sizes: Vec<usize> = kept(&other).await.into_iter().map(|(_, _, rows)| rows.len()).collect();
        assert!(sizes.is_sorted_by(|one, other| one >= other), "{sizes:?}");
        assert_eq!((sizes.len(), sizes.iter().sum::<usize>()), (20, 12_000));
        assert!(sizes[0] > 3200 && sizes[..5].iter().sum::<usize>() > 7000, "{sizes:?}");
        // As few days and complaints as can be.
        for skew in ["even", "campaign", "shops"] {
            let least = Database::sqlite();
            make(&Program::on(&least), 2, 5, &["--skew", skew, "--days", "2"]);
            let rows = kept(&least).await;
            assert_eq!((rows.len(), rows.iter().map(|shop| shop.2.len()).sum::<usize>()), (5, 2));
            make(&Program::on(&Database::sqlite()), 300, 1, &["--skew", skew, "--days", "2"]);
        }
    });
}

#[test]
fn what_is_there_stays() {
    on_each_database(async |database| {
        let program = Program::on(database);
        program.shop_and_app("appShop");
        program.write("rows.json", PAGE_EXAMPLE_ROWS);
        program.json(&["import", "--shop", "appShop", "rows.json"]);
        let before = kept(database).await;
        make(&program, 50, 2, &[]);
        let after = kept(database).await;
        assert!(after.len() == 3 && after.contains(&before[0]));
        // The indexes are there again: without one of them no id would be known again.
        let again = program.json(&["import", "--shop", "appShop", "rows.json"]);
        assert_eq!((&again["added"], &again["unchanged"]), (&json!(0), &json!(2)));
        let again = ["bench-data", "--complaints", "5", "--shops", "3"];
        program.run(&again).failed_saying(&["appbench0001", "已存在", "--database"]);
        assert_eq!(kept(database).await, after);
        // The present hour is the default, and told.
        let made = program.json(&["bench-data", "--complaints", "5"]);
        let until: tousu_wire::BeijingTime = made["until"].as_str().unwrap().parse().unwrap();
        let now = tousu::clock::Clock::system().epoch();
        assert!((now - 2 * 3600..=now).contains(&until.epoch()) && until.epoch() % 3600 == 0);
        for wrong in [["--until", "2024-05-01"], ["--days", "1"], ["--shops", "0"], ["--skew", "odd"]] {
            let ran = program.run(&[&["bench-data", "--complaints", "5"], &wrong[..]].concat());
            assert_eq!(ran.code, Some(2), "{ran:?}");
        }
    });
}

#[test]
fn a_database_in_use_is_left_alone() {
    on_sqlite(async |database| {
        let program = Program::on(database);
        program.shop_and_app("appShop");
        let server = Server::start(database).await;
        let reading = server.store.read().await.unwrap();
        program.run(&["bench-data", "--complaints", "5"]).failed_saying(&["未能写入", "其他程序"]);
        drop(reading);
        assert_eq!(program.doctors_complaints(), [] as [serde_json::Value; 0]);
        assert_eq!(kept(database).await.len(), 1);
    });
}

/// A load rewrites the file in a way of its own; who made it sees all the same what others write afterwards.
#[test]
fn who_loaded_is_not_blind_afterwards() {
    on_each_database(async |database| {
        let open = async || Store::open(&database.url, &Default::default()).await.unwrap();
        let (loader, shop) = (open().await, ShopId::parse("appbench").unwrap());
        assert_eq!(loader.version(&shop).await.unwrap(), None);
        let plan = Plan { complaints: 10, shops: 1, skew: Skew::Even, days: 2, until: NOW, seed: 1 };
        make_data(&loader, &plan, |_| {}).await.unwrap();
        assert_eq!(loader.version(&shop).await.unwrap(), Some(1));
        let another = open().await;
        for version in 2..5 {
            another.write(&shop).await.unwrap().unwrap().0.commit().await.unwrap();
            assert_eq!(loader.version(&shop).await.unwrap(), Some(version));
        }
    });
}
