//! Identifiers as types of their own, so that none is taken for another.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[doc = $doc:literal] $name:ident;)+) => {$(
        #[doc = $doc]
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is; its shape was checked where it came in.
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    )+};
}

text_id! {
    /// A merchant (`merId`, AN 15); the owner of its orders and the first part of every key.
    MerchantId;
    /// The transaction number of an order (`tn`, AN 21) for cashier and SDK.
    OrderNumber;
    /// The platform's number of a transaction, payment or reversal (`queryId`, N 21).
    QueryId;
    /// The merchant's number of a transaction (`orderId`, AN 8-40).
    OrderId;
    /// When the merchant sent a transaction (`txnTime`, YYYYMMDDhhmmss, as sent).
    TxnTime;
    /// A channel (`channelCode`, AN 8-12).
    ChannelCode;
    /// An industry service (`industryCode`, AN 8).
    IndustryCode;
    /// An application of a partner (`UPI-APPID`, 8 characters).
    AppId;
    /// A user as the channel names it (`userId`, ANS 1-64).
    UserId;
    /// An acquirer (`acqIIN`, AN 8-11).
    AcquirerIin;
    /// A notice (`notifyId`, AN 32), the same over all repeats.
    NoticeId;
    /// A terminal (`terminal_sn`, digits, at most 32).
    TerminalSn;
    /// A store of a merchant (`store_sn`).
    StoreSn;
    /// A vendor of tills (`vendor_sn`).
    VendorSn;
    /// An application of a vendor (`app_id`).
    VendorAppId;
    /// A card as the channel names it (`cardId`, ANS 1-64); opaque.
    CardId;
}

/// The merchant's reference of a transaction. With the merchant it is the key of idempotency, one
/// space for payments, debits, refunds and cancellations (ucsp.md section 8.5).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reference {
    /// `orderId`.
    pub order_id: OrderId,
    /// `txnTime`.
    pub txn_time: TxnTime,
}
