//! HTTP in: routers by audience, extractors that yield the authenticated party, pages.
