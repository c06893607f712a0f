//! What a video costs.

use std::fmt;
use std::str::FromStr;

use crate::Currency;

/// Millionths of a currency's main unit: the smallest part that a price can state.
const MILLIONTHS: i64 = 1_000_000;
const MAX_AMOUNT: i64 = 1_000_000_000;

/// A model's price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// What the amount is paid for.
    pub per: Per,
    /// The amount.
    pub amount: Amount,
    /// The catalogue's currency.
    pub currency: Currency,
}

/// What an amount is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// A video, whatever its length.
    Video,
    /// A second of a video.
    Second,
}

/// An amount of at most six decimals in a currency's main unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount(i64);

impl Price {
    /// Returns the price of a video of this length in minor units, rounded up to a whole one.
    #[must_use]
    pub fn of(&self, seconds: i32) -> i64 {
        let units = match self.per {
            Per::Video => 1,
            Per::Second => i128::from(seconds.max(0)),
        };
        let minor_units = i128::from(self.amount.0) * units * i128::from(10_i64.pow(self.currency.digits()));
        let whole = (minor_units + i128::from(MILLIONTHS - 1)) / i128::from(MILLIONTHS);
        i64::try_from(whole).unwrap_or(i64::MAX)
    }

    /// Returns the amount with at least as many decimals as the currency has: `0.40`.
    #[must_use]
    pub fn decimal(&self) -> String {
        self.amount.with_decimals(self.currency.digits() as usize)
    }
}

impl Per {
    /// Its name in the file and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Second => "second",
        }
    }
}

impl FromStr for Per {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "video" => Ok(Self::Video),
            "second" => Ok(Self::Second),
            _ => Err("must be \"video\" or \"second\"".into()),
        }
    }
}

impl Amount {
    fn with_decimals(self, at_least: usize) -> String {
        let (whole, decimals) = (self.0 / MILLIONTHS, format!("{:06}", self.0 % MILLIONTHS));
        let kept = decimals.trim_end_matches('0').len().max(at_least);
        if kept == 0 { whole.to_string() } else { format!("{whole}.{}", &decimals[..kept]) }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.with_decimals(0))
    }
}

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse::<i64>().ok()).flatten()
        };
        let whole = number(whole).filter(|whole| *whole < MAX_AMOUNT);
        let decimals = number(decimals).filter(|_| decimals.len() <= 6).map(|_| format!("{decimals:0<6}"));
        let millionths =
            whole.zip(decimals).and_then(|(whole, decimals)| Some(whole * MILLIONTHS + number(&decimals)?));
        millionths.map(Self).ok_or_else(|| "must be an amount of at most six decimals, such as \"0.40\"".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(per: Per, amount: &str, currency: &str) -> Price {
        Price { per, amount: amount.parse().unwrap(), currency: currency.parse().unwrap() }
    }

    #[test]
    fn rounds_the_price_of_a_video_up_to_whole_minor_units() {
        assert_eq!(price(Per::Second, "0.40", "CNY").of(10), 400);
        assert_eq!(price(Per::Video, "0.80", "CNY").of(10), 80);
        assert_eq!(price(Per::Second, "0.001001", "USD").of(10), 2);
        assert_eq!(price(Per::Second, "0", "USD").of(10), 0);
        assert_eq!((price(Per::Second, "1.5", "JPY").of(3), price(Per::Video, "1.5", "KWD").of(3)), (5, 1_500));
        assert_eq!(price(Per::Second, "999999999.999999", "KWD").of(3_600), 3_599_999_999_999_997);
    }

    #[test]
    fn writes_amounts_as_the_currency_does() {
        assert_eq!(price(Per::Second, "0.4", "CNY").decimal(), "0.40");
        assert_eq!(price(Per::Second, "0.12345", "CNY").decimal(), "0.12345");
        assert_eq!(price(Per::Second, "30", "JPY").decimal(), "30");
        assert_eq!("7.50".parse::<Amount>().unwrap().to_string(), "7.5");
        for wrong in ["", "-1", "+1", ".5", "1.", "1e3", "0.1234567", "1,5", "1000000000", "NaN"] {
            assert!(wrong.parse::<Amount>().is_err(), "{wrong}");
        }
    }
}
