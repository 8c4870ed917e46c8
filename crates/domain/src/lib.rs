//! The rules of orders, payments, reversals, notices and the ledger: pure decisions.
