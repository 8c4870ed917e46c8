//! What the services sell: data, in two languages.

use crate::config::ServiceBrand;

/// Something that can be bought by the hour or by the piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) name_zh: &'static str,
    pub(crate) note: &'static str,
    pub(crate) note_zh: &'static str,
    /// Price of one hour or piece in minor units; a multiple of 100, so that the last two
    /// digits of a bill are the test outcome alone.
    pub(crate) price_minor: u64,
}

const CAR_PARKS: [Offer; 4] = [
    Offer {
        id: "pier",
        name: "Central Pier 4",
        name_zh: "中环四号码头",
        note: "Level B1 · 6 min to the ferry",
        note_zh: "B1 层 · 步行 6 分钟到渡轮",
        price_minor: 2500,
    },
    Offer {
        id: "garden",
        name: "Botanical Garden",
        name_zh: "植物公园",
        note: "Open air · closes at midnight",
        note_zh: "露天 · 午夜关闭",
        price_minor: 1800,
    },
    Offer {
        id: "market",
        name: "Harbour Market",
        name_zh: "海港市集",
        note: "Charging points · 2.1 m height",
        note_zh: "有充电桩 · 限高 2.1 米",
        price_minor: 3200,
    },
    Offer {
        id: "airport",
        name: "Airport Express P2",
        name_zh: "机场快线 P2",
        note: "Covered · shuttle every 10 min",
        note_zh: "室内 · 每 10 分钟接驳车",
        price_minor: 4000,
    },
];

const ROUTES: [Offer; 3] = [
    Offer {
        id: "canton",
        name: "West Kowloon → Guangzhou South",
        name_zh: "西九龙 → 广州南",
        note: "G6508 · 47 min · second class",
        note_zh: "G6508 · 47 分钟 · 二等座",
        price_minor: 24_700,
    },
    Offer {
        id: "shenzhen",
        name: "West Kowloon → Futian",
        name_zh: "西九龙 → 福田",
        note: "G5606 · 14 min · second class",
        note_zh: "G5606 · 14 分钟 · 二等座",
        price_minor: 7_800,
    },
    Offer {
        id: "xiamen",
        name: "West Kowloon → Xiamen North",
        name_zh: "西九龙 → 厦门北",
        note: "G3002 · 4 h 5 min · second class",
        note_zh: "G3002 · 4 小时 5 分 · 二等座",
        price_minor: 34_200,
    },
];

/// The offers of a service.
pub(crate) const fn offers(brand: ServiceBrand) -> &'static [Offer] {
    match brand {
        ServiceBrand::ParkEasy => &CAR_PARKS,
        ServiceBrand::TravelJoy => &ROUTES,
    }
}

/// The outcomes of `ucsp.md` 7 that a bill can be made to have, in both languages.
pub(crate) const OUTCOMES: [(u8, &str, &str); 13] = [
    (0, "Goes through", "支付成功"),
    (5, "Accepted, succeeds after 10 s", "受理后 10 秒成功"),
    (6, "Accepted, then declined", "受理后失败"),
    (7, "Accepted, no notice (inquiry knows)", "受理后无通知，可查询"),
    (8, "Succeeds, every notice twice", "成功，通知重复"),
    (9, "Succeeds, notice before the answer", "成功，通知先于应答"),
    (51, "Insufficient balance", "余额不足"),
    (54, "Expired card", "卡已过期"),
    (61, "Over the limit", "超出限额"),
    (91, "Issuer does not respond", "发卡行无响应"),
    (96, "System error", "系统错误"),
    (98, "No answer for 60 s", "60 秒无应答"),
    (99, "Order is not taken", "下单失败"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::QUANTITY_MAX;

    #[test]
    fn prices_leave_the_last_two_digits_to_the_outcome() {
        for brand in [ServiceBrand::ParkEasy, ServiceBrand::TravelJoy] {
            for offer in offers(brand) {
                assert_eq!(offer.price_minor % 100, 0, "{}", offer.id);
                assert!(offer.price_minor * u64::from(QUANTITY_MAX) < 1_000_000);
            }
        }
        assert!(OUTCOMES.iter().all(|(digits, _, _)| *digits < 100));
    }
}
