//! What to do about an error, in words.

use tousu_wire::{BACKEND_CONFUSED, BURST, Lang, PermissionSet, ReturnCode, Text};

use crate::error::{Error, Kind, Refusal};

/// What to do about it (`中文 ¦ English`).
pub(crate) fn of(error: &Error) -> Option<Text> {
    let said = match error {
        Error::Refused(refusal) => return refused(refusal),
        Error::Transport(transport) => match transport.kind {
            Kind::NotConnected => "请检查 base_url、网络与代理 ¦ check base_url, the network and the proxy",
            Kind::Untrusted => {
                "如为自签证书，请用 ca_certificate 信任其签发者 ¦ if the server has a certificate of your own, trust its issuer by ca_certificate"
            }
            Kind::TimedOut => {
                "可调大 timeout，或减小 page_size ¦ raise timeout, or ask for less by a smaller page_size"
            }
            Kind::BrokeOff => {
                "多为网络或网关的临时故障，请稍后重试 ¦ mostly passing trouble of the network or a gateway: try later"
            }
        },
        Error::NotAnEnvelope { status, .. } => match status {
            300..=399 => {
                "服务器要求转到别处：base_url 是否应为 https 或另一主机？ ¦ the server points elsewhere: should base_url be https, or another host?"
            }
            401 | 403 => {
                "请求被接口之前的网关拦截，请联系其管理者 ¦ something in front of the API refused the call: ask whoever runs it"
            }
            404 | 405 => "base_url 是否为接口地址？ ¦ is base_url the address of the API?",
            407 => {
                "代理需要登录：proxy 可带用户名与密码 ¦ the proxy wants a login: proxy may carry user and password"
            }
            429 => "调用过于频繁，请用 Pace 放慢 ¦ too many calls: slow down by Pace",
            _ => "多为网关的临时故障，请稍后重试 ¦ mostly passing trouble of a gateway: try later",
        },
        Error::TooLarge { .. } => {
            "请减小 page_size，或调大 max_body ¦ ask for a smaller page_size, or raise max_body"
        }
        Error::Endless { .. } => {
            "如确有这么多投诉，请用 at_most 放宽 ¦ if there are that many complaints, raise at_most"
        }
        Error::NoData => {
            "若按单号查询，多为该投诉单不存在 ¦ if a complaint was asked for by its number, there is probably none"
        }
        Error::Answer { .. } | Error::Row(_) | Error::Setup(_) => return None,
    };
    Some(said.into())
}

fn refused(refusal: &Refusal) -> Option<Text> {
    let code = match refusal.code {
        BURST => ReturnCode::LimitReached,
        BACKEND_CONFUSED => {
            return Some(
                "请检查参数的名称、类型与取值 ¦ check the names, types and values of the parameters".into(),
            );
        }
        code => ReturnCode::from_number(code)?,
    };
    let said = match code {
        ReturnCode::Busy => "请稍后重试 ¦ try again later",
        ReturnCode::AppIdMissing | ReturnCode::AppIdWrong => {
            "app_id 为店铺 id，见云服务控制台 ¦ app_id is the shop's id, as the cloud console shows it"
        }
        ReturnCode::SecretKeyMissing | ReturnCode::SecretKeyWrong => {
            "请核对应用密钥及其所属的 app_id；密钥重置后旧的即失效 ¦ check the app's secret, and that it belongs to that app_id; an old one ends when it is reset"
        }
        ReturnCode::ClientIdWrong => {
            "client_id 为应用 id；仅 2019-12-09 之前开通的店铺可不传 ¦ client_id is the app's id; only shops opened before 2019-12-09 may leave it out"
        }
        ReturnCode::AccessTokenMissing | ReturnCode::AccessTokenExpired => {
            "换过 access_token 仍被拒：是否有别的程序在取 access_token？请共用 token_cache ¦ refused with a new token, too: does another program fetch tokens? Let them share a token_cache"
        }
        ReturnCode::NotPermitted => return Some(lacks(refusal.needs)),
        ReturnCode::IpNotAllowed => {
            "请在云服务控制台把本机的出口 IP 加入白名单 ¦ put the address under which this machine appears on the allow list in the console"
        }
        ReturnCode::NoSuchInterface => {
            "请核对接口名、版本与 base_url ¦ check the interface's name and version, and base_url"
        }
        ReturnCode::LimitReached => {
            "请用 Pace 放慢；同一应用的所有程序共用该限额 ¦ slow down by Pace; all programs of the app share the limit"
        }
        ReturnCode::WrongMethod => {
            "接口以 POST 调用：中间是否有重定向？ ¦ interfaces are called by POST: is there a redirect in between?"
        }
        ReturnCode::NoSuchComplaint => {
            "单号有误，或属于另一店铺 ¦ the number is wrong, or that of another shop's complaint"
        }
        ReturnCode::ChangedMeanwhile => "请重新读取后再决定 ¦ read it again, then decide",
        ReturnCode::NotSignedIn => "请先登录 ¦ sign in first",
        _ => return None,
    };
    Some(said.into())
}

fn lacks(set: Option<PermissionSet>) -> Text {
    match set {
        Some(set) => {
            let set = Text::from(set.name());
            let (zh, en) = (set.pick(Lang::Zh), set.pick(Lang::En));
            format!("该应用没有“{zh}”权限集：请在控制台申请 ¦ this app lacks {en}: apply for it in the console").into()
        }
        None => "该应用没有此接口的权限集：请在控制台申请接口页面所列的权限集 ¦ this app lacks the interface's permission set: apply in the console for the one that its page names"
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn hint(code: i64, needs: Option<PermissionSet>) -> Option<Text> {
        of(&Error::Refused(Arc::new(Refusal { code, needs, ..Refusal::default() })))
    }

    #[test]
    fn a_missing_permission_set_is_named() {
        let hint = hint(2017, Some(PermissionSet::ComplaintsQuery)).unwrap();
        assert_eq!(hint.pick(Lang::En), "this app lacks 投诉管理-查询: apply for it in the console");
        assert_eq!(hint.pick(Lang::Zh), "该应用没有“投诉管理-查询”权限集：请在控制台申请");
    }

    #[test]
    fn every_code_of_the_published_table_has_a_hint_but_those_that_say_all_themselves() {
        let silent = |code: &ReturnCode| {
            let number = code.number();
            number != 0 && number < 3000 && hint(number, None).is_none()
        };
        let silent: Vec<_> = ReturnCode::ALL.iter().filter(|code| silent(code)).collect();
        assert_eq!(silent, [&ReturnCode::GrantTypeMissing, &ReturnCode::GrantTypeWrong]);
        assert!(hint(2054, None).is_some() && hint(1002, None).is_some());
        assert!(hint(77, None).is_none());
    }

    #[test]
    fn every_hint_is_in_both_languages() {
        let refusals = (0..4000).filter_map(|code| hint(code, None));
        let pages = (100..600).filter_map(|status| {
            of(&Error::NotAnEnvelope { status, media_type: None, start: String::new(), retry_after: None })
        });
        for hint in refusals.chain(pages) {
            assert_ne!(hint.pick(Lang::Zh), hint.pick(Lang::En));
        }
    }
}
