use proptest::prelude::*;

use super::*;

#[test]
fn personal_numbers_are_hidden() {
    for (text, expected) in [
        // Mobile numbers.
        ("18812341474", "188****1474"),
        ("请打我电话18812341474，谢谢", "请打我电话188****1474，谢谢"),
        ("188 1234 1474", "188 **** 1474"),
        ("188-1234-1474", "188-****-1474"),
        ("188 - 1234 - 1474", "188 - **** - 1474"),
        ("188.1234.1474", "188.****.1474"),
        ("188\u{3000}1234\u{a0}1474", "188\u{3000}****\u{a0}1474"),
        ("188—1234－1474", "188—****－1474"),
        ("1881234 1474", "188**** 1474"),
        ("188 12341474", "188 ****1474"),
        ("1881 234 1474", "188* *** 1474"),
        ("1881 2341 474", "188* ***1 474"),
        ("1 8 8 1 2 3 4 1 4 7 4", "1 8 8 * * * * 1 4 7 4"),
        ("+8618812341474", "+86*******1474"),
        ("008618812341474", "008********1474"),
        ("8618812341474", "86*******1474"),
        ("+86 188 1234 1474", "+86 188 **** 1474"),
        ("+86-18812341474", "+86-188****1474"),
        ("(+86)18812341474", "(+86)188****1474"),
        ("0086 18812341474", "0086 188****1474"),
        ("+86188 1234 1474", "+86*** **** 1474"),
        ("86188-1234-1474", "86***-****-1474"),
        ("018812341474", "018*****1474"),
        ("１８８１２３４１４７４", "１８８****１４７４"),
        ("电话１８８-1234－１４７４。", "电话１８８-****－１４７４。"),
        ("\u{202d}18812341474\u{202c}", "\u{202d}188****1474\u{202c}"),
        ("18812341474/13987654321", "188****1474/139****4321"),
        ("18812341474 13987654321", "188****1474 139****4321"),
        ("2张 188 1234 1474 6 天", "2张 188 **** 1474 6 天"),
        ("**18812341474**", "**188****1474**"),
        ("**188 1234 1474**", "**188 **** 1474**"),
        ("tel:18812341474", "tel:188****1474"),
        ("tel://18812341474", "tel://188****1474"),
        ("Tel18812341474", "Tel188****1474"),
        ("加wx18812341474", "加wx188****1474"),
        ("18812341474vx同号", "188****1474vx同号"),
        ("18812341474@qq.com", "188****1474@qq.com"),
        ("订单号18812341474", "订单号188****1474"),
        ("2024-04-19 18812341474", "2024-04-19 188****1474"),
        ("https://a.cn/x.png，电话18812341474", "https://a.cn/x.png，电话188****1474"),
        ("https://a.cn/x,18812341474", "https://a.cn/x,188****1474"),
        ("18812341474:https://a.cn/", "188****1474:https://a.cn/"),
        // Landline numbers.
        ("010-62345678", "010-****5678"),
        ("0755-87654321", "075*-****4321"),
        ("0371-8765432", "037*-***5432"),
        ("010 6234 5678", "010 **** 5678"),
        ("(010)62345678", "(010)****5678"),
        ("（0755）8765-4321", "（075*）****-4321"),
        ("(0755) 87654321", "(075*) ****4321"),
        ("01062345678", "010****5678"),
        ("075587654321", "075*****4321"),
        ("0101234567", "010***4567"),
        ("010-62345678-801", "010-****5678-801"),
        ("+86 10 6234 5678", "+86 ** **** 5678"),
        ("+8610-62345678", "+86**-****5678"),
        ("0086-755-87654321", "008*-***-****4321"),
        // Identity numbers.
        ("11010519491231002X", "110*************2X"),
        ("11010519491231002x。", "110*************2x。"),
        ("11010519491231002Ｘ", "110*************2Ｘ"),
        ("身份证440308199901011234", "身份证440*************34"),
        ("110105 19491231 002X", "110*** ******** **2X"),
        ("110105-1949-1231-0021", "110***-****-****-**21"),
        ("1101 0519 4912 3100 2X", "110* **** **** **** 2X"),
        ("110105 491231 1881 234 1474", "110105 491231 188* *** 1474"),
        ("110105491231002", "110**********02"),
        ("sfz11010519491231002X", "sfz110*************2X"),
        // Bank cards.
        ("6222021234567890123", "***************0123"),
        ("卡号6222 0212 3456 7890", "卡号**** **** **** 7890"),
        ("6222-0212-3456-7890-123", "****-****-****-***0-123"),
        ("622202 1234567890123", "****** *********0123"),
        ("６２２２０２１２３４５６７８９０", "************７８９０"),
        ("123456789012", "********9012"),
        ("card6222021234567890", "card************7890"),
        ("订单号：6222021234567894", "订单号：************7894"),
        ("12345678901234567890 18812341474", "12345678901234567890 188****1474"),
    ] {
        assert_eq!(masked_text(text), expected, "{text}");
        assert_eq!(masked_text(expected), expected, "twice: {text}");
    }
}

#[test]
fn all_else_stays() {
    for text in [
        "",
        "要退款八八八八八八八八啊啊啊啊啊啊啊啊啊",
        "E20240417180801783546V2",
        "o_1710921515_65fa972b227f7_509789V2",
        "c_6621e41fa5e18_dA0idHLY",
        "订单 E20240417180801783546V2 与 o_1710921515_65fa972b227f7_509789V2",
        "2024-04-19 11:25:19 至 2024-04-22 11:25:19",
        "2024041911251913",
        "20240417180801",
        "4200002156202404178832154871",
        "2024041722001412341234567890",
        "2019 2020 2021 2022",
        "1710921515",
        "YT1234567890123",
        "SF18812341474",
        "18812341474V2",
        "a_18812341474",
        "18812341474_a",
        "订单号：123456789012345",
        "order_id=1234567890123",
        "流水号 1234-5678-9012",
        "550e8400-e29b-41d4-a716-446655440000",
        "550e8400-0755-1234-5678-446655440000",
        "400-123-4567 或 4001234567 或 95588、12315",
        "62345678",
        "QQ 123456789",
        "188****1474",
        "8****1399 138 1234",
        "￥1999.00、2999.00、399.00",
        "https://wechatapppro-1252524126.file.myqcloud.com/app/image/18812341474.png",
        "见http://a.cn/p/18812341474?phone=6222021234567890，谢谢",
        "www.a.cn/18812341474",
        "//cdn.a.cn/18812341474/x",
        "img.a.cn/18812341474/1",
        "image/18812341474.jpg",
        "weixin://pay/18812341474",
        "12812341474",
        "18812341474123456789",
    ] {
        assert!(
            matches!(masked_text(text), Cow::Borrowed(same) if same == text),
            "{text}: {}",
            masked_text(text)
        );
    }
}

#[test]
fn what_reads_in_two_ways_is_hidden_in_both() {
    assert_eq!(masked_text("188 1234 1399 138 1234"), "188 **** 139* *** 1234");
    assert_eq!(masked_text("6222 0212 3456 7890 188 1234 1474"), "**** **** **** ***0 188 **** 1474");
}

#[test]
fn a_long_text_takes_time_in_proportion() {
    // Were it the square, each of these would take minutes.
    for piece in [
        "1",
        "1 ",
        "138 ",
        "6222 ",
        "a.cn/13812345678 ",
        "13812345678/",
        "x-1",
        "１３８-",
        "订单号 123456789012 ",
    ] {
        let text = piece.repeat(200_000 / piece.len());
        assert!(masked_text(&text).chars().count() <= text.len());
    }
}

/// What people write around a number: neither digits nor what tells an order's number.
const AROUND: &str = "[我要退款一直没有到账请联系电话是，。！？：（）aXyZ ,!?:;()-]{0,12}";

/// A number of one sort, as it is written, with how many of its digits may be shown at head and tail.
fn number() -> impl Strategy<Value = (String, usize, usize)> {
    let grouped = |digits: String, sizes: Vec<usize>, gap: &'static str| {
        let mut rest = digits.as_str();
        let groups = sizes.iter().map(|size| {
            let (group, left) = rest.split_at((*size).min(rest.len()));
            rest = left;
            group
        });
        groups.filter(|group| !group.is_empty()).collect::<Vec<_>>().join(gap)
    };
    let gap = || prop::sample::select(vec!["", " ", "-", "  ", "－", "\u{3000}", " - "]);
    let wide = |text: String| -> String {
        let shifted = |digit: char| char::from_u32(digit as u32 - '0' as u32 + '０' as u32);
        text.chars().map(|c| if c.is_ascii_digit() { shifted(c).unwrap_or(c) } else { c }).collect()
    };
    let mobile =
        ("1[3-9][0-9]{9}", gap(), prop::sample::select(vec!["", "+86", "0086", "86", "+86 ", "86-"]))
            .prop_map(move |(digits, gap, prefix)| {
                (format!("{prefix}{}", grouped(digits, vec![3, 4, 4], gap)), 3, 4)
            });
    let landline = ("0[1-9][0-9]{1,2}", "[1-9][0-9]{6,7}", prop::sample::select(vec!["", "-", " ", ")"]))
        .prop_map(|(area, local, gap)| (format!("{area}{gap}{local}"), 3, 4));
    let identity =
        ("(11|31|44|65)[0-9]{4}(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|1[0-9])[0-9]{3}", "[0-9Xx]", gap())
            .prop_map(move |(digits, check, gap)| (grouped(digits + &check, vec![6, 8, 4], gap), 3, 2));
    let old_identity =
        "(11|31|44|65)[0-9]{6}(0[1-9]|1[0-2])(0[1-9]|1[0-9])[0-9]{3}".prop_map(|digits| (digits, 3, 4));
    let card = ("[3-9][0-9]{11,18}", gap())
        .prop_map(move |(digits, gap)| (grouped(digits, vec![4, 4, 4, 4, 4], gap), 0, 4));
    let sort = prop_oneof![mobile, landline, identity, old_identity, card];
    (sort, any::<bool>())
        .prop_map(move |((text, head, tail), widened)| (if widened { wide(text) } else { text }, head, tail))
}

/// The digits and stars of `text`, in ASCII: blanks, hyphens and the like are left out.
fn compact(text: &str) -> Vec<u8> {
    let text = text.as_bytes();
    (0..text.len())
        .filter_map(|at| match digit_at(text, at) {
            Some((value, _)) => Some(b'0' + value),
            None => (text[at] == b'*').then_some(b'*'),
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_more_of_a_number_is_shown_than_may_be((number, head, tail) in number(), before in AROUND, after in AROUND) {
        // A letter that touches would make an order's number of it.
        let before = if before.ends_with(|c: char| c.is_ascii_alphabetic()) { before + "：" } else { before };
        let after = if after.starts_with(|c: char| c.is_ascii_alphabetic()) { format!("，{after}") } else { after };
        let masked = masked_text(&format!("{before}{number}{after}")).into_owned();
        prop_assert!(masked.starts_with(&before) && masked.ends_with(&after), "{masked}");
        let inside = &masked[before.len()..masked.len() - after.len()];
        let (shown, whole) = (compact(inside), compact(&number));
        prop_assert_eq!(shown.len(), whole.len());
        for (at, run) in shown.split(|byte| *byte == b'*').enumerate() {
            // In front of the number there may be its country code.
            let most = if at == 0 { head + 4 } else { tail };
            prop_assert!(run.len() <= most.max(head), "{} of {}", inside, number);
        }
        prop_assert!(shown.iter().filter(|byte| **byte == b'*').count() >= 3);
        prop_assert_eq!(masked_text(&masked), masked.as_str());
    }

    #[test]
    fn only_digits_change_and_only_to_stars(text in "[0-9１-３*+ .()a-cxXv_/:中号订单-]{0,80}") {
        let masked = masked_text(&text);
        prop_assert_eq!(masked.chars().count(), text.chars().count());
        for (new, old) in masked.chars().zip(text.chars()) {
            prop_assert!(new == old || new == '*' && (old.is_ascii_digit() || ('０'..='９').contains(&old)));
        }
    }

    #[test]
    fn twice_changes_nothing(pieces in prop::collection::vec(piece(), 0..9)) {
        let once = masked_text(&pieces.concat()).into_owned();
        prop_assert_eq!(masked_text(&once), once.as_str());
    }

    #[test]
    fn nothing_panics(text in "\\PC{0,60}") {
        let _ = masked_text(&text);
    }
}

/// Numbers, halves of numbers and what may stand between them.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[01][0-9]{2,3}",
        3 => "[0-9]{3,4}",
        2 => "[0-9]{1,19}",
        1 => "1[3-9][0-9]{9}",
        1 => "(110105|440308)19[0-9]{2}0[1-9]1[0-9][0-9]{3}[0-9X]",
        6 => "[ -]{1,2}",
        2 => "[ -.*+xXa_/:)]",
        1 => prop::sample::select(vec!["tel", "vx", "a.cn/", "https://", ".jpg", "订单号", "***", "２０", "）", "1399", "86"])
            .prop_map(str::to_owned),
    ]
}
