//! `tousu import`.

use std::process::Stdio;

use super::*;
use crate::program::Running;

#[test]
fn importing() {
    on_each_database(async |database| {
        let program = Program::on(database);
        program.shop_and_app(SHOP);
        program.write("rows.json", PAGE_EXAMPLE_ROWS);
        let import = |rest: &[&str]| program.run(&[&["import", "--shop", SHOP], rest].concat());
        let ran = import(&["rows.json"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_eq!(ran.out, "读取 2 行：新增 2，更新 0，未变 0，拒绝 0\n");
        assert_eq!(
            import(&["rows.json", "--lang", "en"]).out,
            "2 rows read: 0 added, 0 changed, 2 unchanged, 0 refused\n"
        );
        let version = || program.json(&["shop", "list"])[0]["version"].clone();
        let before = version();
        let line = |id: u32| format!("c_{id},2024-04-30 11:25:19,1,101,0\n");
        let bad: String = (0..12).map(|at| format!("c_bad{at},2024-04-30 11:25:19,1,101,\n")).collect();
        let head = "complaint_id,complaint_time,channel_type,complaint_from,state\n";
        program.write("rows.csv", format!("{head}{}{bad}{}", line(1), line(2)));
        let ran =
            import(&["rows.csv", "--json", "--progress", "--batch", "5", "--rejects", "refused.ndjson"]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        let lines: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let progress = |read: u64, added: u64, refused: u64| json!({ "read": read, "added": added, "changed": 0, "unchanged": 0, "refused": refused });
        assert_eq!(lines[..3], [progress(5, 1, 4), progress(10, 1, 9), progress(14, 2, 12)]);
        let mut last = progress(14, 2, 12);
        (last["complete"], last["error"]) = (json!(true), Value::Null);
        assert_eq!(lines[3..], [last]);
        assert_eq!(ran.err.lines().count(), 11, "ten are told, the rest counted: {}", ran.err);
        assert!(ran.err.starts_with("第 3 行：state 缺失\n") && ran.err.ends_with("……另有 2 行被拒绝\n"));
        let kept = program.read("refused.ndjson");
        assert_eq!(kept.lines().count(), 12);
        let first: Value = serde_json::from_str(kept.lines().next().unwrap()).unwrap();
        let row = json!({ "complaint_id": "c_bad0", "complaint_time": "2024-04-30 11:25:19", "channel_type": "1",
            "complaint_from": "101", "state": "" });
        assert_eq!(first, json!({ "line": 3, "reason": "state 缺失 ¦ state: missing", "row": row }));
        assert_eq!(
            version().as_i64().unwrap() - before.as_i64().unwrap(),
            3,
            "a batch that holds nothing new is none, the end is one"
        );

        // Cut off: what is in is told, and that it is not all.
        let cut = &PAGE_EXAMPLE_ROWS[..PAGE_EXAMPLE_ROWS.rfind(']').unwrap()];
        program.write("cut.json", cut);
        let ran = import(&["cut.json", "--json"]);
        let said: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((ran.code, &said["complete"], &said["unchanged"]), (Some(1), &json!(false), &json!(2)));
        assert!(
            said["error"].as_str().unwrap().contains("中断") && ran.err.contains("导入未完成"),
            "{ran:?}"
        );
        // From standard input.
        let mut command = program.command(&["import", "--shop", SHOP, "-", "--format", "csv", "--json"]);
        command.stdin(std::fs::File::open(program.path("rows.csv")).unwrap());
        let ran = Ran::of(command.output().unwrap());
        let said: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((ran.code, &said["unchanged"], &said["refused"]), (Some(2), &json!(2), &json!(12)));
    });
}

/// Ctrl-C ends an import that waits for its input, with a report.
#[test]
fn an_import_can_be_interrupted() {
    on_each_database(async |database| {
        let program = Program::on(database);
        program.shop_and_app(SHOP);
        let mut command =
            program.command(&["import", "--shop", SHOP, "-", "--json", "--progress", "--batch", "1"]);
        command.stdin(Stdio::piped());
        let mut running = Running::start(command);
        let mut input = running.child.stdin.take().unwrap();
        let rows: Vec<Value> = serde_json::from_str(PAGE_EXAMPLE_ROWS).unwrap();
        std::io::Write::write_all(&mut input, format!("{}\n", rows[0]).as_bytes()).unwrap();
        assert!(running.line().unwrap().contains("\"added\":1"));
        running.signal("INT");
        let said: Value = serde_json::from_str(&running.line().unwrap()).unwrap();
        assert_eq!((&said["complete"], &said["added"]), (&json!(false), &json!(1)));
        let (code, said) = running.end();
        assert!(code == Some(1) && said.contains("已被中断"), "{code:?} {said}");
        drop(input);
    });
}
