//! The page, as it is in the source, and what a browser may do with it: run its one script, apply
//! its one style, ask this server. Whatever else the page were made to hold by a hostile name, the
//! browser would not run it.

/// The whole page.
pub const PAGE: &str = include_str!("page.html");

/// Its Content-Security-Policy: the hashes are those of style and script, and a test compares them.
pub const POLICY: &str = "default-src 'none'; \
    style-src 'sha256-gasZX6iR7/VP687J8DkMK/hnus5pumMDoItwMLvhvOY='; \
    script-src 'sha256-mqKDgqH/HLCJ7vSV7/BrLUQ4Jvkcn418L8dVA6+A2cU='; \
    connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
