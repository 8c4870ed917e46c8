//! The platform's side of the calls to partners, as `delivery` makes them: bounded in time, and
//! everything that is no clear answer is lost.

use std::sync::Arc;

use app::ports::channel::{
    CardEntry, CardListQuestion, CardPayloadQuestion, ChannelError, RedeemQuestion, UserInfo,
};
use app::ports::{ChannelGateway, Clock, Downstream, PlaceError, PresentError, Presented, Wallets};
use async_trait::async_trait;
use delivery::limits::{DOWNSTREAM_CLOCK_LAG_MAX, DOWNSTREAM_LIMIT, WALLET_LIMIT};
use domain::Outcome;
use domain::ids::QueryId;
use domain::order::Order;
use domain::payway::{Payway, SubPayway};

use crate::bank::{self, Charge, GiveBack, Said, Side, Trade};
use crate::faults::Canary;
use crate::network::call;
use crate::tell::{done, refused};
use crate::time::NodeClock;
use crate::world::World;

/// A node's way to the partners.
pub struct Gateway {
    /// The run.
    pub world: Arc<World>,
    /// The node.
    pub node: usize,
    /// The node's clock.
    pub clock: Arc<NodeClock>,
}

impl Gateway {
    /// One exchange, with crashes before and after it.
    async fn hear(
        &self,
        side: Side,
        act: impl Fn(&Arc<World>) -> Said + Send + Sync + 'static,
    ) -> Option<Said> {
        let limit = match side {
            Side::Downstream => DOWNSTREAM_LIMIT,
            Side::Wallet => WALLET_LIMIT,
        };
        self.world.crash_point(self.node).await;
        let said = call(&self.world, limit, act).await;
        self.world.crash_point(self.node).await;
        said.filter(|said| *said != Said::Nothing)
    }

    async fn outcome(
        &self,
        (order, reversal): (&Order, Option<&QueryId>),
        act: impl Fn(&Arc<World>) -> Said + Send + Sync + 'static,
    ) -> Outcome {
        let asked_at = self.clock.now();
        let said = self.hear(side(order), act).await;
        let number = order.terms.number.as_str();
        match said {
            Some(Said::Pending | Said::Presented(_)) => Outcome::Accepted,
            Some(Said::Done) => Outcome::Succeeded(done(number)),
            Some(Said::Refused(code)) => Outcome::Refused(refused(code)),
            Some(Said::NotFound) => {
                let last = order
                    .absent_after(reversal)
                    .and_then(|until| until.checked_add(DOWNSTREAM_CLOCK_LAG_MAX).ok());
                let is_proof = last.is_some_and(|last| asked_at > last)
                    || self.world.canary == Some(Canary::EarlyNotFound);
                if is_proof { Outcome::Refused(refused("TRADE_NOT_EXIST")) } else { Outcome::Lost }
            }
            None if self.world.canary == Some(Canary::LostIsRefused) => {
                Outcome::Refused(refused("TIMEOUT"))
            }
            Some(Said::Nothing) | None => Outcome::Lost,
        }
    }

    async fn charged(&self, order: &Order) -> Outcome {
        let Some(question) = charge(order) else { return Outcome::Lost };
        let again = Charge { number: format!("{}-2", question.number), ..question.clone() };
        let outcome =
            self.outcome((order, None), move |world| bank::charge(world, &question)).await;
        if outcome == Outcome::Lost && self.world.canary == Some(Canary::ChargedAgain) {
            return self.outcome((order, None), move |world| bank::charge(world, &again)).await;
        }
        outcome
    }

    async fn given_back(&self, order: &Order, reversal: &QueryId) -> Outcome {
        let Some(terms) = order.reversal(reversal).map(|found| &found.terms) else {
            return Outcome::Lost;
        };
        let question = GiveBack {
            side: side(order),
            number: order.terms.number.to_string(),
            refund_no: reversal.to_string(),
            minor: terms.amount.minor(),
            until: terms.valid_until,
        };
        let act = move |world: &Arc<World>| bank::give_back(world, &question);
        self.outcome((order, Some(reversal)), act).await
    }

    async fn asked(&self, order: &Order, reversal: Option<&QueryId>) -> Outcome {
        let (side, number) = (side(order), order.terms.number.to_string());
        let refund_no = reversal.map(ToString::to_string);
        let act =
            move |world: &Arc<World>| bank::inquire(world, side, &number, refund_no.as_deref());
        self.outcome((order, reversal), act).await
    }
}

fn side(order: &Order) -> Side {
    if order.sale().is_some() { Side::Wallet } else { Side::Downstream }
}

fn charge(order: &Order) -> Option<Charge> {
    let terms = &order.terms;
    let whose = (terms.merchant.clone(), terms.acquirer.clone(), terms.reference.clone());
    Some(Charge {
        side: side(order),
        number: terms.number.to_string(),
        trade: Trade::new(whose, terms.query_id.to_string(), terms.amount.minor()),
        until: order.attempt()?.valid_until,
        presented: order.sale().is_some_and(|sale| sale.presented),
    })
}

#[async_trait]
impl Downstream for Gateway {
    async fn place(&self, _: &Order) -> Result<(), PlaceError> {
        match self.hear(Side::Downstream, |_| Said::Done).await {
            Some(Said::Done) => Ok(()),
            _ => Err(PlaceError::Unavailable("no answer".to_owned())),
        }
    }

    async fn pay(&self, order: &Order, _: Option<String>) -> Outcome {
        self.charged(order).await
    }

    async fn reverse(&self, order: &Order, reversal: &QueryId) -> Outcome {
        self.given_back(order, reversal).await
    }

    async fn inquire(&self, order: &Order, reversal: Option<&QueryId>) -> Outcome {
        self.asked(order, reversal).await
    }
}

#[async_trait]
impl Wallets for Gateway {
    fn takes(&self, payway: Payway, _: SubPayway) -> bool {
        payway.0 < 100
    }

    async fn charge(&self, order: &Order, _: &str) -> Outcome {
        self.charged(order).await
    }

    async fn present(&self, order: &Order, _: Option<&str>) -> Result<Presented, PresentError> {
        let nothing = || PresentError::Unavailable("no clear answer".to_owned());
        let question = charge(order).ok_or_else(nothing)?;
        match self.hear(Side::Wallet, move |world| bank::charge(world, &question)).await {
            Some(Said::Presented(qr_code)) => Ok(Presented { qr_code, wap_pay_request: None }),
            Some(Said::Refused(code)) => {
                Err(PresentError::Refused { code: code.to_owned(), message: String::new() })
            }
            _ => Err(nothing()),
        }
    }

    async fn abort(&self, order: &Order) -> Outcome {
        let number = order.terms.number.to_string();
        self.outcome((order, None), move |world| bank::abort(world, &number)).await
    }

    async fn reverse(&self, order: &Order, reversal: &QueryId) -> Outcome {
        self.given_back(order, reversal).await
    }

    async fn inquire(&self, order: &Order, reversal: Option<&QueryId>) -> Outcome {
        self.asked(order, reversal).await
    }
}

/// Channels are asked for cards alone, which no run chooses.
pub struct NoChannels;

#[async_trait]
impl ChannelGateway for NoChannels {
    async fn card_list(&self, _: &CardListQuestion) -> Result<Vec<CardEntry>, ChannelError> {
        Ok(Vec::new())
    }

    async fn card_payload(&self, _: &CardPayloadQuestion) -> Result<String, ChannelError> {
        Err(ChannelError::NotSetUp("no cards".to_owned()))
    }

    async fn redeem(&self, _: &RedeemQuestion) -> Result<UserInfo, ChannelError> {
        Err(ChannelError::NotSetUp("no users".to_owned()))
    }
}
