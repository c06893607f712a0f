//! A brotli encoder (RFC 7932) that stores bytes uncompressed: enough to test a decoder, without a dependency.

use bytes::Bytes;

/// Largest number of bytes in a meta-block whose length takes 16 bits.
const MAX_BLOCK: usize = 1 << 16;

/// Encodes pieces into meta-blocks. Each piece ends at a byte boundary, so a client can decode it at once.
#[derive(Debug, Default)]
pub(super) struct BrotliEncoder {
    started: bool,
}

impl BrotliEncoder {
    /// Encodes a piece.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Bytes {
        let mut encoded = Vec::with_capacity(bytes.len() + 8);
        for block in bytes.chunks(MAX_BLOCK) {
            // From the lowest bit: not the last block, length in four nibbles, length - 1, uncompressed.
            let mut header = (block.len() as u32 - 1) << 3 | 1 << 19;
            if !self.started {
                // The stream starts with one bit, 0: a window of 64 KiB.
                header <<= 1;
                self.started = true;
            }
            encoded.extend_from_slice(&header.to_le_bytes()[..3]);
            encoded.extend_from_slice(block);
        }
        encoded.into()
    }

    /// The last, empty meta-block.
    pub(super) fn finish(&mut self) -> Bytes {
        // Two bits: last, and empty. Before the first block, the window bit precedes them.
        if self.started { Bytes::from_static(&[0b11]) } else { Bytes::from_static(&[0b110]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_stored_blocks_and_an_empty_last_block() {
        let mut encoder = BrotliEncoder::default();
        // Checked with the reference decoder.
        assert_eq!(encoder.write(b"ab")[..], [0x10, 0x00, 0x10, b'a', b'b']);
        assert_eq!(encoder.write(b"c")[..], [0x00, 0x00, 0x08, b'c']);
        assert_eq!(encoder.finish()[..], [0x03]);
    }
}
