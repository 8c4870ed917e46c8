//! Point 24 comes next.
