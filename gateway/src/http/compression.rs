//! Compression of JSON responses, for the routes that choose it.
//!
//! The size of a compressed response reveals whether its parts resemble each other (BREACH). Routes whose responses hold a
//! secret, such as a token, a key or a share link, or the upstream's URLs beside a prompt, must stay outside.

use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;

/// Smaller responses are sent as they are, in bytes.
const MIN_BYTES: u16 = 1024;

/// Returns the layer. It leaves responses alone whose size is below the minimum or that are encoded already.
pub(crate) fn compression() -> CompressionLayer<SizeAbove> {
    CompressionLayer::new().quality(CompressionLevel::Default).compress_when(SizeAbove::new(MIN_BYTES))
}
