//! The videos that generations result in: six short clips, part of the binary. `media/make.sh` draws them.

/// Which way a video stands. Upstream it is part of the model's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Orientation {
    Landscape,
    Portrait,
}

/// One clip.
#[derive(Debug)]
pub(crate) struct Clip {
    /// Its name, which is its file's.
    pub(crate) name: &'static str,
    /// An MP4 file.
    pub(crate) bytes: &'static [u8],
}

static LANDSCAPE: [Clip; 3] = [
    Clip { name: "sea", bytes: include_bytes!("../../media/sea.mp4") },
    Clip { name: "aurora", bytes: include_bytes!("../../media/aurora.mp4") },
    Clip { name: "galaxy", bytes: include_bytes!("../../media/galaxy.mp4") },
];
static PORTRAIT: [Clip; 3] = [
    Clip { name: "hills", bytes: include_bytes!("../../media/hills.mp4") },
    Clip { name: "lanterns", bytes: include_bytes!("../../media/lanterns.mp4") },
    Clip { name: "reef", bytes: include_bytes!("../../media/reef.mp4") },
];

impl Orientation {
    /// The orientation that a model's name asks for: landscape unless it says `portrait`.
    pub(crate) fn of_model(name: &str) -> Self {
        if name.contains("portrait") { Self::Portrait } else { Self::Landscape }
    }

    /// The orientation of `WIDTHxHEIGHT`.
    pub(crate) fn of_size(size: &str) -> Self {
        let number = |text: &str| text.parse::<u32>().ok();
        let upright = size.split_once('x').is_some_and(|(width, height)| number(width) < number(height));
        if upright { Self::Portrait } else { Self::Landscape }
    }

    /// The clip for a prompt: always the same one for the same prompt.
    pub(crate) fn clip(self, fingerprint: u64) -> &'static Clip {
        let clips = match self {
            Self::Landscape => &LANDSCAPE,
            Self::Portrait => &PORTRAIT,
        };
        &clips[usize::try_from(fingerprint % 3).unwrap_or(0)]
    }
}

/// A prompt's fingerprint (64-bit FNV-1a): the same in every build, and all that is remembered of a prompt.
pub(crate) fn fingerprint(prompt: &str) -> u64 {
    prompt.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_model_says_how_a_video_stands() {
        for model in ["sora2-portrait-10s", "sora_video2-portrait-15s", "sora2pro-hd-portrait-10s"] {
            assert_eq!(Orientation::of_model(model), Orientation::Portrait);
        }
        assert_eq!(Orientation::of_model("sora2-landscape-10s"), Orientation::Landscape);
    }

    #[test]
    fn clips_are_mp4_files_that_start_playing_before_they_are_whole() {
        for clip in LANDSCAPE.iter().chain(&PORTRAIT) {
            let position = |kind: &[u8; 4]| clip.bytes.windows(4).position(|window| window == kind);
            assert_eq!(position(b"ftyp"), Some(4), "{}", clip.name);
            assert!(position(b"moov") < position(b"mdat"), "{}", clip.name);
        }
    }
}
