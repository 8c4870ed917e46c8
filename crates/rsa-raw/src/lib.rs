//! Raw RSA operations that aws-lc-rs does not offer: the only unsafe code of the project.
