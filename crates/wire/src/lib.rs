//! The messages of the published dialects, declared once as data.
