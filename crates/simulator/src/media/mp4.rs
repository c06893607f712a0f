//! Rearranges the boxes of an MP4 file whose index (`moov`) comes first.

/// A top-level box: its type, header included in its bytes.
type Mp4Box<'a> = (&'a [u8], &'a [u8]);

/// The boxes that contain other boxes on the way to the chunk offsets.
const CONTAINERS: [&[u8]; 5] = [b"moov", b"trak", b"mdia", b"minf", b"stbl"];

/// The same file with its index at the end.
pub(super) fn index_last(file: &[u8]) -> Vec<u8> {
    let (index, rest): (Vec<Mp4Box>, Vec<Mp4Box>) = boxes(file).partition(|(kind, _)| *kind == b"moov");
    rearrange(file, rest.into_iter().chain(index))
}

/// The same file as old QuickTime writers do it: media data, then the index, and no `ftyp`.
pub(super) fn without_file_type(file: &[u8]) -> Vec<u8> {
    let wanted = |kind: &'static [u8]| boxes(file).filter(move |(found, _)| *found == kind);
    rearrange(file, wanted(b"mdat").chain(wanted(b"moov")))
}

/// Writes boxes in this order and corrects the chunk offsets.
fn rearrange<'a>(file: &[u8], boxes: impl Iterator<Item = Mp4Box<'a>>) -> Vec<u8> {
    let mut written: Vec<u8> = Vec::with_capacity(file.len());
    let (mut index, mut media) = (0..0, 0);
    for (kind, bytes) in boxes {
        let start = written.len();
        written.extend_from_slice(bytes);
        match kind {
            b"moov" => index = start..written.len(),
            b"mdat" => media = start,
            _ => {}
        }
    }
    let before = position(file, b"mdat");
    shift_chunk_offsets(&mut written[index], before, media);
    written
}

/// Splits bytes into boxes with 32-bit lengths. Stops at anything else.
fn boxes(bytes: &[u8]) -> impl Iterator<Item = Mp4Box<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (length, kind) = (rest.get(..4)?, rest.get(4..8)?);
        let length = u32::from_be_bytes(length.try_into().ok()?) as usize;
        let found = rest.get(..length).filter(|found| found.len() >= 8)?;
        rest = &rest[length..];
        Some((kind, found))
    })
}

/// Offset of the first top-level box of this type; 0 if there is none.
fn position(file: &[u8], wanted: &[u8]) -> usize {
    boxes(file).take_while(|(kind, _)| *kind != wanted).map(|(_, bytes)| bytes.len()).sum()
}

/// Adds the distance by which the media data moved to every chunk offset (`stco`) in these boxes.
fn shift_chunk_offsets(bytes: &mut [u8], before: usize, after: usize) {
    let mut at = 0;
    while at + 8 <= bytes.len() {
        let length = u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize;
        let end = at + length;
        if length < 8 || end > bytes.len() {
            return;
        }
        let kind = &bytes[at + 4..at + 8];
        if CONTAINERS.contains(&kind) {
            shift_chunk_offsets(&mut bytes[at + 8..end], before, after);
        } else if kind == b"stco" {
            // Version, flags and the number of entries precede the offsets.
            for entry in bytes[at + 16..end].chunks_exact_mut(4) {
                let offset = u32::from_be_bytes([entry[0], entry[1], entry[2], entry[3]]) as usize;
                let shifted = (offset + after).saturating_sub(before);
                entry.copy_from_slice(&u32::try_from(shifted).unwrap_or(u32::MAX).to_be_bytes());
            }
        }
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::clip::Orientation;

    fn kinds(file: &[u8]) -> Vec<&[u8]> {
        boxes(file).map(|(kind, _)| kind).collect()
    }

    /// The first chunk offset of a file.
    fn first_chunk(file: &[u8]) -> usize {
        let at = file.windows(4).position(|window| window == b"stco").unwrap() + 12;
        u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize
    }

    #[test]
    fn rearranged_files_keep_their_chunks() {
        for prompt in 0..3 {
            let clip = Orientation::Landscape.clip(prompt).bytes;
            let chunk = &clip[first_chunk(clip)..][..100];
            let (last, quicktime) = (index_last(clip), without_file_type(clip));
            assert_eq!((kinds(&last).first(), kinds(&last).last()), (Some(&&b"ftyp"[..]), Some(&&b"moov"[..])));
            assert_eq!(kinds(&quicktime), [b"mdat", b"moov"]);
            for file in [&last, &quicktime] {
                assert_eq!(&file[first_chunk(file)..][..100], chunk);
            }
        }
    }
}
