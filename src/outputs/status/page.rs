//! The page, as it is in the source, and what a browser may do with it: run its one script, apply
//! its one style, send requests to this server. Even if a hostile name injected something into the page, the
//! browser would not run it.

/// The whole page in gzip, built by `make page`: without the comments and the indentation of its
/// source, which are a tenth of it, and compressed, because a page that is asked for once a month
/// need not take twice its size in memory.
pub const PAGE_GZIP: &[u8] = include_bytes!("page.html.gz");

/// The maximum size of the page in bytes.
pub const MAX_PAGE: usize = 30 << 10;

/// Its Content-Security-Policy: the hashes are those of the minified style and script, and a test
/// compares them.
pub const POLICY: &str = "default-src 'none'; \
    style-src 'sha256-p6/mV0VjfYYgDbMlUEr+5yKUTizVZvZn614NVdpcnMM='; \
    script-src 'sha256-+uNlmIFRDLV+lvvXghk4/3qfo6NSeI5EyP6SIHd/tbY='; \
    connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
