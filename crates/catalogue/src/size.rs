//! Width and height of a video.

use std::fmt;
use std::str::FromStr;

use entity::job::Orientation;

/// Width and height of a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
}

impl Size {
    /// Returns the orientation. A size is never square.
    #[must_use]
    pub fn orientation(self) -> Orientation {
        if self.width > self.height { Orientation::Landscape } else { Orientation::Portrait }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let side = |text: &str| text.parse().ok().filter(|side| *side > 0);
        let sides = text.split_once('x').and_then(|(width, height)| Some((side(width)?, side(height)?)));
        let (width, height) = sides
            .filter(|(width, height)| width != height)
            .ok_or("must be a size with unequal sides, such as 1280x720")?;
        Ok(Self { width, height })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_sizes_and_tells_their_orientation() {
        let size: Size = "720x1280".parse().unwrap();
        assert_eq!((size.to_string().as_str(), size.orientation()), ("720x1280", Orientation::Portrait));
        for wrong in ["", "720", "720x720", "0x720", "720×1280", "720x1280x1", "99999x1"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }
}
