//! Valid and invalid messages from the declarations, for tests.
