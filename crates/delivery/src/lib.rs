//! All that the platform sends on its own account: notices, channel calls, downstream calls, deadlines.
