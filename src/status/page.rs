//! The page, as it is in the source, and what a browser may do with it: run its one script, apply
//! its one style, ask this server. Whatever else the page were made to hold by a hostile name, the
//! browser would not run it.

/// The whole page in gzip, as `make page` makes it: a page that is asked for once a month need not
/// lie in memory twice its size.
pub const PAGE_GZIP: &[u8] = include_bytes!("page.html.gz");

/// The most that the page may be, in bytes.
pub const MAX_PAGE: usize = 28 << 10;

/// Its Content-Security-Policy: the hashes are those of style and script, and a test compares them.
pub const POLICY: &str = "default-src 'none'; \
    style-src 'sha256-gasZX6iR7/VP687J8DkMK/hnus5pumMDoItwMLvhvOY='; \
    script-src 'sha256-mqKDgqH/HLCJ7vSV7/BrLUQ4Jvkcn418L8dVA6+A2cU='; \
    connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
