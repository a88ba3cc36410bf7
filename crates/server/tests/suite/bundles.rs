//! Files of evidence: what is in them, and that whatever is changed in one is named.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tousu::bundle::{Unfit, digest_of, parse, verify};
use tousu::handling::compare_bundle;
use tousu_wire::complaint_bundle::ComplaintBundle;
use tousu_wire::complaint_create::ComplaintCreate;

use crate::handling::{Desk, acts};
use crate::program::{Program, Ran};
use crate::support::*;

const HOSTILE: &str = "</pre><script>alert(1)</script> & \"退款\" 'x' \u{2028} =1+1";

/// A complaint to which everything happened, beside another.
async fn told(database: &Database) -> (Desk, String) {
    let desk = Desk::open(database).await;
    let created = json!({
        "complaint_reason": HOSTILE,
        "complainant_phone": "18812341474",
        "uploaded_images": ["https://img.example/1.png?a=1&b=2"],
    });
    let answer = desk.call::<ComplaintCreate>(created).await;
    let id = answer.data()["complaint"]["complaint_id"].as_str().unwrap().to_owned();
    let other = desk.submitted().await;
    for (name, body, _) in acts() {
        desk.act(name, &id, body).await;
        desk.act("note", &other, json!({ "content": "旁的" })).await.data();
    }
    desk.act("note", &id, json!({ "content": HOSTILE })).await.data();
    (desk, id)
}

async fn bundle(desk: &Desk, id: &str) -> Value {
    desk.call::<ComplaintBundle>(json!({ "complaint_id": id, "operator": "小王" })).await.data().clone()
}

fn html(bundle: &Value) -> &str {
    bundle["html"].as_str().unwrap()
}

#[test]
fn a_bundle_stands_by_itself() {
    on_each_database(async |database| {
        let (desk, id) = told(database).await;
        let history = desk.history(&id).await;
        let bundle = bundle(&desk, &id).await;
        let proven = verify(html(&bundle)).unwrap();
        assert_eq!(proven.digest, bundle["digest"].as_str().unwrap());
        assert_eq!((proven.masked.len(), proven.page_is_of_data), (0, true));
        assert_eq!(proven.about.complaint_id, id);
        assert_eq!((proven.about.made_by.as_str(), proven.about.shop.as_str()), ("小王", "测试店铺"));
        let hashes: Vec<&str> = proven.history.iter().map(|evidence| evidence.hash.as_str()).collect();
        assert_eq!(hashes, history.iter().map(|entry| entry["hash"].as_str().unwrap()).collect::<Vec<_>>());
        assert!(hashes.len() > 6);
        // The data is in the page, and is what the interface gives.
        let (data, around) = parse(html(&bundle)).unwrap();
        assert_eq!(serde_json::from_str::<Value>(data).unwrap(), bundle["data"]);
        assert_eq!(bundle["data"]["parts"][1]["data"]["info"]["complaint_reason"], HOSTILE);
        // Nothing in it is executed or fetched, and no number is shown.
        let page = html(&bundle).to_lowercase();
        for forbidden in
            ["<script", "<img", "<a ", "<iframe", "<link", "javascript:", "onload=", "18812341474"]
        {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        assert!(page.contains("default-src 'none'"));
        for shown in ["&lt;script&gt;", "188****1474", "商家回复", "https://img.example/1.png?a=1&amp;b=2"]
        {
            assert!(around[0].contains(shown), "{shown}");
        }
        // It is history, and a second one says so.
        let history = desk.history(&id).await;
        let last = history.last().unwrap();
        assert_eq!((&last["event"], &last["title"]), (&json!("bundled"), &json!("制作存证")));
        assert_eq!((&last["operator"], &last["said"]["digest"]), (&json!("小王"), &bundle["digest"]));
        assert_eq!(verify(html(&self::bundle(&desk, &id).await)).unwrap().history.len(), history.len());
        assert_eq!(desk.server.store.read().await.unwrap().verify_history(&desk.shop).await.unwrap(), None);
        let none = desk.call::<ComplaintBundle>(json!({ "complaint_id": "c_none" })).await;
        assert_eq!(none.code(), 3002);
        assert_eq!(desk.call::<ComplaintBundle>(json!({})).await.code(), 3001);
    });
}

/// Any byte, wherever it stands.
#[test]
fn whatever_is_changed_is_named() {
    on_sqlite(async |database| {
        let (desk, id) = told(database).await;
        let bundle = bundle(&desk, &id).await;
        let file = html(&bundle).as_bytes();
        let (data, around) = parse(html(&bundle)).unwrap();
        let begins = around[0].len() + html(&bundle)[around[0].len()..].find(data).unwrap();
        let mut places: Vec<(String, std::ops::Range<usize>)> = Vec::new();
        for part in bundle["data"]["parts"].as_array().unwrap() {
            let name = part["name"].as_str().unwrap();
            let at = data.find(&format!("{{\"name\":\"{name}\",\"sha256\":")).unwrap();
            let from = at + data[at..].find("\"data\":").unwrap() + 7;
            let length = serde_json::to_string(&part["data"]).unwrap();
            let escaped = length.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
            assert_eq!(&data[from..from + escaped.len()], escaped);
            places.push((name.to_owned(), begins + from..begins + from + escaped.len()));
        }
        let mut named = 0;
        for at in (0..file.len()).step_by(5) {
            let mut changed = file.to_vec();
            changed[at] ^= 1;
            let Ok(text) = String::from_utf8(changed) else { continue };
            let unfit = verify(&text).expect_err(&format!("byte {at}"));
            if let Some((name, _)) = places.iter().find(|(_, range)| range.contains(&at)) {
                match unfit {
                    Unfit::Part(part) => {
                        assert_eq!(part, *name, "byte {at}");
                        named += 1;
                    }
                    Unfit::Unreadable(_) => {}
                    other => panic!("byte {at} of {name}: {other:?}"),
                }
            }
        }
        assert!(named > 500, "{named}");
    });
}

/// Whoever changes a text works out the hashes of its part, the digest and the page anew.
fn forged(bundle: &Value, change: impl FnOnce(&mut Value)) -> String {
    let (_, around) = parse(html(bundle)).unwrap();
    let mut data = bundle["data"].clone();
    change(&mut data);
    let mut texts = vec!["tousu-bundle/1".to_owned()];
    for part in data["parts"].as_array_mut().unwrap() {
        let text =
            part["data"].to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
        let hash: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        part["sha256"] = json!(hash);
        texts.extend([part["name"].as_str().unwrap().to_owned(), hash]);
    }
    texts.push(data["page_sha256"].as_str().unwrap().to_owned());
    data["digest"] = json!(digest_of(&texts.iter().map(String::as_str).collect::<Vec<_>>()));
    let data = data.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    format!("{}<pre id=\"tousu-bundle\" hidden>{data}</pre>{}", around[0], around[1])
}

#[test]
fn a_forger_is_found_by_the_chain() {
    on_each_database(async |database| {
        let (desk, id) = told(database).await;
        let bundle = bundle(&desk, &id).await;
        assert_eq!(forged(&bundle, |_| {}), html(&bundle));
        let entry = |at: usize| bundle["data"]["parts"][3 + at]["data"]["entry"].as_i64().unwrap();
        for name in [
            "event",
            "actor",
            "operator",
            "client_id",
            "before",
            "after",
            "said",
            "said_hash",
            "said_salt",
            "hash",
            "hash_before",
        ] {
            let file = forged(&bundle, |data| {
                let field = &mut data["parts"][4]["data"][name];
                *field = json!(format!("{}x", field.as_str().unwrap()));
            });
            assert_eq!(verify(&file).unwrap_err(), Unfit::Entry(entry(1)), "{name}");
        }
        for name in ["version", "happened_at"] {
            let file = forged(&bundle, |data| {
                let field = &mut data["parts"][5]["data"][name];
                *field = json!(field.as_i64().unwrap() + 1);
            });
            assert_eq!(verify(&file).unwrap_err(), Unfit::Entry(entry(2)), "{name}");
        }
        let file = forged(&bundle, |data| data["parts"][4]["data"]["said_salt"] = Value::Null);
        assert_eq!(verify(&file).unwrap_err(), Unfit::Entry(entry(1)), "nothing of it is masked");
        // The page is that of the data.
        let file =
            forged(&bundle, |data| data["parts"][1]["data"]["info"]["complaint_reason"] = json!("满意"));
        assert_eq!(verify(&file).unwrap_err(), Unfit::Page);
        // What is left out is told by the database.
        let shorter = forged(&bundle, |data| {
            data["parts"].as_array_mut().unwrap().remove(4);
        });
        assert_eq!(verify(&shorter).unwrap_err(), Unfit::Page);
    });
}

#[test]
fn what_is_masked_is_not_proven_and_said_to_be() {
    on_each_database(async |database| {
        let desk = Desk::open(database).await;
        let id = desk.submitted().await;
        desk.act("reply", &id, json!({ "content": "请致电 13912345678" })).await.data();
        desk.act("note", &id, json!({ "content": "已致电" })).await.data();
        let bundle = bundle(&desk, &id).await;
        assert!(!html(&bundle).contains("13912345678") && html(&bundle).contains("139****5678"));
        let proven = verify(html(&bundle)).unwrap();
        assert_eq!(proven.masked, [proven.history[1].entry]);
        assert_eq!(proven.history[1].masked, ["said"]);
        assert_eq!(proven.history[1].said_salt, None, "by it the number could be guessed");
        // All else of it is proven.
        for name in ["after", "operator", "said_hash"] {
            let file = forged(&bundle, |data| data["parts"][4]["data"][name] = json!("x"));
            assert_eq!(verify(&file).unwrap_err(), Unfit::Entry(proven.history[1].entry), "{name}");
        }
        // What was erased since the bundle was made goes on fitting it; what is made after it has nothing of it.
        desk.act("erase", &id, json!({ "reason": "本人要求" })).await.data();
        let later = self::bundle(&desk, &id).await;
        assert!(!html(&later).contains("已致电"));
        let after = verify(html(&later)).unwrap();
        assert_eq!(
            after.masked,
            after.history[1..3].iter().map(|evidence| evidence.entry).collect::<Vec<_>>()
        );
        let mut tx = desk.server.store.read().await.unwrap();
        for proven in [&proven, &after] {
            assert_eq!(compare_bundle(&mut tx, proven).await.unwrap(), None);
        }
    });
}

#[test]
fn by_the_command_and_against_the_database() {
    on_each_database(async |database| {
        let (desk, id) = told(database).await;
        let program = Program::on(database);
        let made = program.json(&["complaint", "bundle", &id, "--output", "c.html", "--shop", "appDesk"]);
        assert_eq!(made["file"], "c.html");
        // On another machine: no database, no settings.
        let alone = |arguments: &[&str]| {
            let mut command = program.command(arguments);
            Ran::of(command.env_remove("TOUSU_DATABASE").output().unwrap())
        };
        let told = alone(&["bundle", "verify", "c.html"]);
        assert_eq!(told.code, Some(0), "{told:?}");
        assert!(told.out.contains("完好") && told.out.contains(&id) && !told.out.contains("数据库"));
        assert!(told.out.contains(made["digest"].as_str().unwrap()));
        assert!(!program.path("tousu.db").exists() || database.url.contains("tousu.db"));
        let english = alone(&["bundle", "verify", "c.html", "--lang", "en"]);
        assert!(english.out.starts_with("good: "), "{english:?}");
        let compared = program.json(&["bundle", "verify", "c.html"]);
        assert_eq!((&compared["good"], &compared["database_compared"]), (&json!(true), &json!(true)));
        let text = program.read("c.html");
        program.write("changed.html", text.replacen("好的", "坏的", 1));
        let changed = alone(&["bundle", "verify", "changed.html"]);
        assert_eq!(changed.code, Some(1));
        assert!(changed.out.contains("页面文字被改动"), "{changed:?}");
        program.write("none.html", "<html></html>");
        assert!(alone(&["bundle", "verify", "none.html"]).out.contains("没有存证数据"));
        program.write("bytes.html", [0xff, 0xfe]);
        assert_eq!(alone(&["bundle", "verify", "bytes.html"]).code, Some(1));
        alone(&["bundle", "verify", "missing.html"]).failed_saying(&["missing.html", "无法读取"]);
        program
            .run(&["complaint", "bundle", "c_none", "--output", "x.html", "--shop", "appDesk"])
            .failed_saying(&["c_none"]);
        assert!(!program.path("x.html").exists() && !program.path("x.html.part").exists());
        // The database was changed by hand since.
        let third = desk.history(&id).await[2]["entry"].as_i64().unwrap();
        let refused = async |damage: String, undone: String, said: String| {
            database.run(&damage).await;
            let compared = program.run(&["bundle", "verify", "c.html"]);
            assert_eq!(compared.code, Some(1), "{damage}");
            assert!(compared.out.contains(&said), "{compared:?}");
            database.run(&undone).await;
        };
        let set = |entry: i64, to: &str| format!("update history set hash = {to} where entry = {entry}");
        refused(
            set(third, "hash || '0'"),
            set(third, "substr(hash, 1, 64)"),
            format!("第 {third} 条与数据库中的不同"),
        )
        .await;
        let forget = "update history set event = 'x' where event = 'bundled'".to_owned();
        let remember = "update history set event = 'bundled' where event = 'x'".to_owned();
        refused(forget, remember, "没有这份存证的记录".to_owned()).await;
        assert_eq!(program.run(&["bundle", "verify", "c.html"]).code, Some(0));
    });
}
