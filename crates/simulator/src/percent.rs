//! Percentages with one decimal, so that a stream reports exactly what a tag says.

use std::fmt;
use std::str::FromStr;

/// A percentage from 0 to 100, in tenths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Percent(pub(crate) u16);

impl Percent {
    /// Whole percent, rounded down.
    pub(crate) fn whole(self) -> u16 {
        self.0 / 10
    }
}

impl FromStr for Percent {
    type Err = ();

    /// Parses `60%` or `12.5%`, up to `100%`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let number = text.strip_suffix('%').ok_or(())?;
        let (whole, tenths) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(tenths) || tenths.len() > 1 || whole.len() > 3 {
            return Err(());
        }
        let value = whole.parse::<u16>().map_err(drop)? * 10 + tenths.parse::<u16>().map_err(drop)?;
        if value <= 1000 { Ok(Self(value)) } else { Err(()) }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}%", self.0 / 10, self.0 % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_one_decimal() {
        assert_eq!("12.5%".parse::<Percent>().unwrap().to_string(), "12.5%");
        assert_eq!("60%".parse::<Percent>().unwrap().to_string(), "60.0%");
    }
}
