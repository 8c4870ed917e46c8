//! What the tills asked for and what they were told, written down the moment it is known.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::{Arc, Mutex};

/// One sale and all that followed it. Amounts in minor units.
#[derive(Clone, Debug)]
pub(crate) struct Sale {
    pub(crate) client_sn: String,
    /// The platform's number; empty until it was told.
    pub(crate) sn: String,
    pub(crate) total: u64,
    /// The till was told `PAY_SUCCESS`.
    pub(crate) paid: bool,
    /// The till was told `PAY_FAIL`.
    pub(crate) refused: bool,
    pub(crate) refunds: Vec<Refund>,
    pub(crate) cancel: Cancel,
}

/// A refund that a till asked for.
#[derive(Clone, Debug)]
pub(crate) struct Refund {
    pub(crate) number: String,
    pub(crate) amount: u64,
    /// The till was told `REFUND_SUCCESS`.
    pub(crate) told: bool,
}

/// Whether a till asked to cancel, and was told that it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cancel {
    No,
    Asked,
    Told,
}

/// All sales, in the order in which they were begun.
#[derive(Clone, Default)]
pub(crate) struct Facts(Arc<Mutex<Vec<Sale>>>);

impl Facts {
    /// Writes a sale down before it is asked for.
    pub(crate) fn begin(&self, client_sn: String, total: u64) -> usize {
        let mut sales = self.0.lock().unwrap();
        sales.push(Sale {
            client_sn,
            sn: String::new(),
            total,
            paid: false,
            refused: false,
            refunds: Vec::new(),
            cancel: Cancel::No,
        });
        sales.len() - 1
    }

    pub(crate) fn note(&self, index: usize, change: impl FnOnce(&mut Sale)) {
        change(&mut self.0.lock().unwrap()[index]);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// The sales from this place on.
    pub(crate) fn since(&self, first: usize) -> Vec<Sale> {
        self.0.lock().unwrap()[first..].to_vec()
    }
}

/// A number below the bound, different at each call.
pub(crate) fn dice(below: u64) -> u64 {
    RandomState::new().build_hasher().finish() % below
}
