//! `tousu migrate` and `tousu doctor`.

use tousu::store::{ShopId, Store};

use super::*;

#[test]
fn migrate_makes_the_tables_and_says_how_far_they_are() {
    on_each_database(async |database| {
        let program = Program::on(database);
        for _ in 0..2 {
            let told = program.json(&["migrate"]);
            assert_eq!((&told["migration"], &told["citus"]), (&json!(11), &json!(false)));
        }
        assert!(program.run(&["migrate"]).out.contains("已是最新（迁移 11）"));
        program.shop_and_app(SHOP);
    });
}

#[test]
fn the_doctor_finds_what_is_broken() {
    on_each_database(async |database| {
        let program = Program::on(database);
        program.shop_and_app(SHOP);
        program.write("rows.json", PAGE_EXAMPLE_ROWS);
        program.json(&["import", "--shop", SHOP, "rows.json"]);
        assert_eq!(program.doctors_complaints(), [] as [Value; 0]);
        let text = program.run(&["doctor"]);
        assert!(text.out.lines().all(|line| line.starts_with('✓') && !line.contains('¦')), "{}", text.out);
        assert!(!is_chinese(&program.run(&["doctor", "--lang", "en"]).out));
        let bad = Ran::of(program.command(&["doctor", "--set", "storage.connections=1"]).output().unwrap());
        assert!(bad.code == Some(1) && bad.out.contains("✗ 设置: storage.connections"), "{bad:?}");

        let shop = ShopId::parse(SHOP).unwrap();
        let store = Store::open_existing(&database.url, &Default::default()).await.unwrap();
        // Each damage by itself, undone before the next.
        let write = async |sql: &str| {
            let (mut tx, _) = store.write(&shop).await.unwrap().unwrap();
            tx.execute(&shop, sql, &[]).await.unwrap();
            tx.commit().await.unwrap();
        };
        for (damage, undone, found) in [
            (
                "update complaints set closed_overtime = 1 where shop_id = $1 and state <> 2",
                "update complaints set closed_overtime = null where shop_id = $1 and state <> 2",
                "结单与超时事实一致",
            ),
            (
                "update complaints set closed_overtime = null where shop_id = $1",
                "update complaints set closed_overtime = 2 where shop_id = $1 and state = 2",
                "结单与超时事实一致",
            ),
            (
                "update complaints set version = version + 90 where shop_id = $1",
                "update complaints set version = version - 90 where shop_id = $1",
                "投诉版本不超过店铺版本",
            ),
            (
                "update complaints set version = created_version + 1 where shop_id = $1",
                "update complaints set version = created_version where shop_id = $1",
                "每次变更都记入日志",
            ),
            (
                "insert into changes
                     select shop_id, version + 90, last_number, 2, 0, 0 from shops where shop_id = $1",
                "delete from changes where shop_id = $1",
                "变更日志不超过店铺版本",
            ),
            (
                "insert into changes
                     select shop_id, version, last_number + 1, 2, 0, 0 from shops where shop_id = $1",
                "delete from changes where shop_id = $1",
                "变更日志不超过店铺版本",
            ),
            ("delete from shops where shop_id = $1", "", "每条投诉都有店铺"),
        ] {
            write(damage).await;
            let bad = program.doctors_complaints();
            let is_found = |finding: &Value| finding["what"].as_str().unwrap().starts_with(found);
            assert!(bad.iter().any(is_found), "{damage}: {bad:?}");
            assert!(program.run(&["doctor"]).out.contains(&format!("✗ {found}: ")));
            if !undone.is_empty() {
                write(undone).await;
                assert_eq!(program.doctors_complaints(), [] as [Value; 0], "{damage} is undone");
            }
        }
    });
}
