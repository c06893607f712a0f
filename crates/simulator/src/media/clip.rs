//! The videos that generations result in: six short clips, embedded in the binary. `media/make.sh` draws them.

/// Orientation of a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Orientation {
    Landscape,
    Portrait,
}

/// One clip.
#[derive(Debug)]
pub(crate) struct Clip {
    /// File name without extension.
    pub(crate) name: &'static str,
    /// The MP4 file.
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
    /// The orientation in a model's name: landscape unless it contains `portrait`.
    pub(crate) fn from_model(name: &str) -> Self {
        if name.contains("portrait") { Self::Portrait } else { Self::Landscape }
    }

    /// The orientation of `WIDTHxHEIGHT`.
    pub(crate) fn from_size(size: &str) -> Self {
        let number = |text: &str| text.parse::<u32>().ok();
        let upright = size.split_once('x').is_some_and(|(width, height)| number(width) < number(height));
        if upright { Self::Portrait } else { Self::Landscape }
    }

    /// The clip for a prompt, given its hash: the same clip every time.
    pub(crate) fn clip(self, prompt_hash: u64) -> &'static Clip {
        let clips = match self {
            Self::Landscape => &LANDSCAPE,
            Self::Portrait => &PORTRAIT,
        };
        &clips[usize::try_from(prompt_hash % 3).unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn model_names_select_the_orientation() {
        for model in ["sora2-portrait-10s", "sora_video2-portrait-15s", "sora2pro-hd-portrait-10s"] {
            assert_eq!(Orientation::from_model(model), Orientation::Portrait);
        }
        assert_eq!(Orientation::from_model("sora2-landscape-10s"), Orientation::Landscape);
    }

    #[test]
    fn clips_are_mp4_files_with_the_index_first() {
        for clip in LANDSCAPE.iter().chain(&PORTRAIT) {
            let position = |kind: &[u8; 4]| clip.bytes.windows(4).position(|window| window == kind);
            assert_eq!(position(b"ftyp"), Some(4), "{}", clip.name);
            assert!(position(b"moov") < position(b"mdat"), "{}", clip.name);
        }
    }
}
