//! Tables: CSV as spreadsheets save it, and XLSX.

use encoding_rs::GB18030;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use serde_json::json;
use tousu::import::Report;

use super::*;

const HEADINGS: &str = "投诉渠道,结单时间,投诉人手机号（脱敏）,投诉来源,投诉单号,问题描述,投诉具体资源或订单,投诉资源类型,\
                        投诉时间,投诉类型,当前所属步骤,是否超时,处理最后时限,操作时间,处理状态,处理时限：小时,备注";

/// Two rows as people and spreadsheets write them.
fn sheet() -> String {
    format!(
        "{HEADINGS}\r\n\
         店铺,,18812341474,H5店铺,c_1,要退款,\t20240417180801783546,0,2024/4/30 11:25,交易投诉,C端新投诉,否,2024/5/3 11:25,2024/4/30 11:25,待处理,72,不导入\r\n\
         微信支付,2024-05-01T08:00:00,'13812349060,外部-微信支付投诉,c_2,\"说\"\"好\"\"的,\r\n没退\",,0,2024-4-29,第三方平台录入,小鹅通结单,是,2024/4/30 0:00:00,2024/4/29,处理完成,24,\r\n"
    )
}

fn rows() -> Vec<Value> {
    let open = json!({
        "complaint_resource_id": "20240417180801783546",
        "complaint_time": "2024-04-30 11:25:00",
        "operate_time": "2024-04-30 11:25:00",
        "operate_end_time": "2024-05-03 11:25:00",
    });
    let closed = json!({
        "channel_type": 3,
        "closed_at": "2024-05-01 08:00:00",
        "complainant_phone": "13812349060",
        "complaint_from": 201,
        "complaint_reason": "说\"好\"的,\r\n没退",
        "complaint_resource_id": "",
        "complaint_time": "2024-04-29 00:00:00",
        "complaint_type": 3,
        "current_step": 5,
        "is_overtime": 2,
        "operate_end_time": "2024-04-30 00:00:00",
        "operate_time": "2024-04-29 00:00:00",
        "state": 2,
        "time_limit": 24,
    });
    vec![row_with("c_1", open), row_with("c_2", closed)]
}

fn utf_16(text: &str) -> Vec<u8> {
    [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn csv_as_spreadsheets_save_it() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let text = sheet();
        let forms = [
            ("UTF-8", text.clone().into_bytes()),
            ("UTF-8 with a byte order mark", format!("\u{feff}{text}").into_bytes()),
            ("UTF-16 with a byte order mark", utf_16(&text)),
            ("GB18030", GB18030.encode(&text).0.into_owned()),
            ("blank rows", text.replace("\r\n店铺", "\r\n\r\n,,,,,,,,,,,,,,,,\r\n店铺").into_bytes()),
        ];
        for (at, (what, bytes)) in forms.into_iter().enumerate() {
            let shop = server.shop(&format!("appCsv{at}")).await;
            let taken = take_in(&server, &shop, "rows.csv", bytes).await;
            assert_eq!(taken.report, Report { read: 2, added: 2, ..Report::default() }, "{what}: {taken:?}");
            assert_eq!(listed(&server, &shop).await, shown(&rows()), "{what}");
        }
    });
}

/// The first text that is not ASCII may come late in a long file.
#[test]
fn the_encoding_is_told_wherever_chinese_begins() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let head = "complaint_id,complaint_time,channel_type,complaint_from,state,complaint_reason\n";
        let line = |at: usize, reason: &str| format!("c_{at},2024-04-30 11:25:19,1,101,0,{reason}\n");
        let text: String =
            (0..2000).map(|at| line(at, if at < 1990 { "refund" } else { "隆要退款" })).collect();
        assert!(head.len() + text.find('隆').unwrap() > 1 << 16);
        for (at, bytes) in
            [GB18030.encode(&text).0.into_owned(), text.clone().into_bytes()].iter().enumerate()
        {
            let shop = server.shop(&format!("appLate{at}")).await;
            let taken = take_in(&server, &shop, "rows.csv", [head.as_bytes(), bytes].concat()).await;
            assert_eq!(taken.report, Report { read: 2000, added: 2000, ..Report::default() });
            let rows = listed_of(&server, &shop, "c_1995").await;
            assert_eq!(rows[0]["complaint_reason"], "隆要退款");
        }
        // Neither one nor the other: refused, not guessed.
        let shop = server.shop("appMixed").await;
        let mixed = [head.as_bytes(), line(1, "退").as_bytes(), &GB18030.encode(&line(2, "退")).0].concat();
        let padded = [mixed[..head.len()].to_vec(), text.as_bytes()[..70_000].to_vec()].concat();
        let cut = padded.iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        let taken =
            take_in(&server, &shop, "rows.csv", [&padded[..cut], &mixed[head.len()..]].concat()).await;
        assert_eq!(taken.refused().last().map(|refused| refused.1), Some("不是 UTF-8 文本"));
        assert_eq!(taken.report.refused, 1);
    });
}

async fn listed_of(server: &Server, shop: &ShopId, id: &str) -> Vec<Value> {
    let credentials = server.app(shop).await;
    let token = server.token_for(shop, &credentials, 7200).await;
    server.list(&token, json!({ "complaint_id": id })).await.data()["list"].as_array().unwrap().clone()
}

#[test]
fn refused_records_have_their_line_and_their_reason() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appCsvRefused").await;
        let text = "complaint_id,complaint_time,channel_type,complaint_from,state,complaint_reason\r\n\
                    c_1,2024-04-30 11:25:19,1,101,0,\"two\r\nlines\"\r\n\
                    c_2,2024-04-30 11:25:19,1,101,0\r\n\
                    c_3,24/4/30 11:25,1,101,0,\r\n\
                    c_4,2024-04-30 11:25:19,店里,101,0,\r\n\
                    ,2024-04-30 11:25:19,1,101,0,\r\n\
                    c_5,2024-04-30 11:25:19,1,101,,\r\n\
                    c_6,2024-04-30 11:25:19,1,101,0,a,b\r\n\
                    c_7,45412.4759,1,101,0,\r\n\
                    c_8,2024-04-30 11:25:19,1,101,0,ok\r\n\
                    c_9,2024-04-30 11:25:19,1,101,0,\"cut\r\n\
                    c_10,2024-04-30 11:25:19,1,101,0,swallowed";
        let taken = take_in(&server, &shop, "rows.csv", text).await;
        assert_eq!(
            taken.refused(),
            [
                (4, "有 5 列，应为 6 列"),
                (5, "complaint_time 收到 \"24/4/30 11:25\"，应为yyyy-MM-dd HH:mm:ss"),
                (6, "channel_type 收到 \"店里\"，应为整数"),
                (7, "complaint_id 缺失"),
                (8, "state 缺失"),
                (9, "有 7 列，应为 6 列"),
                (10, "complaint_time 收到 \"45412.4759\"，应为yyyy-MM-dd HH:mm:ss"),
                (12, "引号直到文件末尾也未闭合"),
            ]
        );
        assert_eq!(taken.rejects[5].row, json!(["c_6", "2024-04-30 11:25:19", "1", "101", "0", "a", "b"]));
        assert!(taken.rejects[7].row.to_string().contains("swallowed"));
        assert_eq!((taken.report.read, taken.report.added), (10, 2));
        let reasons: Vec<Value> =
            listed(&server, &shop).await.iter().map(|row| row["complaint_reason"].clone()).collect();
        assert_eq!(reasons, ["ok", "two\r\nlines"]);
    });
}

#[test]
fn a_table_without_its_columns_is_told() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let shop = server.shop("appColumns").await;
        for (text, said) in [
            ("", "首行没有 complaint_id 列"),
            ("complaint_id,state\nc_1,0\n", "首行没有 complaint_time 列"),
            ("投诉单号,投诉时间,complaint_id\n", "首行有多个 complaint_id 列"),
            ("投诉单号,投诉时间,投诉类型,投诉类型\n", "首行有多个 complaint_type 列"),
        ] {
            let taken = take_in(&server, &shop, "rows.csv", text).await;
            assert!(taken.cut_short.as_deref().is_some_and(|why| why.starts_with(said)), "{taken:?}");
            assert_eq!(taken.report, Report::default());
        }
        let taken = take_in(&server, &shop, "rows.xlsx", "no workbook").await;
        assert!(taken.cut_short.is_some());
        let taken = take_in(&server, &shop, "rows.xlsx", Workbook::new().save_to_buffer().unwrap()).await;
        assert!(taken.cut_short.is_some(), "{taken:?}");
    });
}

#[test]
fn a_workbook_as_people_make_it() {
    on_sqlite(async |database| {
        let server = Server::start(database).await;
        let mut workbook = Workbook::new();
        let time = Format::new().set_num_format("yyyy-mm-dd hh:mm");
        let bold = Format::new().set_bold();
        let sheet = workbook.add_worksheet();
        for (at, heading) in HEADINGS.replace("  ", "").split(',').enumerate() {
            sheet.write_with_format(1, at as u16, heading.trim(), &bold).unwrap();
        }
        let at = |day: u8, hour: u16| {
            ExcelDateTime::from_ymd(2024, 4, day).unwrap().and_hms(hour, 25, 19.0).unwrap()
        };
        // Row 3: numbers and dates as cells of their own, the long id as text.
        sheet.write(2, 0, "店铺").unwrap();
        sheet.write(2, 2, 18_812_341_474i64).unwrap();
        sheet.write(2, 3, 101).unwrap();
        sheet.write(2, 4, "c_1").unwrap();
        sheet.write(2, 5, "要退款").unwrap();
        sheet.write(2, 6, "20240417180801783546").unwrap();
        sheet.write_with_format(2, 8, at(30, 11), &time).unwrap();
        sheet.write_with_format(2, 13, at(30, 11), &time).unwrap();
        sheet.write(2, 14, 0).unwrap();
        // Row 4 has only formats, row 5 nothing, row 6 times as text and defaults.
        sheet.write_blank(3, 4, &bold).unwrap();
        sheet.write(5, 0, 3).unwrap();
        sheet.write(5, 3, "外部-微信支付投诉").unwrap();
        sheet.write(5, 4, "20240417180801783546").unwrap();
        sheet.write(5, 8, "2024/4/29 8:05").unwrap();
        sheet.write(5, 14, "处理中").unwrap();
        // Row 7 lacks its state, row 8 has an error in a cell.
        sheet.write(6, 4, "c_3").unwrap();
        sheet.write_with_format(6, 8, at(1, 0), &time).unwrap();
        sheet.write(6, 0, 1).unwrap();
        sheet.write(6, 3, 101).unwrap();
        let bytes = workbook.save_to_buffer().unwrap();
        let shop = server.shop("appBook").await;
        let taken = take_in(&server, &shop, "rows.xlsx", &bytes).await;
        assert_eq!(taken.refused(), [(7, "state 缺失")]);
        assert_eq!(taken.report, Report { read: 3, added: 2, refused: 1, ..Report::default() });
        let first = row_with("c_1", json!({ "complaint_resource_id": "20240417180801783546" }));
        let second = json!({
            "channel_type": 3,
            "complainant_phone": "",
            "complaint_from": 201,
            "complaint_reason": "",
            "complaint_resource_id": "",
            "complaint_time": "2024-04-29 08:05:00",
            "current_step": 2,
            "operate_end_time": "2024-05-02 08:05:00",
            "operate_time": "2024-04-29 08:05:00",
            "state": 1,
        });
        let second = row_with("20240417180801783546", second);
        assert_eq!(listed(&server, &shop).await, shown(&[first, second]));
        let again = take_in(&server, &shop, "rows.xlsx", &bytes).await;
        assert_eq!(again.report, Report { read: 3, unchanged: 2, refused: 1, ..Report::default() });
        // A workbook of which the end is missing.
        let cut = take_in(&server, &shop, "rows.xlsx", &bytes[..bytes.len() - 100]).await;
        assert!(cut.cut_short.is_some());
    });
}
