//! What a wallet says: trade numbers, payers and the parts of a payment, all computed from what
//! the books keep, so that the books stay small.

use jose::mac::MacKey;
use serde_json::json;
use wire::wallet::{Answer, Part, Status};

use super::books::digits;
use super::outcome::Refusal;
use super::trade::{Back, State, Trade};

/// Alipay, in both of its numbers.
const ALIPAY: [u16; 2] = [1, 2];
/// WeChat Pay.
const WECHAT: u16 = 3;
/// `sub_payway` of a QR code: the only presented form without a request for the wallet's page.
const QR: u8 = 2;
/// Every so many payers have a second source of money.
const MIXED_PAYERS: u64 = 8;

/// The wallet's own number: ordered by time, unique by its running part.
pub(super) fn trade_no(payway: u16, at_ms: i64, serial: u64) -> String {
    format!("{payway:02}{at_ms:013}{serial:010}")
}

/// Where a payment stands now.
pub(super) fn payment<'a>(trade: &Trade) -> Answer<'a> {
    let answer = Answer {
        sn: digits(&trade.sn).into(),
        trade_no: Some(trade_no(trade.payway, trade.begun_ms, trade.serial).into()),
        ..Answer::default()
    };
    let refused = |refusal: Refusal| Answer {
        finished_at: Some(trade.ends_ms),
        ..because(answer.clone(), refusal)
    };
    match trade.state {
        State::Presented | State::Waiting | State::WillPay | State::WillDecline => {
            Answer { status: Status::Pending, ..answer }
        }
        State::Paid => Answer {
            status: Status::Success,
            payer_uid: Some(payer_uid(trade).into()),
            payer_login: payer_login(trade).map(Into::into),
            finished_at: Some(trade.ends_ms),
            payments: parts(trade),
            ..answer
        },
        State::Refused(refusal) => refused(refusal),
        State::Closed | State::GivenBack => refused(Refusal::Late),
    }
}

/// An attempt that is over for certain.
pub(super) fn aborted<'a>(trade: &Trade) -> Answer<'a> {
    Answer {
        sn: digits(&trade.sn).into(),
        status: Status::Success,
        trade_no: Some(trade_no(trade.payway, trade.begun_ms, trade.serial).into()),
        finished_at: Some(trade.ends_ms),
        ..Answer::default()
    }
}

/// What was decided about a refund.
pub(super) fn refund<'a>(payway: u16, back: &Back) -> Answer<'a> {
    let answer = Answer {
        sn: digits(&back.sn).into(),
        refund_no: Some(digits(&back.refund_no).into()),
        finished_at: Some(back.at_ms),
        ..Answer::default()
    };
    match back.refused {
        Some(refusal) => because(answer, refusal),
        None => Answer {
            status: Status::Success,
            trade_no: Some(trade_no(payway, back.at_ms, back.serial).into()),
            ..answer
        },
    }
}

/// A refusal with its reason.
pub(super) fn because(answer: Answer<'_>, refusal: Refusal) -> Answer<'_> {
    Answer {
        status: Status::Fail,
        code: Some(refusal.code().into()),
        message: Some(refusal.words().into()),
        ..answer
    }
}

/// JSON text for the wallet's own page; `None` for a mere QR code.
pub(super) fn wap_pay_request(trade: &Trade, key: &MacKey) -> Option<String> {
    if trade.form == QR {
        return None;
    }
    let number = trade_no(trade.payway, trade.begun_ms, trade.serial);
    if ALIPAY.contains(&trade.payway) {
        return Some(json!({ "tradeNO": number }).to_string());
    }
    if trade.payway != WECHAT {
        return Some(json!({ "tn": number }).to_string());
    }
    let (app_id, time_stamp) = ("wx0000000000000000", (trade.begun_ms / 1000).to_string());
    let nonce: String = key.tag("nonce\n", number.as_bytes()).chars().take(32).collect();
    let package = format!("prepay_id=wx{number}");
    let text = format!("{app_id}\n{time_stamp}\n{nonce}\n{package}\n");
    // The members that upay.md section 6 names.
    let request = json!({
        "appid": app_id,
        "noncestr": nonce,
        "package": package,
        "prepayid": format!("wx{number}"),
        "sign": key.tag("request of payment\n", text.as_bytes()).to_ascii_uppercase(),
        "timestamp": time_stamp,
    });
    Some(request.to_string())
}

fn payer_uid(trade: &Trade) -> String {
    match trade.payway {
        WECHAT => format!("oSandbox{:020}", trade.payer),
        _ => format!("2088{:012}", trade.payer % 1_000_000_000_000),
    }
}

/// WeChat Pay tells nobody the account.
fn payer_login(trade: &Trade) -> Option<String> {
    let digits = trade.payer % 10_000;
    ALIPAY.contains(&trade.payway).then(|| format!("138****{digits:04}"))
}

/// What it was paid with: the wallet's balance, for some payers a bank card as well.
fn parts(trade: &Trade) -> Vec<Part<'static>> {
    let balance = match trade.payway {
        1 | 2 => "WALLET_ALIPAY",
        WECHAT => "WALLET_WEIXIN",
        _ => "BANKCARD_DEBIT",
    };
    let part = |kind: &'static str, amount| Part { kind: kind.into(), amount };
    let second = trade.amount / 2;
    if second == 0 || !trade.payer.is_multiple_of(MIXED_PAYERS) {
        return vec![part(balance, trade.amount)];
    }
    vec![part(balance, trade.amount - second), part("BANKCARD_CREDIT", second)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trade(payway: u16, payer: u64, amount: u64) -> Trade {
        Trade {
            sn: 7_890_000_000_000_017,
            payway,
            form: 1,
            currency: 156,
            amount,
            given_back: 0,
            begun_ms: 1_767_580_200_000,
            valid_until_ms: 1_767_580_245_000,
            ends_ms: 1_767_580_200_000,
            silent_until_ms: 0,
            serial: 17,
            payer,
            state: State::Paid,
        }
    }

    #[test]
    fn the_parts_add_up() {
        for payway in [1, 2, 3, 17] {
            for payer in 0..16 {
                for amount in [1, 2, 3, 101, u64::MAX] {
                    let parts = parts(&trade(payway, payer, amount));
                    assert_eq!(parts.iter().map(|part| part.amount).sum::<u64>(), amount);
                    assert!(parts.iter().all(|part| part.amount > 0));
                }
            }
        }
    }

    #[test]
    fn trade_numbers_are_ordered_by_time_and_fit_the_field() {
        let first = trade_no(3, 1_767_580_200_000, 17);
        let later = trade_no(3, 1_767_580_200_001, 3);
        assert!(first < later);
        assert_eq!(first, "0317675802000000000000017");
        assert!(payer_uid(&trade(3, u64::MAX, 1)).len() <= 64);
        assert_eq!(payer_uid(&trade(1, 77, 1)), "2088000000000077");
        assert_eq!(payer_login(&trade(1, 77, 1)).as_deref(), Some("138****0077"));
    }

    #[test]
    fn a_request_for_the_wallet_s_page_is_an_object_of_texts() {
        let secret = jose::secret::Secret::new("a secret of the platform".to_owned());
        let key = MacKey::new(&secret).unwrap();
        for (payway, member) in [(1, "tradeNO"), (3, "prepayid"), (17, "tn")] {
            let text = wap_pay_request(&Trade { form: 3, ..trade(payway, 1, 1) }, &key).unwrap();
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert!(value.as_object().unwrap().values().all(serde_json::Value::is_string));
            assert!(value.get(member).is_some(), "{text}");
            assert!(text.len() <= 1024);
        }
        assert_eq!(wap_pay_request(&Trade { form: QR, ..trade(3, 1, 1) }, &key), None);
    }
}
