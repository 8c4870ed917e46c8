//! What tills ask: sales, queries, check-ins.

use std::sync::Arc;

use crate::client::Answer;
use crate::judge;
use crate::script::{Script, Verdict};
use crate::upay::Terminal;
use crate::upay::messages::{
    CANCEL_PATH, CHECKIN_PATH, PAY_PATH, QUERY_PATH, REFUND_PATH, about_body, checkin_body,
    pay_body, refund_body,
};
use crate::upay::numbers::{BARCODE_PLACE, CLIENT_SN_BYTES, CLIENT_SN_PLACE, Scatter};
use crate::upay::template::{Place, Template};

/// One call of a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// A new payment.
    Pay,
    /// What became of it.
    Query,
    /// A part of it back.
    Refund,
    /// All of it back.
    Cancel,
}

impl Turn {
    const fn name(self) -> &'static str {
        match self {
            Self::Pay => "pay",
            Self::Query => "query",
            Self::Refund => "refund",
            Self::Cancel => "cancel",
        }
    }

    /// The inner code of a right answer (`upay.md` 9.1).
    const fn expected(self) -> &'static str {
        match self {
            Self::Pay => "PAY_SUCCESS",
            Self::Query => "SUCCESS",
            Self::Refund => "REFUND_SUCCESS",
            Self::Cancel => "CANCEL_SUCCESS",
        }
    }
}

/// A call's template and the place of its `client_sn`.
struct Call {
    template: Template,
    client_sn: Place,
}

impl Call {
    fn new(terminal: &Terminal, host: &str, path: &str, body: &str) -> Option<Self> {
        let template = Template::new(terminal, host, path, body);
        let client_sn = template.place_of(CLIENT_SN_PLACE)?;
        Some(Self { template, client_sn })
    }

    fn about(&mut self, client_sn: &[u8]) -> &[u8] {
        self.template.write(self.client_sn, client_sn);
        self.template.sign();
        self.template.bytes()
    }
}

/// A till that makes sales, each with the same turns.
pub struct Sales {
    turns: &'static [Turn],
    next: usize,
    current: Turn,
    numbers: Scatter,
    client_sn: [u8; CLIENT_SN_BYTES],
    pay: Call,
    barcode: Place,
    query: Call,
    refund: Call,
    cancel: Call,
}

impl Sales {
    /// Only payments.
    pub const PAY: &'static [Turn] = &[Turn::Pay];
    /// Two sales: one that is given back in part, one that is cancelled.
    pub const MIX: &'static [Turn] =
        &[Turn::Pay, Turn::Query, Turn::Refund, Turn::Pay, Turn::Query, Turn::Cancel];

    /// A till at this terminal that takes these turns, `turns` beginning with a payment.
    #[must_use]
    pub fn new(terminal: &Terminal, host: &str, turns: &'static [Turn]) -> Option<Self> {
        let sn = &terminal.sn;
        let about = about_body(sn, CLIENT_SN_PLACE);
        let pay = pay_body(sn, CLIENT_SN_PLACE, BARCODE_PLACE);
        let pay = Call::new(terminal, host, PAY_PATH, &pay)?;
        Some(Self {
            turns,
            next: 0,
            current: Turn::Pay,
            numbers: Scatter::fresh(),
            client_sn: [b'0'; CLIENT_SN_BYTES],
            barcode: pay.template.place_of(BARCODE_PLACE)?,
            pay,
            query: Call::new(terminal, host, QUERY_PATH, &about)?,
            refund: Call::new(terminal, host, REFUND_PATH, &refund_body(sn, CLIENT_SN_PLACE))?,
            cancel: Call::new(terminal, host, CANCEL_PATH, &about)?,
        })
    }
}

impl Script for Sales {
    fn next(&mut self) -> Option<&[u8]> {
        self.current = *self.turns.get(self.next % self.turns.len())?;
        self.next += 1;
        let call = match self.current {
            Turn::Pay => {
                self.client_sn = self.numbers.client_sn();
                self.pay.template.write(self.barcode, &self.numbers.barcode());
                &mut self.pay
            }
            Turn::Query => &mut self.query,
            Turn::Refund => &mut self.refund,
            Turn::Cancel => &mut self.cancel,
        };
        Some(call.about(&self.client_sn))
    }

    fn judge(&mut self, answer: &Answer<'_>) -> Verdict {
        match judge::upay(answer, Some(self.current.expected())) {
            None => Verdict::Right,
            Some(fault) => {
                if self.current == Turn::Pay {
                    self.next_sale();
                }
                Verdict::Wrong(format!("{}: {fault}", self.current.name()))
            }
        }
    }

    fn lost(&mut self) {
        self.next_sale();
    }
}

impl Sales {
    /// A sale without a payment has nothing to ask about.
    fn next_sale(&mut self) {
        let is_pay = |turn: usize| self.turns.get(turn % self.turns.len()) == Some(&Turn::Pay);
        while !is_pay(self.next) {
            self.next += 1;
        }
    }
}

/// Orders that were paid before, to be asked about.
pub type Paid = Arc<[[u8; CLIENT_SN_BYTES]]>;

/// A till that asks about orders, in no order.
pub struct Queries {
    call: Call,
    paid: Paid,
    numbers: Scatter,
}

impl Queries {
    /// A till at this terminal.
    #[must_use]
    pub fn new(terminal: &Terminal, host: &str, paid: Paid) -> Option<Self> {
        let about = about_body(&terminal.sn, CLIENT_SN_PLACE);
        let call = Call::new(terminal, host, QUERY_PATH, &about)?;
        Some(Self { call, paid, numbers: Scatter::fresh() })
    }
}

impl Script for Queries {
    fn next(&mut self) -> Option<&[u8]> {
        let count = u64::try_from(self.paid.len()).unwrap_or(1).max(1);
        let index = usize::try_from(self.numbers.next() % count).unwrap_or(0);
        Some(self.call.about(self.paid.get(index)?))
    }

    fn judge(&mut self, answer: &Answer<'_>) -> Verdict {
        judge::upay(answer, Some(Turn::Query.expected())).map_or(Verdict::Right, Verdict::Wrong)
    }
}

/// A till that pays so many orders and keeps their `client_sn`.
pub(crate) struct Payments {
    call: Call,
    names: std::vec::IntoIter<[u8; CLIENT_SN_BYTES]>,
}

impl Payments {
    /// Names for so many orders.
    pub(crate) fn names(count: usize) -> Vec<[u8; CLIENT_SN_BYTES]> {
        let mut numbers = Scatter::fresh();
        (0..count).map(|_| numbers.client_sn()).collect()
    }

    pub(crate) fn new(
        terminal: &Terminal,
        host: &str,
        names: Vec<[u8; CLIENT_SN_BYTES]>,
    ) -> Option<Self> {
        let body = pay_body(&terminal.sn, CLIENT_SN_PLACE, BARCODE_PLACE);
        let call = Call::new(terminal, host, PAY_PATH, &body)?;
        Some(Self { call, names: names.into_iter() })
    }
}

impl Script for Payments {
    fn next(&mut self) -> Option<&[u8]> {
        let name = self.names.next()?;
        Some(self.call.about(&name))
    }

    fn judge(&mut self, answer: &Answer<'_>) -> Verdict {
        judge::upay(answer, Some(Turn::Pay.expected())).map_or(Verdict::Right, Verdict::Wrong)
    }
}

/// A terminal of its own that checks in again and again, each time with its newest key.
pub struct CheckIns {
    template: Template,
}

impl CheckIns {
    /// A till at this terminal, which nobody else may use.
    #[must_use]
    pub fn new(terminal: &Terminal, host: &str) -> Self {
        let body = checkin_body(&terminal.sn, &terminal.device_id);
        Self { template: Template::new(terminal, host, CHECKIN_PATH, &body) }
    }
}

impl Script for CheckIns {
    fn next(&mut self) -> Option<&[u8]> {
        Some(self.template.bytes())
    }

    fn judge(&mut self, answer: &Answer<'_>) -> Verdict {
        if let Some(fault) = judge::upay(answer, None) {
            return Verdict::Wrong(fault);
        }
        let key = judge::text_of(answer.body, "terminal_key");
        match key.and_then(|key| std::str::from_utf8(key).ok()) {
            Some(key) => {
                self.template.use_key(key);
                Verdict::Right
            }
            None => Verdict::Wrong("no terminal_key".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAID: &[u8] = br#"{"result_code":"200","biz_response":{"result_code":"PAY_SUCCESS"}}"#;
    const REFUSED: &[u8] = br#"{"result_code":"200","biz_response":{"result_code":"PAY_FAIL"}}"#;

    fn terminal() -> Terminal {
        Terminal { sn: "1001".into(), key: "k".into(), device_id: "d".into() }
    }

    fn path(request: Option<&[u8]>) -> String {
        let text = String::from_utf8(request.unwrap().to_vec()).unwrap();
        text.split(' ').nth(1).unwrap().to_owned()
    }

    #[test]
    fn a_sale_asks_about_its_own_payment() {
        let mut till = Sales::new(&terminal(), "h", Sales::MIX).unwrap();
        let mut paths = Vec::new();
        for _ in 0..Sales::MIX.len() {
            paths.push(path(till.next()));
            let sent = String::from_utf8(till.client_sn.to_vec()).unwrap();
            assert!(!sent.contains('g') && sent != CLIENT_SN_PLACE);
        }
        assert_eq!(paths, [PAY_PATH, QUERY_PATH, REFUND_PATH, PAY_PATH, QUERY_PATH, CANCEL_PATH]);
    }

    #[test]
    fn nothing_is_asked_about_a_payment_that_failed() {
        let mut till = Sales::new(&terminal(), "h", Sales::MIX).unwrap();
        assert_eq!(path(till.next()), PAY_PATH);
        let verdict = till.judge(&Answer::of(200, REFUSED));
        assert_eq!(verdict, Verdict::Wrong("pay: 200 PAY_FAIL".to_owned()));
        assert_eq!(path(till.next()), PAY_PATH);
        assert_eq!(till.judge(&Answer::of(200, PAID)), Verdict::Right);
        assert_eq!(path(till.next()), QUERY_PATH);
    }

    #[test]
    fn requests_are_signed_over_what_they_carry() {
        let mut till = Sales::new(&terminal(), "h", Sales::PAY).unwrap();
        for _ in 0..3 {
            let text = String::from_utf8(till.next().unwrap().to_vec()).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            let sign = head.rsplit_once(' ').unwrap().1;
            assert!(jose::terminal::verify(body.as_bytes(), "k", sign));
            let barcode = body.split("\"dynamic_id\":\"").nth(1).unwrap().get(..18).unwrap();
            assert!(barcode.starts_with("13") && barcode.ends_with("8888"), "{barcode}");
            assert!(barcode.bytes().all(|byte| byte.is_ascii_digit()));
        }
    }

    #[test]
    fn a_check_in_uses_the_newest_key() {
        let mut till = CheckIns::new(&terminal(), "h");
        let answer = br#"{"result_code":"200","biz_response":{"terminal_key":"k2"}}"#;
        assert_eq!(till.judge(&Answer::of(200, answer)), Verdict::Right);
        let text = String::from_utf8(till.next().unwrap().to_vec()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let sign = head.rsplit_once(' ').unwrap().1;
        assert!(jose::terminal::verify(body.as_bytes(), "k2", sign));
    }
}
