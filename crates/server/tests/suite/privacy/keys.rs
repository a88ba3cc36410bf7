//! Keys: new ones, old ones, wrong ones, none.

use std::collections::HashSet;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use tousu::complaint::Complaint;
use tousu::jobs::phones;
use tousu::privacy::Vault;
use tousu::settings::{Keys, Storage};
use tousu::store::{ShopId, Store};

use super::{contains, everything_in};
use crate::program::Program;
use crate::support::*;

const OTHER: &str = "later-1:ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";

fn numbered(range: std::ops::Range<i64>) -> Vec<Complaint> {
    let row = |at: i64| {
        let mut row = complaint(&format!("c_{at:04}"), NOW - at);
        row.complainant_phone.0 = number(at);
        row
    };
    range.map(row).collect()
}

fn number(at: i64) -> String {
    format!("138{:08}", at * 104_729 % 100_000_000)
}

async fn with_keys(database: &Database, keys: &[&str]) -> Server {
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    Server::start_with(database, |settings| settings.privacy.keys = Keys(keys)).await
}

/// Whether any of the numbers lies there in the open.
async fn lies_open(database: &Database, rows: std::ops::Range<i64>) -> bool {
    let kept = everything_in(database).await;
    assert!(contains(&kept, "c_0001"), "this is not the database");
    let runs: HashSet<&[u8]> = kept.windows(11).filter(|run| run.iter().all(u8::is_ascii_digit)).collect();
    rows.map(number).any(|number| runs.contains(number.as_bytes()))
}

#[test]
fn a_new_key_takes_over_while_others_write() {
    on_each_database(async |database| {
        let old = with_keys(database, &[KEY]).await;
        let shop = old.shop("appKeys").await;
        old.put(&shop, &numbered(0..300)).await;
        assert!(!lies_open(database, 0..300).await);

        let new = with_keys(database, &[OTHER, KEY]).await;
        let writer = {
            let (store, shop) = (new.store.clone(), shop.clone());
            tokio::spawn(async move {
                for at in 0..30 {
                    let batch: Vec<_> = numbered(at * 10..at * 10 + 20)
                        .into_iter()
                        .map(|mut complaint| {
                            complaint.time_limit = at;
                            tousu::store::Incoming { complaint, details: Default::default() }
                        })
                        .collect();
                    store.take_in(&shop, BY_TEST, &batch).await.unwrap().unwrap();
                }
            })
        };
        let done = phones::reseal(&new.store).await.unwrap();
        writer.await.unwrap();
        assert_eq!((done.sealed, done.failed), (300, 0));
        assert_eq!(phones::reseal(&new.store).await.unwrap().sealed, 0, "nothing is done twice");
        for at in 0..310 {
            let id = format!("c_{at:04}");
            assert_eq!(new.whole_phone(&shop, &id).await, Some(number(at)), "{id}");
        }
        // The same numbers are no change under the new key, whoever brings them.
        new.put(&shop, &numbered(305..310)).await;
        let only = with_keys(database, &[OTHER]).await;
        assert_eq!(only.whole_phone(&shop, "c_0007").await, Some(number(7)));
        let before = only.store.read().await.unwrap().version(&shop).await.unwrap();
        let same = numbered(305..306);
        let same = tousu::store::Incoming { complaint: same[0].clone(), details: Default::default() };
        let mut given = same.clone();
        given.complaint.time_limit = 72;
        let outcome = only.store.take_in(&shop, BY_TEST, &[given]).await.unwrap().unwrap();
        assert_eq!(outcome, [tousu::store::Outcome::Unchanged]);
        assert_eq!(only.store.read().await.unwrap().version(&shop).await.unwrap(), before);
        assert!(!lies_open(database, 0..310).await);
    });
}

#[test]
fn the_commands_change_keys_and_tell_what_does_not_open() {
    on_each_database(async |database| {
        let server = with_keys(database, &[KEY]).await;
        let shop = server.shop("appKeys").await;
        server.put(&shop, &numbered(0..50)).await;
        let program = Program::on(database);
        let with = |keys: &str, arguments: &[&str]| {
            let mut command = program.command(&[arguments, &["--json"]].concat());
            let ran = crate::program::Ran::of(command.env("TOUSU_PRIVACY__KEYS", keys).output().unwrap());
            (ran.code, serde_json::from_str::<Value>(&ran.out).unwrap_or_else(|_| panic!("{ran:?}")))
        };
        let found = |keys: &str| {
            let (_, findings) = with(keys, &["doctor"]);
            let findings = findings.as_array().unwrap().clone();
            findings.into_iter().find(|one| one["what"].as_str().unwrap().contains("phone numbers")).unwrap()
        };
        assert!(found(KEY)["good"] == true && found(KEY)["seen"].as_str().unwrap().contains("50, 0 to"));
        let both = format!("{OTHER},{KEY}");
        assert!(found(&both)["seen"].as_str().unwrap().contains("50 to be resealed, 0 cannot"));
        // The wrong key, even under the right id.
        let wrong = KEY.replace("00", "01");
        for keys in [OTHER, &wrong] {
            let found = found(keys);
            assert_eq!(found["good"], false, "{found}");
            assert!(found["seen"].as_str().unwrap().contains("50 cannot be opened"), "{found}");
        }
        let (code, told) = with(OTHER, &["key", "rotate"]);
        assert_eq!((code, told), (Some(1), json!({ "sealed": 0, "resealed": 0, "failed": 50 })));
        let (code, told) = with(&both, &["key", "rotate"]);
        assert_eq!((code, told), (Some(0), json!({ "sealed": 0, "resealed": 50, "failed": 0 })));
        assert_eq!(found(OTHER)["good"], true);

        // A new one is as they are taken, and no two are the same.
        let key = |value: Value| value["key"].as_str().unwrap().to_owned();
        let (one, other) = (key(program.json(&["key", "new"])), key(program.json(&["key", "new"])));
        assert_ne!(one, other);
        Vault::new(&[one.clone(), other]).unwrap();
        // No key is shown.
        let shown = with(&format!("{one},{KEY}"), &["config"]).1.to_string();
        assert!(shown.contains("tests:***") && !shown.contains(&KEY[6..]) && !shown.contains(&one[10..]));
        for keys in ["no key", "a:b", &format!("{KEY},{KEY}")] {
            let mut command = program.command(&["shop", "list"]);
            let ran = crate::program::Ran::of(command.env("TOUSU_PRIVACY__KEYS", keys).output().unwrap());
            ran.failed_saying(&["privacy.keys"]);
        }
    });
}

#[test]
fn without_a_key_numbers_are_kept_masked_alone() {
    on_each_database(async |database| {
        let store = Store::open(&database.url, &Storage::default()).await.unwrap();
        let shop = ShopId::parse("appKeys").unwrap();
        store.add_shop(&shop, "测试店铺", NOW).await.unwrap();
        let rows = |complaints: Vec<Complaint>| -> Vec<_> {
            let incoming = |complaint| tousu::store::Incoming { complaint, details: Default::default() };
            complaints.into_iter().map(incoming).collect()
        };
        store.take_in(&shop, BY_TEST, &rows(numbered(0..100))).await.unwrap().unwrap();
        store.take_in(&shop, BY_TEST, &rows(numbered(100..103))).await.unwrap().unwrap();
        assert!(!lies_open(database, 0..103).await);
        let mut again = rows(numbered(0..1));
        let outcome = store.take_in(&shop, BY_TEST, &again).await.unwrap().unwrap();
        assert_eq!(outcome, [tousu::store::Outcome::Unchanged]);
        // Whoever has a key learns them when they come again.
        let server = with_keys(database, &[KEY]).await;
        assert_eq!(server.whole_phone(&shop, "c_0000").await, None);
        server.put(&shop, &numbered(0..1)).await;
        assert_eq!(server.whole_phone(&shop, "c_0000").await, Some(number(0)));
        // And who has none neither sees nor loses them.
        again[0].complaint.complainant_phone.0 = again[0].complaint.complainant_phone.masked();
        store.take_in(&shop, BY_TEST, &again).await.unwrap().unwrap();
        assert_eq!(server.whole_phone(&shop, "c_0000").await, Some(number(0)));
    });
}

/// As a program before this one wrote them, now and while this one runs.
#[test]
fn numbers_that_older_programs_wrote_are_sealed() {
    on_each_database(async |database| {
        let server = with_keys(database, &[KEY]).await;
        let shop = server.shop("appOld").await;
        let other = server.shop("appOther").await;
        server.put(&shop, &numbered(0..2500)).await;
        server.put(&other, &numbered(0..3)).await;
        database.run("delete from phones").await;
        for at in [0, 1, 2, 1200, 2499] {
            let sql = format!(
                "update complaints set complainant_phone = '{0}', phone_tail = null where complaint_id = 'c_{at:04}'",
                number(at)
            );
            database.run(&sql).await;
        }
        database
            .run("update complaints set complainant_phone = '0571-8888' where complaint_id = 'c_0003'")
            .await;
        assert!(lies_open(database, 0..10).await);
        let token = server.token_for(&shop, &server.app(&shop).await, 3600).await;
        let shown = async || server.list(&token, json!({ "page_size": 1000 })).await.text;
        let (before, version) =
            (shown().await, server.store.read().await.unwrap().version(&shop).await.unwrap());

        let program = Program::on(database);
        let told = program.json(&["migrate"]);
        assert_eq!(told["sealed"], 5 + 3 + 1, "{told}");
        assert_eq!(shown().await, before);
        assert_eq!(server.store.read().await.unwrap().version(&shop).await.unwrap(), version);
        for at in [0, 1, 2, 1200, 2499] {
            assert_eq!(server.whole_phone(&shop, &format!("c_{at:04}")).await, Some(number(at)));
        }
        assert_eq!(server.whole_phone(&other, "c_0002").await, Some(number(2)));
        assert_eq!(server.whole_phone(&shop, "c_0003").await.as_deref(), Some("0571-8888"));
        // SQLite's log goes as soon as nobody reads it; this process does.
        server.store.empty_log().await.unwrap();
        assert!(!lies_open(database, 0..2500).await);
        // An older program beside this one writes over it; the next start seals that.
        database
            .run(&format!(
                "update complaints set complainant_phone = '{}' where complaint_id = 'c_0000'",
                number(77)
            ))
            .await;
        assert_eq!(phones::seal(&server.store).await.unwrap().sealed, 2);
        assert_eq!(server.whole_phone(&shop, "c_0000").await, Some(number(77)));
        assert_eq!(phones::seal(&server.store).await.unwrap().sealed, 0);
        assert_eq!(program.doctors_complaints(), [] as [Value; 0]);
    });
}

#[test]
fn the_key_file_is_made_once_and_looked_after() {
    on_sqlite(async |database| {
        let program = Program::on(database);
        let run = |arguments: &[&str]| {
            let mut command = program.command(arguments);
            crate::program::Ran::of(command.env_remove("TOUSU_PRIVACY__KEYS").output().unwrap())
        };
        let file = format!("{}.key", database.url.strip_prefix("sqlite:").unwrap());
        assert_eq!(run(&["shop", "list"]).code, Some(1), "there is no database yet");
        assert!(!std::path::Path::new(&file).exists());
        assert_eq!(run(&["shop", "add", "appFile", "--name", "测试店铺"]).code, Some(0));
        let key = std::fs::read_to_string(&file).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let made = run(&["complaint", "create", "要退款", "--phone", "18812341474", "--shop", "appFile"]);
        assert_eq!(made.code, Some(0), "{made:?}");
        assert!(!contains(&everything_in(database).await, "18812341474"));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), key);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        run(&["shop", "list"]).failed_saying(&[&file, "chmod 600"]);
        assert_eq!(run(&["doctor"]).code, Some(1));
    });
}
