//! The users of a bank with their cards. The cards are test cards, the same at every start.

use crate::cards::{masked, test_number};
use crate::config::{BankBrand, UserConfig};

/// A user and their cards.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) user: UserConfig,
    pub(crate) cards: Vec<TestCard>,
}

/// A test card. Without `Debug`: nothing prints its number.
#[derive(Clone)]
pub(crate) struct TestCard {
    /// Opaque, stable per user.
    pub(crate) card_id: String,
    pub(crate) pan: String,
    pub(crate) masked_pan: String,
    /// YYMM.
    pub(crate) expiry_date: &'static str,
    pub(crate) kind: CardKind,
}

/// What kind of card it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CardKind {
    Debit,
    Credit,
    /// A credit card that is no longer good, so that its refusal can be seen.
    Expired,
}

impl CardKind {
    /// `cardType`.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Debit => "1",
            Self::Credit | Self::Expired => "2",
        }
    }
}

impl TestCard {
    /// The expiry as it stands on a card: `12/35`.
    pub(crate) fn month_and_year(&self) -> String {
        let (year, month) = self.expiry_date.split_at_checked(2).unwrap_or_default();
        format!("{month}/{year}")
    }
}

impl Account {
    /// Two letters for a round picture.
    pub(crate) fn initials(&self) -> String {
        self.user.name.split_whitespace().filter_map(|part| part.chars().next()).take(2).collect()
    }

    /// The mobile number with its middle hidden.
    pub(crate) fn masked_mobile(&self) -> String {
        let mobile = &self.user.mobile;
        let tail = mobile.len().checked_sub(4).and_then(|at| mobile.get(at..)).unwrap_or_default();
        let code = if mobile.starts_with("+86") { 3 } else { 4 };
        format!("{} •••• {tail}", mobile.get(..code).unwrap_or_default())
    }

    /// The first name.
    pub(crate) fn first_name(&self) -> &str {
        self.user.name.split_whitespace().next().unwrap_or(&self.user.name)
    }
}

/// The accounts of these users, three cards each.
pub(crate) fn accounts(users: &[UserConfig], brand: BankBrand) -> Vec<Account> {
    let (range, first) = match brand {
        BankBrand::Harbour => (0, 77_000_006),
        BankBrand::Jade => (2, 11_000_001),
    };
    let account = |(index, user): (u32, &UserConfig)| {
        let serial = first + index * 1_000;
        let card = |place: u32, serial, range, kind, expiry_date| {
            let pan = test_number(range, serial);
            TestCard {
                card_id: format!("card-{}-{place}", user.user_id),
                masked_pan: masked(&pan),
                pan,
                expiry_date,
                kind,
            }
        };
        let cards = vec![
            card(1, serial, range, CardKind::Debit, "3512"),
            card(2, serial + 113, range + 1, CardKind::Credit, "3408"),
            card(3, serial + 227, range + 1, CardKind::Expired, "2411"),
        ];
        Account { user: user.clone(), cards }
    };
    (0..).zip(users).map(account).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::card_number::may_be_real;

    #[test]
    fn every_user_has_three_test_cards_of_their_own() {
        let mut seen = std::collections::HashSet::new();
        for brand in [BankBrand::Harbour, BankBrand::Jade] {
            for account in accounts(&brand.users(), brand) {
                assert_eq!(account.cards.len(), 3);
                for card in &account.cards {
                    assert!(!may_be_real(&card.pan));
                    assert!(seen.insert(card.pan.clone()), "a number is used once");
                    assert!(seen.insert(card.card_id.clone()));
                    assert!(!card.masked_pan.contains(&card.pan[6..12]));
                }
            }
        }
    }
}
