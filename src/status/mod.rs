//! What the status page shows, as JSON, and the page itself.
