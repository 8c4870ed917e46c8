//! Wallets and the forms of payment at a terminal (upay.md sections 10.5 and 10.6).

use std::fmt;

use serde::{Deserialize, Serialize};

/// `payway`: the wallet that a payment goes through, 0 to 999 on the wire as digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Payway(pub u16);

impl Payway {
    /// Alipay.
    pub const ALIPAY: Self = Self(1);
    /// Alipay under its second number; echoed as asked for (upay.md section 10.5).
    pub const ALIPAY_SECOND: Self = Self(2);
    /// WeChat Pay.
    pub const WECHAT: Self = Self(3);
    /// QQ wallet; it has no precreate.
    pub const QQ: Self = Self(6);
    /// UnionPay QR.
    pub const UNIONPAY: Self = Self(17);
}

impl fmt::Display for Payway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// `sub_payway`: how the payer and the wallet meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubPayway(pub u8);

impl SubPayway {
    /// The till scans the payer's barcode.
    pub const BARCODE: Self = Self(1);
    /// The payer scans a QR code.
    pub const QR: Self = Self(2);
    /// A page in the wallet's browser.
    pub const WAP: Self = Self(3);
    /// A mini program.
    pub const MINI: Self = Self(4);
}

impl fmt::Display for SubPayway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
