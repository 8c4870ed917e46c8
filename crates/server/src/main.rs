//! One binary: roles, configuration, wiring, commands.
fn main() {}
