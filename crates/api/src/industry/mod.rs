//! What industry services call: wrapped messages below `/ucsp/industry/v1/`.
//!
//! A handler says which use case answers which message; checks and signatures are the gate's.
//! SIGN_AUTO_DEBIT, CLOSE_AUTO_DEBIT and SUBMIT_AUTO_DEBIT find their place beside the others.

mod cards;
mod orders;
mod reversals;

use std::sync::Arc;

use axum::Router;
use axum::extract::Extension;
use axum::routing::{MethodRouter, post};

use crate::crypto::Lane;
use crate::gateway::RouteLane;
use crate::shared::Shared;

pub(crate) fn routes() -> Router<Arc<Shared>> {
    let messages: [(&str, Lane, MethodRouter<Arc<Shared>>); 7] = [
        ("submitpaymentorder", Lane::Orders, post(orders::submit_payment_order)),
        ("paymentresultinquiry", Lane::Inquiries, post(orders::payment_result_inquiry)),
        ("paymentcancellation", Lane::Reversals, post(reversals::payment_cancellation)),
        ("paymentrefund", Lane::Reversals, post(reversals::payment_refund)),
        ("refundresultinquiry", Lane::Inquiries, post(reversals::refund_result_inquiry)),
        ("getcardlist", Lane::Cards, post(cards::get_card_list)),
        ("getcardpayload", Lane::Cards, post(cards::get_card_payload)),
    ];
    messages.into_iter().fold(Router::new(), |router, (name, lane, handler)| {
        let path = format!("/ucsp/industry/v1/{name}");
        router.route(&path, handler.layer(Extension(RouteLane(lane))))
    })
}
