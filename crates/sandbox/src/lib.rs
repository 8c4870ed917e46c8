//! Simulated partners: Harbour Bank, ParkEasy and the downstream payment system.
