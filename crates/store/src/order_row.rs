//! What both databases keep in the row of an order, and how: what changes of it, its second number,
//! and which tasks are its own.

use app::ports::StoreError;
use app::writeset::{Task, TaskBody, TaskId};
use domain::order::{Order, OrderState, Terms};
use domain::reversal::Reversal;
use serde::{Deserialize, Serialize};

use crate::shape::json;

/// Which of an order's own tasks: its closing, or the inquiry after its payment. They are columns
/// of its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Own {
    Close,
    Inquire,
}

impl Own {
    /// Which one a task is, by all that it says.
    pub(crate) fn of(task: &Task) -> Option<Self> {
        let own = match &task.body {
            TaskBody::Close if task.id == TaskId::close(&task.order) => Self::Close,
            TaskBody::Inquire { query_id, reversal: false }
                if task.id == TaskId::inquire(query_id) =>
            {
                Self::Inquire
            }
            TaskBody::Close | TaskBody::Inquire { .. } | TaskBody::Notice(_) => return None,
        };
        task.after.is_none().then_some(own)
    }

    /// Whether a task of this kind is the one of the order of these terms.
    pub(crate) fn is_of(self, task: &Task, terms: &Terms) -> bool {
        let is_its = match self {
            Self::Close => true,
            Self::Inquire => task.id == TaskId::inquire(&terms.query_id),
        };
        is_its && task.order == terms.number && task.owner == terms.merchant
    }

    /// Its word in names and statements.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Inquire => "inquire",
        }
    }
}

/// What changes of an order.
#[derive(Deserialize)]
pub(crate) struct Body {
    pub(crate) state: OrderState,
    pub(crate) reversals: Vec<Reversal>,
}

/// The same, to be written.
#[derive(Serialize)]
struct BodyOf<'a> {
    state: &'a OrderState,
    reversals: &'a [Reversal],
}

/// The text of [`Body`].
pub(crate) fn body(order: &Order) -> Result<String, StoreError> {
    json("order", &BodyOf { state: &order.state, reversals: &order.reversals })
}

/// The `queryId` of the payment where it is not the order's number.
pub(crate) fn other_query_id(terms: &Terms) -> Option<String> {
    (terms.query_id.as_str() != terms.number.as_str()).then(|| terms.query_id.to_string())
}
